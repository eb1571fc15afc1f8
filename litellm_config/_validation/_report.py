"""Findings -> text for people, or JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from litellm_config._validation._finding import Finding


def count_errors(findings: Sequence[Finding]) -> int:
    """Return how many of the findings are errors."""
    return sum(finding.severity == "error" for finding in findings)


def write_text(findings: Sequence[Finding], file: str) -> str:
    """Return a line for each finding, and one for all of them.

    Args:
        findings: What was found.
        file: The config that was read.
    """
    errors = count_errors(findings)
    warnings = len(findings) - errors
    summary = f"{file}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    return "\n".join([*map(_write_line, findings), summary]) + "\n"


def write_json(findings: Sequence[Finding], file: str) -> str:
    """Return an object with the counts and every finding.

    Args:
        findings: What was found.
        file: The config that was read.
    """
    errors = count_errors(findings)
    report = {
        "file": file,
        "errors": errors,
        "warnings": len(findings) - errors,
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n"


def _write_line(finding: Finding) -> str:
    parts = [f"{finding.path} {finding.problem}".strip()]
    if finding.given is not None:
        parts.append(f"given: {finding.given}")
    if finding.accepted:
        parts.append(f"accepted: {finding.accepted}")
    if finding.nearest:
        parts.append(f"did you mean {finding.nearest}?")
    place = f"{finding.file}:{finding.line}"
    return f"{place}: {finding.severity}: " + "; ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
