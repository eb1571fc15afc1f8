"""`python -m litellm_config`: validates configs, writes presets, shows the groups."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code.

    0 is success, 1 a config with errors, 2 a wrong use of the command.

    Args:
        arguments: The command line without the program; None reads `sys.argv`.
    """
    given = _build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    return command(given)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m litellm_config", description="Kimi for LiteLLM."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    validate = commands.add_parser(
        "validate",
        help="report what LiteLLM would swallow in a config; needs the proxy extra",
    )
    validate.add_argument("file", type=Path, help="what `litellm --config` would get")
    validate.add_argument("--json", action="store_true", help="report as JSON")
    validate.set_defaults(command=_validate)
    return parser


def _validate(given: argparse.Namespace) -> int:
    # Its price list would be fetched from the network otherwise, at every import.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        from litellm_config import _validation

        known = _validation.load_known()
    except ImportError as error:
        return _fail(f"{error}; pip install 'langchain-kimi[proxy]'")
    try:
        today = datetime.now(tz=UTC).date()
        findings = _validation.validate(given.file, known, today=today)
    except (OSError, UnicodeDecodeError) as error:
        return _fail(f"cannot read {given.file}: {error}")
    write = _validation.write_json if given.json else _validation.write_text
    sys.stdout.write(write(findings, str(given.file)))
    return 1 if _validation.count_errors(findings) else 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
