"""Every fact about a Kimi model: one frozen row a model, each with its source.

Stdlib only, so that anything (client, emulator, LiteLLM config, docs) may import it.
Adding a model is adding one row; no other module compares a model id with a string.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = [
    "ALIASES",
    "ANTHROPIC_ALIASES",
    "DEFAULT_MODEL",
    "EFFORT_ALIASES",
    "MODELS",
    "PROVIDER",
    "Alias",
    "Mode",
    "ModeRules",
    "Model",
    "Prices",
    "Sampling",
    "ToolChoice",
    "current_models",
    "find_model",
    "find_served_model",
]

Mode: TypeAlias = Literal["thinking", "instant"]
"""What a request asks of a model: to think before it answers, or not."""

ToolChoice: TypeAlias = Literal["auto", "none", "required", "named"]
"""A kind of `tool_choice`; `named` is the object form that names one function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a model costs on the international platform, in USD per 1M tokens."""

    input: float
    """Input tokens that were not in the cache."""
    output: float
    """Output tokens; reasoning counts as output."""
    cache_hit: float | None = None
    """Input tokens read from the cache; None where no price is published."""
    cache_write: float | None = None
    """Input tokens written to the 5-minute cache; None where writing is free."""
    cache_write_1h: float | None = None
    """Input tokens written to the 1-hour cache; None where it is not offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The one value that a model accepts for each sampling setting."""

    temperature: float
    top_p: float = 0.95
    n: int = 1
    presence_penalty: float = 0
    frequency_penalty: float = 0
    logprobs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRules:
    """What a model accepts in one mode."""

    tool_choices: tuple[ToolChoice, ...]
    sampling: Sampling | None = None
    """The fixed sampling values; None where sampling is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the Kimi API."""

    id: str
    context_tokens: int
    """The window: prompt plus output, in tokens."""
    output_tokens: int
    """The cap on output (reasoning included) when a request names none, in tokens."""
    output_tokens_limit: int
    """The highest cap that a request may name, before the prompt is subtracted."""
    inputs: tuple[Literal["text", "image", "video"], ...] = ("text",)
    thinking: ModeRules | None = None
    """The rules while thinking; None for a model that never thinks."""
    instant: ModeRules | None = None
    """The rules without thinking; None for a model that always thinks."""
    efforts: tuple[str, ...] = ()
    """The accepted values of `reasoning_effort`; empty where it has no effect."""
    effort_default: str | None = None
    keeps: tuple[str | None, ...] = ()
    """The accepted values of `thinking.keep`; empty where there is no such field."""
    keep_default: str | None = None
    """"all" for a model that keeps the reasoning of earlier turns unasked."""
    missing_reasoning: Literal["rejected", "degraded", "accepted"] = "accepted"
    """What happens to a tool-call message that comes back without its reasoning."""
    structured_output: bool = True
    dynamic_tools: bool = False
    """Whether a system message may carry `tools` in mid-conversation."""
    cache_options: bool = False
    """Whether `prompt_cache_options` has an effect, as is reported."""
    batch: bool | None = None
    """Whether the Batch API takes it; None where nothing is published."""
    prices: Prices | None = None
    released: date | None = None
    retires: date | None = None
    """The planned last day of a model that still answers."""
    retired: date | None = None
    """The day from which the hosted API answers 404."""
    successor: str | None = None
    weights: str | None = None
    """The name of its open weights on Hugging Face; None where none is known."""
    fallback: str | None = None
    """The model that answers in its place while it cannot: slower, or older."""
    access: str = ""
    """Which accounts the hosted API serves it to, as a sentence; "" for all."""
    served_as: tuple[str, ...] = ()
    """Other names that hosts of its open weights use, in small letters."""
    source: str
    checked: date

    @property
    def default_mode(self) -> Mode:
        """The mode of a request that says nothing about thinking."""
        return "thinking" if self.thinking else "instant"

    def rules(self, mode: Mode) -> ModeRules:
        """Return what the model accepts in a mode (in its only one, if it has one).

        Args:
            mode: `thinking` or `instant`.
        """
        rules = self.thinking if mode == "thinking" else self.instant
        return rules or self.thinking or self.instant or _FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name that stands for a model in one mode; the API itself does not know it."""

    model: str
    mode: Mode
    source: str


_CHECKED = date(2026, 11, 21)
_ALL_TOOL_CHOICES: tuple[ToolChoice, ...] = ("auto", "none", "required", "named")
_VISION: tuple[Literal["text", "image", "video"], ...] = ("text", "image", "video")
_1M, _256K, _128K = 1024 * 1024, 256 * 1024, 128 * 1024

_FREE = ModeRules(tool_choices=_ALL_TOOL_CHOICES)
# "only 1 is allowed for this model", seen live for kimi-k3 on 2026-09-01 (probe P1).
_THINKING_SAMPLING = Sampling(temperature=1)
# "only 0.6 is allowed for this model", production report of 2026-05-14.
_INSTANT_SAMPLING = Sampling(temperature=0.6)
# K3: `required` works, a named function is "incompatible with thinking enabled".
_K3_THINKING = ModeRules(
    tool_choices=("auto", "none", "required"), sampling=_THINKING_SAMPLING
)
_K2_THINKING = ModeRules(tool_choices=("auto", "none"), sampling=_THINKING_SAMPLING)
_K2_INSTANT = ModeRules(tool_choices=_ALL_TOOL_CHOICES, sampling=_INSTANT_SAMPLING)
# K2 series: "planned retirement by end of Dec 2026" (migration guide, 2026-10-24).
_K2_RETIRES = date(2026, 12, 31)
_K2_ACCESS = "accounts registered after 2026-10-31 may not use this model"


def _k3(
    id: str,
    *,
    prices: Prices,
    released: date,
    fallback: str,
    source: str,
    batch: bool | None = None,
) -> Model:
    """Return a row of the K3 family: always thinks, at a chosen effort."""
    return Model(
        id=id,
        context_tokens=_1M,
        output_tokens=131_072,
        output_tokens_limit=_1M,
        inputs=_VISION,
        thinking=_K3_THINKING,
        efforts=("low", "high", "max"),
        effort_default="max",
        keep_default="all",
        missing_reasoning="degraded",
        dynamic_tools=True,
        # "K3 and later" (reports since October 2026).
        cache_options=True,
        batch=batch,
        prices=prices,
        released=released,
        fallback=fallback,
        access="an account needs a first top-up before it may use this model",
        source=source,
        checked=_CHECKED,
    )


def _k27(
    id: str, *, prices: Prices, successor: str, fallback: str, source: str
) -> Model:
    """Return a row of the K2.7 family: always thinks, always keeps its reasoning."""
    return Model(
        id=id,
        context_tokens=_256K,
        output_tokens=32_768,
        output_tokens_limit=_256K,
        inputs=_VISION,
        thinking=_K2_THINKING,
        keeps=("all", None),
        keep_default="all",
        missing_reasoning="rejected",
        # "must be either kimi-k2.6 or kimi-k2.5" (guide to the Batch API, 2026-08-13).
        batch=False,
        prices=prices,
        retires=_K2_RETIRES,
        successor=successor,
        fallback=fallback,
        access=_K2_ACCESS,
        source=source,
        checked=_CHECKED,
    )


def _retired_k2(
    id: str,
    *,
    released: date,
    thinks: bool,
    context: int,
    served_as: tuple[str, ...] = (),
) -> Model:
    """Return a row of the K2 series of 2025, whose open weights others serve."""
    return Model(
        id=id,
        served_as=served_as,
        context_tokens=context,
        output_tokens=32_768,
        output_tokens_limit=context,
        thinking=ModeRules(tool_choices=("auto", "none")) if thinks else None,
        instant=None if thinks else _FREE,
        missing_reasoning="rejected" if thinks else "accepted",
        released=released,
        retired=date(2026, 5, 25),
        successor=DEFAULT_MODEL,
        source="platform.kimi.ai/docs: retirement notice of 2026-05-25",
        checked=_CHECKED,
    )


def _retired_v1(
    id: str,
    *,
    context: int,
    prices: Prices | None = None,
    vision: bool = False,
    retired: date = date(2026, 8, 31),
) -> Model:
    """Return a row of the moonshot-v1 generation: free sampling, no thinking."""
    return Model(
        id=id,
        context_tokens=context,
        output_tokens=context,
        output_tokens_limit=context,
        inputs=("text", "image") if vision else ("text",),
        instant=_FREE,
        structured_output=False,
        prices=prices,
        retired=retired,
        successor=DEFAULT_MODEL,
        source="LiteLLM 1.106.2 price map citing platform.moonshot.ai/docs/pricing",
        checked=_CHECKED,
    )


PROVIDER = "moonshot"
"""The provider label on messages, traces, translators and LiteLLM entries."""

DEFAULT_MODEL = "kimi-k3"
"""The model that ChatKimi uses when none is named."""

_V1_8K = Prices(input=0.2, output=2.0)
_V1_32K = Prices(input=1.0, output=3.0)
_V1_128K = Prices(input=2.0, output=5.0)

MODELS: tuple[Model, ...] = (
    _k3(
        "kimi-k3.1-pro",
        prices=Prices(input=2.0, output=10.0, cache_hit=0.2, cache_write=2.0),
        released=date(2026, 10, 23),
        fallback="kimi-k3",
        source="models-overview quoted by aihubmix 2026-10-24 and apidog 2026-10-26",
    ),
    _k3(
        "kimi-k3.1-pro-highspeed",
        prices=Prices(input=4.0, output=20.0, cache_hit=0.2),
        released=date(2026, 10, 23),
        fallback="kimi-k3.1-pro",
        source="models-overview quoted by aihubmix 2026-10-24 and apidog 2026-10-26",
    ),
    _k3(
        "kimi-k3",
        prices=Prices(
            input=3.0, output=15.0, cache_hit=0.3, cache_write=3.0, cache_write_1h=6.0
        ),
        released=date(2026, 7, 16),
        fallback="kimi-k2.6",
        # "kimi-k3 is not supported" (guide to the Batch API, 2026-08-13).
        batch=False,
        source="platform.kimi.ai/docs/guide/kimi-k3-quickstart 2026-08-13; probe P1",
    ),
    _k27(
        "kimi-k2.7-code",
        prices=Prices(input=0.95, output=4.0, cache_hit=0.19),
        successor="kimi-k3.1-pro",
        fallback="kimi-k2.6",
        source="OpenAPI 2026-08-17; platform.kimi.ai/docs/pricing/chat-k27-code",
    ),
    _k27(
        "kimi-k2.7-code-highspeed",
        prices=Prices(input=1.9, output=8.0, cache_hit=0.38),
        successor="kimi-k3.1-pro-highspeed",
        fallback="kimi-k2.7-code",
        source="OpenAPI 2026-08-17",
    ),
    Model(
        id="kimi-k2.6",
        context_tokens=_256K,
        output_tokens=32_768,
        output_tokens_limit=_256K,
        inputs=_VISION,
        thinking=_K2_THINKING,
        instant=_K2_INSTANT,
        keeps=("all", None),
        missing_reasoning="rejected",
        batch=True,
        prices=Prices(input=0.95, output=4.0, cache_hit=0.16),
        retires=_K2_RETIRES,
        successor="kimi-k3",
        access=_K2_ACCESS,
        source="platform.kimi.ai/docs/guide/kimi-k2-6-quickstart 2026-08-13",
        checked=_CHECKED,
    ),
    Model(
        id="kimi-k2.5",
        context_tokens=_256K,
        output_tokens=32_768,
        output_tokens_limit=_256K,
        inputs=_VISION,
        thinking=_K2_THINKING,
        instant=_K2_INSTANT,
        missing_reasoning="rejected",
        batch=True,
        prices=Prices(input=0.6, output=3.0, cache_hit=0.1),
        retired=date(2026, 8, 31),
        successor="kimi-k2.6",
        # MoonshotAI/Kimi-K2.5, README of 2026-01-30.
        weights="moonshotai/Kimi-K2.5",
        source="platform.moonshot.ai/docs/guide/kimi-k2-5-quickstart; LiteLLM 1.106.2",
        checked=_CHECKED,
    ),
    _retired_k2(
        "kimi-k2-thinking", released=date(2025, 11, 6), thinks=True, context=_256K
    ),
    _retired_k2(
        "kimi-k2-thinking-turbo", released=date(2025, 11, 6), thinks=True, context=_256K
    ),
    _retired_k2(
        "kimi-k2-0905-preview",
        released=date(2025, 9, 5),
        thinks=False,
        context=_256K,
        served_as=("kimi-k2-instruct-0905", "kimi-k2-0905"),
    ),
    _retired_k2(
        "kimi-k2-0711-preview",
        released=date(2025, 7, 11),
        thinks=False,
        context=_128K,
        served_as=("kimi-k2-instruct", "kimi-k2"),
    ),
    _retired_k2(
        "kimi-k2-turbo-preview", released=date(2025, 8, 1), thinks=False, context=_256K
    ),
    _retired_v1("moonshot-v1-8k", context=8_192, prices=_V1_8K),
    _retired_v1("moonshot-v1-32k", context=32_768, prices=_V1_32K),
    _retired_v1("moonshot-v1-128k", context=_128K, prices=_V1_128K),
    _retired_v1("moonshot-v1-auto", context=_128K, prices=_V1_128K),
    _retired_v1(
        "moonshot-v1-8k-vision-preview", context=8_192, prices=_V1_8K, vision=True
    ),
    _retired_v1(
        "moonshot-v1-32k-vision-preview", context=32_768, prices=_V1_32K, vision=True
    ),
    _retired_v1(
        "moonshot-v1-128k-vision-preview", context=_128K, prices=_V1_128K, vision=True
    ),
    _retired_v1("kimi-latest", context=_128K, vision=True, retired=date(2026, 1, 28)),
)
"""Every known model, current ones first."""

ALIASES: Mapping[str, Alias] = MappingProxyType(
    {
        "kimi-k2.5-instant": Alias(
            model="kimi-k2.5", mode="instant", source="seed documents; never an API id"
        ),
        "kimi-k2.6-instant": Alias(
            model="kimi-k2.6", mode="instant", source="by analogy; never an API id"
        ),
    }
)
"""Names that users write for a model in one mode."""

ANTHROPIC_ALIASES: Mapping[str, str] = MappingProxyType({"kimi-k3[1m]": "kimi-k3"})
"""Names that only the Anthropic-compatible endpoint takes, for Claude Code.

Source: platform.kimi.ai/docs/guide/claude-code-kimi 2026-08-13.
"""
EFFORT_ALIASES: Mapping[str, str] = MappingProxyType(
    {"minimal": "low", "medium": "high", "xhigh": "max"}
)
"""Efforts of other vendors -> the nearest of Kimi's, as Vercel's provider maps them.

Moonshot's platform accepts any string in silence (probe P3).
"""

_BY_ID: Mapping[str, Model] = MappingProxyType({model.id: model for model in MODELS})
_BY_SERVED_NAME: Mapping[str, Model] = MappingProxyType(
    {
        name: model
        for model in MODELS
        for name in (
            model.id,
            *model.served_as,
            # The groups of litellm_config: one for each effort.
            *(f"{model.id}-{effort}" for effort in model.efforts),
        )
    }
    | {"kimi": _BY_ID[DEFAULT_MODEL]}
)


def find_model(id: str) -> Model | None:
    """Return the row of a model id or alias, or None for an id that has no row.

    Args:
        id: A model id, or one of `ALIASES`.
    """
    alias = ALIASES.get(id)
    return _BY_ID.get(alias.model if alias else id)


def find_served_model(name: str) -> Model | None:
    """Return the row of a name by which someone else serves a model, or None.

    Args:
        name: A name such as `moonshotai/Kimi-K2.5` (the weights), `moonshot/kimi-k3`
            or `kimi-k3-low` (LiteLLM), `moonshotai/kimi-k2:free` (OpenRouter).
    """
    own = name.rpartition("/")[2].partition(":")[0].lower()
    return find_model(own) or _BY_SERVED_NAME.get(own)


def current_models() -> tuple[Model, ...]:
    """Return the rows of the models that the hosted API still answers."""
    return tuple(model for model in MODELS if model.retired is None)
