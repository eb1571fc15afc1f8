"""The error for what is refused before anything is sent.

Apart from `errors`, which needs openai: building a model must not import it (1.4 s).
"""

from langchain_core.exceptions import ModelInvalidRequestError
from pydantic import ValidationError


class KimiSettingError(ValueError, ModelInvalidRequestError):
    """A setting, message or tool that the API would refuse; nothing was sent."""


def read_validation_error(error: ValidationError) -> KimiSettingError:
    """Return an error that names each field, what was given and what is accepted.

    pydantic's own text would print every argument, the API key among them.

    Args:
        error: What pydantic raised while it built a model.
    """
    faults: list[str] = []
    for fault in error.errors(include_url=False):
        path = ".".join(map(str, fault["loc"]))
        text = fault["msg"].removeprefix("Value error, ")
        given = "" if not path or "api_key" in path else f"={fault['input']!r}"
        faults.append(f"{path}{given}: {text}" if path else text)
    return KimiSettingError("; ".join(faults))
