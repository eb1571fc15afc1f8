"""The sections of a config -> what is misspelt, misplaced or of the wrong type."""

from collections.abc import Iterator

from langchain_kimi._json import is_array, is_object
from litellm_config._validation._callbacks import check_callbacks
from litellm_config._validation._finding import Finding, error, nearest
from litellm_config._validation._includes import Config
from litellm_config._validation._keys import check_keys, check_values, find_owner
from litellm_config._validation._known import Known
from litellm_config._validation._yaml import Node

_MAPPINGS = (
    "litellm_settings",
    "general_settings",
    "router_settings",
    "environment_variables",
)
_LISTS = ("model_list", "credential_list")


def check_sections(config: Config, known: Known) -> Iterator[Finding]:
    """Yield what is wrong with the sections themselves.

    Args:
        config: The config with its includes.
        known: What LiteLLM accepts.
    """
    for name, node in config.sections.items():
        if name not in known.sections:
            yield _unknown_section(name, node, known)
        elif node.value is None:
            continue
        elif name in _MAPPINGS and not is_object(node.value):
            yield error(node, "must be a mapping", given=node.plain())
        elif name in _LISTS and not is_array(node.value):
            yield error(node, "must be a list", given=node.plain())


def check_settings(config: Config, known: Known) -> Iterator[Finding]:
    """Yield what is wrong with `litellm_settings` and `general_settings`.

    Args:
        config: The config with its includes.
        known: What LiteLLM accepts.
    """
    general = config.section("general_settings")
    yield from check_keys(
        general, known.general, known, consequence="LiteLLM reads no such key"
    )
    yield from check_values(general, known.general)
    settings = config.section("litellm_settings")
    yield from check_keys(
        settings, known.litellm, known, consequence="LiteLLM stores it unread"
    )
    # `cache` is true or false here, and an object in the attribute.
    yield from check_values(settings, {**known.litellm, "cache": bool | None})
    yield from _check_cache(settings, known)
    yield from check_callbacks(settings, config, known)


def _unknown_section(name: str, node: Node, known: Known) -> Finding:
    owner = find_owner(name, known)
    close = nearest(name, known.sections)
    return error(
        node,
        "is not a section: LiteLLM ignores it",
        given=name,
        accepted=f"under {owner}" if owner and not close else "",
        nearest=close or (f"{owner}.{name}" if owner else None),
    )


def _check_cache(settings: Node, known: Known) -> Iterator[Finding]:
    parameters = settings.get("cache_params")
    if parameters is None:
        return
    yield from check_keys(
        parameters,
        known.cache_params,
        known,
        consequence="the cache's client refuses or ignores it",
    )
    kind = parameters.get("type")
    is_reference = kind is not None and str(kind.value).startswith("os.environ/")
    if kind and not is_reference and kind.value not in known.cache_types:
        yield error(
            kind,
            "is not a kind of cache",
            given=kind.plain(),
            accepted="one of " + ", ".join(known.cache_types),
            nearest=nearest(str(kind.value), known.cache_types),
        )
