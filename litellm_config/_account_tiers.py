"""What an account may ask for, by how much it was topped up: a row a tier."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountTier:
    """The limits of an account; all its keys and models share them."""

    number: int
    top_up: int
    """The cumulative top-up that reaches the tier, in USD."""
    concurrency: int
    """Requests at the same time."""
    rpm: int
    """Requests a minute."""
    tpm: int
    """Tokens a minute."""

    def limits(self) -> dict[str, Any]:
        """Return the limits in LiteLLM's words."""
        return {
            "rpm": self.rpm,
            "tpm": self.tpm,
            "max_parallel_requests": self.concurrency,
        }


# platform.kimi.ai/docs/pricing/limits, 2026-08-13; the 3 requests a minute of tier 0
# were seen live (probe P1). The Chinese page has the same limits.
_TIERS = (
    AccountTier(0, 1, 1, 3, 500_000),
    AccountTier(1, 10, 50, 200, 2_000_000),
    AccountTier(2, 20, 100, 500, 3_000_000),
    AccountTier(3, 100, 200, 5_000, 3_000_000),
    AccountTier(4, 1_000, 400, 5_000, 4_000_000),
    AccountTier(5, 3_000, 1_000, 10_000, 5_000_000),
)


def find_tier(number: int) -> AccountTier:
    """Return the tier of a number.

    Raises:
        ValueError: There is no such tier.
    """
    for tier in _TIERS:
        if tier.number == number:
            return tier
    raise ValueError(f"tier={number!r}: give a number from 0 to {_TIERS[-1].number}.")
