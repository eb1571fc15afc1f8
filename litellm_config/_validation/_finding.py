"""What is wrong with a config: where, what was given, what is accepted."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from litellm_config._validation._yaml import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake. An error makes `validate` fail; a warning does not."""

    severity: Literal["error", "warning"]
    file: str
    line: int
    path: str
    """The key path, such as `model_list[0].litellm_params.rpm`."""
    problem: str
    """What is wrong and what LiteLLM makes of it, as a clause."""
    given: Any = None
    accepted: str = ""
    nearest: str | None = None
    """The correct name most like a misspelt one."""


def error(
    node: Node,
    problem: str,
    *,
    given: Any = None,
    accepted: str = "",
    nearest: str | None = None,
) -> Finding:
    """Return an error at a node.

    Args:
        node: Where it is.
        problem: What is wrong and what LiteLLM makes of it.
        given: What was written; never a secret.
        accepted: What is accepted there.
        nearest: The correct name most like a misspelt one.
    """
    return Finding(
        severity="error",
        file=node.file,
        line=node.line,
        path=node.path,
        problem=problem,
        given=given,
        accepted=accepted,
        nearest=nearest,
    )


def warning(
    node: Node, problem: str, *, given: Any = None, accepted: str = ""
) -> Finding:
    """Return a warning at a node.

    Args:
        node: Where it is.
        problem: What is doubtful, and why.
        given: What was written; never a secret.
        accepted: What is accepted there.
    """
    return Finding(
        severity="warning",
        file=node.file,
        line=node.line,
        path=node.path,
        problem=problem,
        given=given,
        accepted=accepted,
    )


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known name most like a misspelt one, if one is like it.

    Args:
        name: What was given.
        known: What is accepted.
        likeness: How alike they must be, from 0 to 1.
    """
    found = difflib.get_close_matches(name, sorted(known), 1, likeness)
    return found[0] if found else None
