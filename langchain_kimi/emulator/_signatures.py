"""Thinking -> its signature, and whether it came back as it was given.

Kimi signs each thinking block with an opaque text of 4,340 or 12,946 characters
(CLIProxyAPI#4835, 2026-08-07); this one is shorter and signs as well.
"""

from base64 import b64encode
from hashlib import sha512

from langchain_kimi._json import as_objects, as_text
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._failures import invalid
from langchain_kimi.emulator._json import to_bytes


def sign_thinking(thinking: str) -> str:
    """Return the signature of a text, always the same for the same text."""
    return b64encode(sha512(to_bytes(f"emulator:{thinking}")).digest()).decode()


def check_signatures(body: JsonObject) -> None:
    """Refuse a thinking block that was changed or comes without its signature.

    The documentation wants it back unchanged, yet a changed and an unsigned one were
    answered with 200 (hermes-agent#66948 and #49143, 2026-07): so it is a setting. The
    words are those of Anthropic's own API; Kimi's were never recorded.

    Args:
        body: The decoded body of a Messages request.

    Raises:
        Refused: A signature is not the one that was given with its text.
    """
    for position, message in enumerate(as_objects(body.get("messages"))):
        for index, block in enumerate(as_objects(message.get("content"))):
            if block.get("type") != "thinking":
                continue
            if block.get("signature") != sign_thinking(as_text(block.get("thinking"))):
                raise invalid(
                    f"messages.{position}.content.{index}: "
                    "Invalid `signature` in `thinking` block"
                )
