"""How LiteLLM reads the chunks of a stream -> wrappers that lose nothing of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import litellm
from litellm.exceptions import APIConnectionError

from langchain_kimi._json import as_object, is_object
from langchain_kimi.catalogue import PROVIDER
from litellm_config._usage import mend_usage


def wrap_chunks(original: Callable[..., Any]) -> Callable[..., Any]:
    """Read the usage that Kimi puts into the last choice of every stream.

    Args:
        original: The method that reads a chunk.
    """

    @wraps(original)
    def chunk_creator(self: Any, chunk: Any) -> Any:
        choices = getattr(chunk, "choices", None)
        told = getattr(choices[0], "usage", None) if choices else None
        if told and getattr(chunk, "usage", None) is None:
            usage = told if is_object(told) else told.model_dump()
            chunk.usage = litellm.Usage(**mend_usage(usage))
        return original(self, chunk)

    return chunk_creator


def wrap_ending(original: Callable[..., Any]) -> Callable[..., Any]:
    """Raise where a stream ended before Kimi said why: the answer is not whole.

    Kimi always says it; a connection that closed before leaves LiteLLM to say `stop`.

    Args:
        original: The method that writes the last chunk.
    """

    @wraps(original)
    def finish_reason_handler(self: Any) -> Any:
        told = self.received_finish_reason or self.intermittent_finish_reason
        # The stream itself only knows that it is of OpenAI's kind.
        call = as_object(getattr(self.logging_obj, "model_call_details", None))
        if told is None and call.get("custom_llm_provider") == PROVIDER:
            raise APIConnectionError(
                message="The stream ended without a finish_reason: what arrived is not "
                "the whole answer.",
                llm_provider=PROVIDER,
                model=self.model,
            )
        return original(self)

    return finish_reason_handler
