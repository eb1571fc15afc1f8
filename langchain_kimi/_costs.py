"""Token counts and a model's prices -> what an answer cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from langchain_core.messages.ai import UsageMetadata

from langchain_kimi._json import as_object, is_number
from langchain_kimi._refusal import KimiSettingError, show
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import MODELS, Prices, find_model

CacheTtl: TypeAlias = Literal["5m", "1h"]
"""How long a written prompt cache lives."""

_TTLS = ("5m", "1h")
_FREE = Decimal(0)
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What tokens cost, in USD, without rounding; costs can be added."""

    input: Decimal = _FREE
    """Input tokens that were neither read from a cache nor written to one."""
    cache_read: Decimal = _FREE
    """Input tokens read from the prompt cache."""
    cache_write_5m: Decimal = _FREE
    """Input tokens written to the cache that lives for 5 minutes."""
    cache_write_1h: Decimal = _FREE
    """Input tokens written to the cache that lives for an hour."""
    output: Decimal = _FREE
    """Output tokens, reasoning included."""

    @property
    def total(self) -> Decimal:
        """All of it."""
        written = self.cache_write_5m + self.cache_write_1h
        return self.input + self.cache_read + written + self.output

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write_5m=self.cache_write_5m + other.cache_write_5m,
            cache_write_1h=self.cache_write_1h + other.cache_write_1h,
            output=self.output + other.output,
        )


def read_cost(usage: UsageMetadata | None, model: str, ttl: CacheTtl) -> Cost:
    """Return what a usage costs.

    Args:
        usage: Token counts, as an AIMessage carries them.
        model: The id of the model that answered.
        ttl: How long the cache lives that was written.

    Raises:
        KimiSettingError: If the usage is none, the model has no published price, or
            the API has no such cache.
    """
    prices = _find_prices(model)
    if ttl not in _TTLS:
        raise KimiSettingError(
            f"cache_ttl={ttl!r} is unknown. Give one of {', '.join(_TTLS)}."
        )
    counts = as_object(usage)
    if not _are_counts(counts):
        raise KimiSettingError(
            f"usage={show(usage)} counts no tokens. Give the usage_metadata of an "
            "answer; a stream has one unless stream_usage=False."
        )
    # LangChain marks what came out of its own cache, with the counts of the first time.
    if counts.get("total_cost") == 0:
        return Cost()
    return _price(counts, prices, ttl)


def _are_counts(counts: JsonObject) -> bool:
    details = as_object(counts.get("input_token_details"))
    cached = [details.get("cache_read") or 0, details.get("cache_creation") or 0]
    told = [counts.get("input_tokens"), counts.get("output_tokens"), *cached]
    # Of floats a Decimal knows nothing; bool is an int, but no count.
    return all(is_number(count) and isinstance(count, int) for count in told)


def _find_prices(model: str) -> Prices:
    row = find_model(model)
    if row and row.prices:
        return row.prices
    priced = ", ".join(known.id for known in MODELS if known.prices)
    raise KimiSettingError(
        f"The catalogue has no published price of {model!r}. It has those of {priced}; "
        "for another host, multiply the counts by that host's prices."
    )


def _price(counts: Mapping[str, int], prices: Prices, ttl: CacheTtl) -> Cost:
    details = as_object(counts.get("input_token_details"))
    read = details.get("cache_read") or 0
    written = details.get("cache_creation") or 0
    short, long = (written, 0) if ttl == "5m" else (0, written)

    def cost(tokens: int, price: float | None) -> Decimal:
        # Where no price is published, such tokens are input like any other.
        # By its text, which is exact: 0.2 as a float is 0.2000000000000000111.
        per_million = Decimal(str(prices.input if price is None else price))
        return tokens * per_million / _MILLION

    return Cost(
        input=cost(max(counts["input_tokens"] - read - written, 0), prices.input),
        cache_read=cost(read, prices.cache_hit),
        cache_write_5m=cost(short, prices.cache_write),
        cache_write_1h=cost(long, prices.cache_write_1h),
        output=cost(counts["output_tokens"], prices.output),
    )
