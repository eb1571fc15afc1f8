"""`python -m langchain_kimi.emulator`: serves until Ctrl-C or SIGTERM.

Prints its base URL on one line when it is ready.
"""

import argparse
import signal
import sys
from threading import Event
from types import FrameType

from langchain_kimi.emulator._emulator import DEFAULT_KEY, Emulator
from langchain_kimi.emulator._fault_queue import list_faults
from langchain_kimi.emulator._server import HOST


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator; return the exit code.

    Args:
        arguments: The command line without the program; None reads `sys.argv`.
    """
    given = _build_parser().parse_args(arguments)
    if given.list_faults:
        sys.stdout.write(f"{list_faults()}\n")
        return 0
    port: int = given.port
    stopped = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        emulator = Emulator(
            port=port, faults=given.fault, fault_rate=given.fault_rate, seed=given.seed
        ).start()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
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
    parser.add_argument(
        "--fault",
        action="append",
        metavar="NAME[:PARAMETER=VALUE,...]",
        help="a fault for the first chat requests, in order; with --fault-rate one of "
        "those that are drawn. May be repeated",
    )
    parser.add_argument(
        "--fault-rate",
        type=float,
        default=0.0,
        help="the share of chat requests that gets a fault, 0 to 1",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what decides which requests and faults"
    )
    parser.add_argument(
        "--list-faults", action="store_true", help="list all faults, and exit"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
