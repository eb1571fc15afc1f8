"""`python -m litellm_config`: validates configs, writes presets, shows the groups."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from litellm_config._table import write_table
from litellm_config._versions import CompromisedVersionError


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
    write = commands.add_parser("write", help="write the shipped configs as files")
    write.add_argument(
        "directory", type=Path, nargs="?", default=Path(), help="where; else here"
    )
    how = write.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="only tell which are missing or differ"
    )
    how.add_argument("--force", action="store_true", help="overwrite edited files")
    write.set_defaults(command=_write)
    show = commands.add_parser("show", help="print the groups as a table")
    show.add_argument("--regions", choices=["global", "china", "both"], default="both")
    show.set_defaults(command=_show)
    return parser


def _validate(given: argparse.Namespace) -> int:
    # Its price list would be fetched from the network otherwise, at every import.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        from litellm_config import _validation

        known = _validation.load_known()
    except ImportError as error:
        return _fail(f"{error}; pip install 'langchain-kimi[proxy]'")
    except CompromisedVersionError as error:
        _fail(str(error))
        return 1
    try:
        today = datetime.now(tz=UTC).date()
        findings = _validation.validate(given.file, known, today=today)
    except (OSError, UnicodeDecodeError) as error:
        return _fail(f"cannot read {given.file}: {error}")
    write = _validation.write_json if given.json else _validation.write_text
    sys.stdout.write(write(findings, str(given.file)))
    return 1 if _validation.count_errors(findings) else 0


def _write(given: argparse.Namespace) -> int:
    try:
        from litellm_config import _preset_files as files

        if given.check:
            return _tell(
                "not as it would be written", files.find_stale(given.directory)
            )
        written, kept = files.write_presets(given.directory, force=given.force)
    except ImportError as error:
        return _fail(f"{error}; pip install 'langchain-kimi[litellm]'")
    except OSError as error:
        return _fail(f"cannot write: {error}")
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return _tell("was edited and is left as it is; --force overwrites it", kept)


def _show(given: argparse.Namespace) -> int:
    sys.stdout.write(write_table(given.regions))
    return 0


def _tell(problem: str, files: Iterable[Path]) -> int:
    """Write a line for each file; return 1 if there is any."""
    lines = [f"{file}: {problem}\n" for file in files]
    sys.stderr.write("".join(lines))
    return 1 if lines else 0


def _fail(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
