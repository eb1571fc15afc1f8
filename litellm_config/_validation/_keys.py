"""The keys and values of a section -> what LiteLLM would swallow."""

from collections.abc import Iterable, Iterator
from typing import Any

from litellm_config._validation._finding import Finding, error, nearest
from litellm_config._validation._known import Known, Types
from litellm_config._validation._types import find_mismatch, find_options
from litellm_config._validation._yaml import Node


def check_keys(
    section: Node, names: Iterable[str], known: Known, *, consequence: str
) -> Iterator[Finding]:
    """Yield an error for each key that is none of the names.

    Args:
        section: The mapping.
        names: What is accepted in it.
        known: What LiteLLM accepts elsewhere, to tell a key in the wrong section.
        consequence: What LiteLLM makes of an unknown key, as a clause.
    """
    names = frozenset(names)
    for key, node in section.items():
        if key in names:
            continue
        owner = find_owner(key, known)
        if owner and owner != section.path:
            yield error(
                node,
                f"is not a setting of {section.path or 'a config'}: {consequence}",
                given=key,
                accepted=f"under {owner}",
                nearest=f"{owner}.{key}",
            )
        else:
            yield error(
                node,
                f"is unknown: {consequence}",
                given=key,
                accepted=_list(names),
                nearest=nearest(key, names),
            )


def find_owner(key: str, known: Known) -> str | None:
    """Return the section that a key is a setting of, if one is.

    Args:
        key: A setting's name.
        known: What LiteLLM accepts.
    """
    owners: dict[str, Iterable[str]] = {
        "router_settings": known.router,
        "general_settings": known.general,
        "litellm_settings": known.litellm,
    }
    return next((name for name, keys in owners.items() if key in keys), None)


def check_values(section: Node, types: Types) -> Iterator[Finding]:
    """Yield an error for each value of another type, and for each negative number.

    Args:
        section: The mapping.
        types: The annotation of each key.
    """
    for key, node in section.items():
        annotation = types.get(key, Any)
        accepted = find_mismatch(node.plain(), annotation)
        if accepted:
            options = find_options(annotation)
            yield error(
                _first_wrong(node, options),
                "is of the wrong type" if not options else "is not one of the options",
                given=_first_wrong(node, options).plain(),
                accepted=accepted,
                nearest=nearest(str(_first_wrong(node, options).plain()), options),
            )
        else:
            yield from check_not_negative(node)


def check_not_negative(node: Node) -> Iterator[Finding]:
    """Yield an error for a negative number.

    Args:
        node: A value of a section.
    """
    value = node.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and value < 0:
        yield error(node, "is negative", given=value, accepted="0 or more")


def _first_wrong(node: Node, options: Iterable[str]) -> Node:
    """Return the element that is no option, where a list of options is wanted."""
    wrong = [e for e in node.elements() if options and e.value not in options]
    return wrong[0] if wrong else node


def _list(names: frozenset[str]) -> str:
    """Return the accepted names, where they are few enough to read."""
    return ", ".join(sorted(names)) if len(names) <= 12 else ""
