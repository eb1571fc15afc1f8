"""The two web searches: results that only the model can read, and their tokens.

A formula's search comes back sealed, and `$web_search` hands out a ticket that is to be
echoed; in both cases the search is in the prompt of the next chat request.
"""

from base64 import b64decode, b64encode

from langchain_kimi._json import as_object, as_text, is_number
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._json import NotJsonError, read_json, to_bytes

WEB_SEARCH = "$web_search"
# The marks of the official-tools guide (2026-08-13) and of a capture of 2026-04-19.
_BEGIN, _END = "----MOONSHOT ENCRYPTED BEGIN----", "----MOONSHOT ENCRYPTED END----"


def seal_search(query: str) -> str:
    """Return the result of a search as the API gives it to clients, who cannot read it.

    Args:
        query: What is searched for.
    """
    # Backwards, so that what a test prints is not mistaken for something readable.
    return _BEGIN + b64encode(to_bytes(query))[::-1].decode() + _END


def read_search(result: str, *, name: str, ticket: str, asked: str) -> str:
    """Return what the model reads of a tool's result: a search in plain words.

    Args:
        result: The content of the tool message.
        name: The tool that was called.
        ticket: The arguments of the call, which `$web_search` wants back verbatim.
        asked: What the user asked for.
    """
    if name == WEB_SEARCH and result == ticket:
        return _write_results(asked)
    if result.startswith(_BEGIN) and result.endswith(_END):
        sealed = result.removeprefix(_BEGIN).removesuffix(_END)
        try:
            return _write_results(b64decode(sealed[::-1], validate=True).decode())
        except ValueError:
            return result
    return result


def count_search(message: JsonObject) -> int:
    """Return the tokens of the search that an echoed ticket stands for.

    Args:
        message: A message of a chat request.
    """
    if message.get("role") != "tool" or message.get("name") != WEB_SEARCH:
        return 0
    try:
        ticket = read_json(to_bytes(as_text(message.get("content"))))
    except NotJsonError:
        return 0
    # "total_tokens ... are counted in the next call" (web search guide).
    tokens = as_object(as_object(ticket).get("usage")).get("total_tokens")
    return max(0, int(tokens)) if is_number(tokens) else 0


def _write_results(query: str) -> str:
    topic = " ".join(query.split())
    return f'1 page about "{topic}": https://example.com/ (searched by the emulator)'
