"""`python -m langchain_kimi.emulator`: serves until Ctrl-C or SIGTERM.

Prints its base URL on one line when it is ready.
"""

import argparse
import signal
import sys
from threading import Event
from types import FrameType

from langchain_kimi.emulator._emulator import DEFAULT_KEY, Emulator
from langchain_kimi.emulator._server import HOST


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator; return the exit code.

    Args:
        arguments: The command line without the program; None reads `sys.argv`.
    """
    port: int = _build_parser().parse_args(arguments).port
    stopped = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        emulator = Emulator(port=port).start()
    except (OSError, OverflowError) as error:
        reason = f"cannot listen on {HOST}:{port}: {error}"
        sys.stderr.write(f"{reason}; choose another --port\n")
        return 1
    with emulator as kimi:
        sys.stdout.write(f"{kimi.base_url}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m langchain_kimi.emulator",
        description="A strict local emulator of the Kimi API on 127.0.0.1. "
        f"Any API key that begins with sk- is accepted, such as {DEFAULT_KEY}.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="TCP port; 0, the default, takes a free one"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
