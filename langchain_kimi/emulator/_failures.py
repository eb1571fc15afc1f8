"""A kind of failure -> the two-field error reply with the API's own words.

The words are those of kimi-api.md 2.4; the headers those of 3.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from langchain_kimi.emulator._exchange import JSON_TYPE, Reply
from langchain_kimi.emulator._json import to_bytes, write_json

INVALID = "invalid_request_error"

_ACCOUNT = "org-6a9753f1f1e03593b5e890e1c0ffee01<ak-f7k2m9qx4w8e1r5t>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error that the API answers with."""

    status: int
    type: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def reply(self) -> Reply:
        """Return the HTTP reply: exactly `message` and `type`, no `code`."""
        error = {"error": {"message": self.message, "type": self.type}}
        return Reply(
            status=self.status,
            headers={"Content-Type": JSON_TYPE, **self.headers},
            body=to_bytes(write_json(error)),
        )


class Refused(Exception):
    """Ends the handling of a request with a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def invalid(message: str) -> Refused:
    """Return the refusal of a request that breaks a rule."""
    return Refused(Failure(status=400, type=INVALID, message=message))


def not_found(message: str) -> Refused:
    """Return the refusal of a name or path that does not exist."""
    return Refused(
        Failure(status=404, type="resource_not_found_error", message=message)
    )


def _named(status: int, type: str, message: str, **headers: str) -> Failure:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(status=status, type=type, message=message, headers=fields)


PRESETS: Mapping[str, Failure] = {
    failure.type: failure
    for failure in (
        _named(401, "incorrect_api_key_error", "Incorrect API key provided"),
        _named(401, "invalid_authentication_error", "Invalid Authentication"),
        _named(
            # "The API you are accessing is not open": the errors page, 2026-09-03.
            403,
            "permission_denied_error",
            "The API you are accessing is not open",
        ),
        _named(
            400,
            "content_filter",
            "The request was rejected because it was considered high risk",
        ),
        _named(
            429,
            "rate_limit_reached_error",
            f"Your account {_ACCOUNT} request reached organization max RPM: 3, "
            "please try again after 1 seconds",
            Retry_After="1",
            X_Retry_After="1",
            Msh_Cooldown_Seconds="1",
        ),
        # No Retry-After in any of five captures (P1, 2026-09-01).
        _named(
            429,
            "engine_overloaded_error",
            "The engine is currently overloaded, please try again later",
        ),
        _named(
            429,
            "exceeded_current_quota_error",
            f"Your account {_ACCOUNT} is suspended due to insufficient balance, "
            "please recharge your account or check your plan and billing details",
        ),
        # The words of the next three were never recorded; only their types are known.
        _named(500, "server_error", "Internal server error, please try again later"),
        _named(500, "unexpected_output", "Unexpected output, please try again later"),
        _named(
            503,
            "server_unavailable",
            "The server is currently unavailable, please try again later",
        ),
    )
} | {
    "exceeded_model_token_limit": _named(
        400,
        INVALID,
        "Invalid request: Your request exceeded model token limit: 262144 "
        "(requested: 269030)",
    )
}
"""The failures that a test can ask for by name."""


def build_failure(
    status: int | None,
    type: str,
    message: str | None,
    headers: Mapping[str, str] | None,
) -> Failure:
    """Fill in what a test leaves out from the preset of a type.

    Args:
        status: The HTTP status; None takes the preset's.
        type: The error type, or the name of a preset.
        message: The words; None takes the preset's.
        headers: Header fields; None takes the preset's.

    Raises:
        ValueError: There is no preset of this name and a part is missing.
    """
    preset = PRESETS.get(type)
    if preset is None and (status is None or message is None):
        known = ", ".join(sorted(PRESETS))
        raise ValueError(
            f"no preset for {type!r}: give status and message, or one of {known}"
        )
    base = preset or Failure(status=status or 0, type=type, message=message or "")
    return Failure(
        status=base.status if status is None else status,
        type=base.type,
        message=base.message if message is None else message,
        headers=base.headers if headers is None else headers,
    )
