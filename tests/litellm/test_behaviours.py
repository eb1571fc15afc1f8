"""Every behaviour, on the async SDK, the sync SDK, the Router and the real proxy."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import litellm
import openai
import pytest

from langchain_kimi.emulator import Emulator
from litellm_config._patches import PATCHES
from tests.litellm.behaviours import ABSENT, BEHAVIOURS, IMPOSSIBLE, Behaviour
from tests.litellm.conftest import Proxy, chats

_PAGE = Path(__file__).parent.parent.parent / "docs" / "litellm.md"
_HEADS = ("request", "patch", "what")


def _cases() -> Iterator[Any]:
    for row in BEHAVIOURS:
        for prefix, way in product(row.prefixes, row.ways):
            yield pytest.param(row, prefix, way, id=f"{row.name}-{prefix}-{way}")


def _arguments(kimi: Emulator, prefix: str, row: Behaviour) -> dict[str, Any]:
    return {
        "model": f"{prefix}/{row.model}",
        "messages": [dict(message) for message in row.messages],
        "api_key": kimi.api_key,
        "api_base": kimi.base_url,
        **row.settings,
    }


async def _ask_router(kimi: Emulator, prefix: str, row: Behaviour) -> Any:
    given = _arguments(kimi, prefix, row)
    params = {name: given.pop(name) for name in ("model", "api_key", "api_base")}
    entry = {"model_name": "group", "litellm_params": params}
    return await litellm.Router(model_list=[entry]).acompletion(model="group", **given)


async def _ask_proxy(proxy: Proxy, prefix: str, row: Behaviour) -> Any:
    group = row.model if prefix == "moonshot" else f"openai/{row.model}"
    fields = {**row.settings, **row.settings.get("extra_body", {})}
    fields.pop("extra_body", None)
    async with openai.AsyncOpenAI(
        base_url=f"{proxy.base_url}/v1", api_key=proxy.api_key, max_retries=0
    ) as client:
        return await client.chat.completions.create(
            model=group,
            messages=list(row.messages),  # pyright: ignore[reportArgumentType]
            extra_body=fields,
        )


async def _ask(
    way: str, kimi: Emulator, prefix: str, row: Behaviour, proxy: Any
) -> Any:
    if way == "proxy":
        return await _ask_proxy(proxy, prefix, row)
    if way == "router":
        return await _ask_router(kimi, prefix, row)
    answer = getattr(litellm, way)(**_arguments(kimi, prefix, row))
    return await answer if way == "acompletion" else answer


@pytest.mark.parametrize(("row", "prefix", "way"), list(_cases()))
async def test_what_is_asked_for_reaches_kimi(
    row: Behaviour,
    prefix: str,
    way: str,
    kimi: Emulator,
    request: pytest.FixtureRequest,
) -> None:
    """Or is refused with words that help, before anything is sent."""
    proxy = request.getfixturevalue("proxy") if way == "proxy" else None
    asked = proxy.kimi if proxy else kimi
    if row.refused:
        with pytest.raises(openai.BadRequestError) as caught:
            await _ask(way, kimi, prefix, row, proxy)
        assert row.refused in str(caught.value)
        assert chats(asked) == []
        return
    await _ask(way, kimi, prefix, row, proxy)
    (body,) = chats(asked)
    assert body["model"] == row.sent.get("model", row.model)
    for name, value in row.sent.items():
        assert body.get(name, ABSENT) == value, body


def test_the_documentation_has_every_row() -> None:
    """And no row that is not tested."""
    told = _table("## What is mended")
    tested = {row.name: row.outcome for row in BEHAVIOURS}
    assert {name: told.get(name) for name in tested} == tested
    assert _table("## What LiteLLM makes impossible") == IMPOSSIBLE
    assert _table("## The patches") == {f"`{p.name}`": p.mends for p in PATCHES}


def _table(heading: str) -> dict[str, str]:
    """Return the rows of the table of two columns below a heading."""
    section = _PAGE.read_text().partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines()[1:]]
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[0] not in _HEADS}
