"""`python -m tests.audit`: are the versions that we allow and pin known to be bad?

Asks pip-audit where it is installed and reaches its database; else, and always as well,
the list in tests/data/advisories.json, whose rows were looked up on CHECKED.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

CHECKED = "2026-11-22"
_ROOT = Path(__file__).parent.parent
_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One published vulnerability."""

    package: str
    id: str
    affected: str
    about: str
    source: str


def read_advisories() -> list[Advisory]:
    text = (_ROOT / "tests/data/advisories.json").read_text()
    return [Advisory(**row) for row in json.loads(text)]


def read_pins() -> list[Requirement]:
    lines = (_ROOT / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def read_allowed() -> list[Requirement]:
    """Return what the package and its extras allow."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [
        Requirement(text)
        for group in (project["dependencies"], *extras)
        for text in group
    ]


def find_bad(
    allowed: Iterable[Requirement], advisories: Iterable[Advisory]
) -> Iterator[str]:
    """Yield what is wrong: a version that is allowed and affected, and by what."""
    known = list(advisories)
    for requirement in allowed:
        for advisory in known:
            if canonicalize_name(requirement.name) == advisory.package:
                version = _find_affected(requirement.specifier, advisory)
                if version:
                    yield (
                        f"{requirement} allows {version}: {advisory.id}, "
                        f"{advisory.about} ({advisory.source})"
                    )


def _find_affected(allowed: SpecifierSet, advisory: Advisory) -> str | None:
    affected = SpecifierSet(advisory.affected)
    # Where ranges overlap, the lower end of one of them is in both.
    edges = {each.version for each in (*allowed, *affected)} | {"0"}
    return next((v for v in sorted(edges) if v in allowed and v in affected), None)


def _ask_pip_audit() -> None:
    if not find_spec("pip_audit"):
        sys.stdout.write("pip-audit is not installed: the list alone was asked.\n")
        return
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"]
    command += ["-r", str(_ROOT / "constraints.txt")]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        sys.stdout.write("pip-audit did not answer: the list alone was asked.\n")
        return
    sys.stdout.write(found.stdout)
    if found.returncode and "Found" in found.stderr:
        sys.exit(found.stderr)
    if found.returncode:
        sys.stdout.write("pip-audit has no database here: the list alone was asked.\n")


def main() -> None:
    advisories = read_advisories()
    bad = list(find_bad([*read_allowed(), *read_pins()], advisories))
    if bad:
        sys.exit("\n".join(bad))
    sys.stdout.write(f"Nothing is in the {len(advisories)} rows of {CHECKED}.\n")
    _ask_pip_audit()


if __name__ == "__main__":
    main()
