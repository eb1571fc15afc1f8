"""Who serves the model -> how a request is written for it: one row a server.

A server is known by the host of its address, or it is named; a new one is a new row.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from langchain_kimi._refusal import KimiSettingError
from langchain_kimi.catalogue import Model, find_model, find_served_model

DialectName: TypeAlias = Literal["moonshot", "vllm", "sglang", "openrouter", "litellm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a server expects, where servers of the same model differ."""

    name: DialectName
    hosts: tuple[str, ...] = ()
    """The hosts by which it is known, without subdomains."""
    hosted: bool = False
    """Whether Moonshot's own rules hold: fixed sampling, refused tool choices ..."""
    switch: Literal["thinking", "chat_template_kwargs", "reasoning"] = "thinking"
    """The key under which it is told how to think."""
    ladder: bool = True
    """Whether it takes only the efforts of the model's row."""
    reasoning_field: str = "reasoning_content"
    """The key under which it reads the reasoning of earlier answers."""
    echoes: bool = True
    """Whether reasoning that came under another key goes back under that one."""
    expands_aliases: bool = True
    """Whether a name for a model in one mode is written out as these two."""
    partial_mode: bool = False
    """Whether it continues an answer that the request begins (`partial`)."""
    fetches_urls: bool = False
    """Whether it loads images and videos from public addresses."""
    source: str


_MOONSHOT = Dialect(
    name="moonshot",
    hosts=("moonshot.ai", "moonshot.cn", "kimi.com", "kimi.ai"),
    hosted=True,
    echoes=False,
    # Of each current model; of the others' servers nothing is published.
    partial_mode=True,
    source="kimi-api.md 0.1, 1.2, 4.1, 6.2 and 8",
)
_DIALECTS: tuple[Dialect, ...] = (
    _MOONSHOT,
    Dialect(
        name="vllm",
        switch="chat_template_kwargs",
        # From 0.16 on it reads `reasoning` and drops `reasoning_content` in silence.
        reasoning_field="reasoning",
        fetches_urls=True,
        source="kimi-api.md 4.4; vllm-project/vllm issues 27755 and 38488",
    ),
    Dialect(
        name="sglang",
        switch="chat_template_kwargs",
        fetches_urls=True,
        source="kimi-api.md 4.4",
    ),
    Dialect(
        name="openrouter",
        hosts=("openrouter.ai",),
        switch="reasoning",
        ladder=False,
        reasoning_field="reasoning",
        fetches_urls=True,
        source="openrouter.ai/docs: reasoning tokens",
    ),
    Dialect(
        name="litellm",
        # The proxy decides by the model behind the group: all is passed on.
        ladder=False,
        expands_aliases=False,
        fetches_urls=True,
        source="litellm 1.106.2, measured",
    ),
)
_BY_NAME = {dialect.name: dialect for dialect in _DIALECTS}


@lru_cache
def find_dialect(name: DialectName | Literal["auto"], base_url: str) -> Dialect:
    """Return how requests are to be written for a server.

    A server that is neither named nor known is taken for one that speaks as Moonshot's
    own does, but may call the reasoning by another name.

    Args:
        name: The dialect, or `auto` to tell it by the address.
        base_url: The address.

    Raises:
        KimiSettingError: For a name that is none of them.
    """
    if name != "auto":
        return _named(name)
    host = f".{urlsplit(base_url).hostname or ''}"
    for dialect in _DIALECTS:
        if any(host.endswith(f".{known}") for known in dialect.hosts):
            return dialect
    return replace(_MOONSHOT, echoes=True)


def is_moonshot(base_url: str) -> bool:
    """Tell whether an address is on one of Moonshot's own hosts.

    Args:
        base_url: The address.
    """
    return find_dialect("auto", base_url) is _MOONSHOT


def _named(name: DialectName) -> Dialect:
    # A field that was assigned or copied was not checked.
    if name not in _BY_NAME:
        known = ", ".join(map(repr, ("auto", *_BY_NAME)))
        raise KimiSettingError(f"dialect={name!r} is unknown. Give one of {known}.")
    return _BY_NAME[name]


def find_row(name: str, dialect: Dialect) -> Model | None:
    """Return the row of a model as a server calls it, or None.

    Args:
        name: What the request calls it.
        dialect: The server's dialect.
    """
    return find_model(name) if dialect.hosted else find_served_model(name)
