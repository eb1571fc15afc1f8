"""What is asked about an account -> the calls; their answers -> rows and a balance.

Source: OpenAPI description of 2026-08-17, live item of 2026-07-17 (kimi-api.md 1.4).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from langchain_kimi._calls import Call
from langchain_kimi._json import (
    as_array,
    as_object,
    as_objects,
    as_text,
    is_array,
    is_number,
)
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model, ModeRules, find_model

_Input: TypeAlias = Literal["text", "image", "video"]

MODELS_CALL = Call(method="get", path="/models", expected="list of models")
BALANCE_CALL = Call(method="get", path="/users/me/balance", expected="balance")

# What no row tells is not forbidden: the server decides.
_UNRESTRICTED = ModeRules(tool_choices=("auto", "none", "required", "named"))
_MEDIA: Mapping[_Input, str] = {
    "image": "supports_image_in",
    "video": "supports_video_in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is left on an account, in the currency of its platform.

    The API names none: it is USD at api.moonshot.ai and RMB at api.moonshot.cn.
    """

    available: Decimal
    """What can be spent: at 0 or below, requests are refused."""
    voucher: Decimal
    """The part of it that was given; it does not open every model."""
    cash: Decimal
    """The part of it that was paid in."""


def read_balance(found: JsonObject) -> Balance:
    """Return a balance.

    Args:
        found: The decoded body.

    Raises:
        KeyError: If it has none.
        ValueError: If the API says that it could not tell.
    """
    if found.get("code"):
        raise ValueError(f"code {found['code']}: {found.get('message') or found}")
    amounts = found["data"]
    return Balance(
        available=_read_amount(amounts["available_balance"]),
        voucher=_read_amount(amounts.get("voucher_balance") or 0),
        cash=_read_amount(amounts.get("cash_balance") or 0),
    )


def _read_amount(amount: Any) -> Decimal:
    return Decimal(str(float(amount)))


def read_models(found: JsonObject, *, host: str, today: date) -> list[Model]:
    """Return a row for each model that a server lists, in its order.

    Args:
        found: The decoded body.
        host: Whose list it is, for the source of the rows.
        today: When it was asked for.

    Raises:
        KeyError: If it has none.
        TypeError: If what it has is no list.
    """
    source = f"GET /models of {host} on {today}"
    items = found["data"]
    if not is_array(items):
        raise TypeError(f"data is {items!r}")
    return [
        _read_model(item, source, today)
        for item in as_objects(items)
        if as_text(item.get("id"))
    ]


def _read_model(item: JsonObject, source: str, today: date) -> Model:
    known = find_model(item["id"])
    # An alias is no id: a server that lists one has a model of its own.
    if known and known.id == item["id"]:
        row = replace(known, source=f"{source}; beyond it {known.source}")
    else:
        row = _unknown(item["id"], source, today)
    for merge in _MERGES:
        row = merge(row, item)
    return row


def _unknown(id: str, source: str, today: date) -> Model:
    """Return a row that claims and forbids nothing."""
    return Model(
        id=id,
        context_tokens=0,
        output_tokens=0,
        output_tokens_limit=0,
        thinking=_UNRESTRICTED,
        instant=_UNRESTRICTED,
        source=source,
        checked=today,
    )


def _merge_window(row: Model, item: JsonObject) -> Model:
    # vLLM's name for it is the second one.
    window = item.get("context_length") or item.get("max_model_len")
    if not is_number(window) or window < 1:
        return row
    # "max = context - prompt" (kimi-api.md 1.1): the cap is bounded by the window.
    window = int(window)
    default = min(row.output_tokens or window, window)
    return replace(
        row,
        context_tokens=window,
        output_tokens=default,
        output_tokens_limit=window,
    )


def _merge_inputs(row: Model, item: JsonObject) -> Model:
    told = {kind: item.get(name) for kind, name in _MEDIA.items()}
    media = [
        kind
        for kind, takes in told.items()
        if (takes if isinstance(takes, bool) else kind in row.inputs)
    ]
    return replace(row, inputs=("text", *media))


def _merge_thinking(row: Model, item: JsonObject) -> Model:
    kind = item.get("supports_thinking_type")
    if kind not in ("only", "no", "both"):
        # The documented item tells only whether it can think.
        kind = "no" if item.get("supports_reasoning") is False else None
    thinking, instant = row.thinking, row.instant
    if kind in ("only", "both"):
        thinking = thinking or _UNRESTRICTED
    if kind in ("no", "both"):
        instant = instant or _UNRESTRICTED
    return replace(
        row,
        thinking=None if kind == "no" else thinking,
        instant=None if kind == "only" else instant,
    )


def _merge_efforts(row: Model, item: JsonObject) -> Model:
    told = as_object(item.get("think_efforts") or item.get("reasoning_efforts"))
    if not told:
        return row
    is_supported = told.get("support") is not False
    valid = as_array(told.get("valid_efforts")) if is_supported else []
    efforts = tuple(effort for effort in valid if isinstance(effort, str))
    default = told.get("default_effort")
    if default not in efforts:
        default = row.effort_default if row.effort_default in efforts else None
    return replace(row, efforts=efforts, effort_default=default)


def _merge_dynamic_tools(row: Model, item: JsonObject) -> Model:
    told = item.get("supports_dynamic_tools")
    return replace(row, dynamic_tools=told) if isinstance(told, bool) else row


_MERGES: tuple[Callable[[Model, JsonObject], Model], ...] = (
    _merge_window,
    _merge_inputs,
    _merge_thinking,
    _merge_efforts,
    _merge_dynamic_tools,
)
