"""Fragments of one streamed tool call -> chunks that langchain-core can add up."""

from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from langchain_kimi._arguments import arguments_text, parse_arguments, seal
from langchain_kimi._json import as_object, as_text
from langchain_kimi._response import new_call_id
from langchain_kimi._wire import JsonObject


class ToolLane:
    """One tool call of a stream, as its fragments arrive."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.fragments: list[str] = []

    @property
    def text(self) -> str:
        """The arguments so far."""
        return "".join(self.fragments)

    def read(self, fragment: JsonObject) -> ToolCallChunk | None:
        """Return the chunk of a fragment; id and name only the first time they come.

        langchain-core concatenates what it merges: a name sent twice would double.
        """
        function = as_object(fragment.get("function"))
        id = "" if self.id else as_text(fragment.get("id"))
        name = "" if self.name else as_text(function.get("name"))
        arguments = arguments_text(function.get("arguments"))
        if not (id or name or arguments):
            return None
        self.id, self.name = self.id or id, self.name or name
        self.fragments.append(arguments)
        return tool_call_chunk(
            id=id or None, name=name or None, args=arguments, index=self.index
        )

    def is_other(self, fragment: JsonObject) -> bool:
        """Tell a fragment of another call: some gateways number every call 0."""
        id, function = fragment.get("id"), as_object(fragment.get("function"))
        return bool(id and self.id and id != self.id and function.get("name"))

    def finish(self, *, truncated: bool) -> ToolCallChunk | None:
        """Return what a whole call still lacks: an id, or the seal of a broken one."""
        text = self.text
        if not self.name or parse_arguments(text, truncated=truncated) is None:
            closing = seal(text)
        else:
            # langchain-core reads "" as no arguments, but not " ".
            closing = "{}" if text.isspace() else ""
        id = None if self.id else new_call_id()
        if not closing and id is None:
            return None
        self.id = self.id or id or ""
        return tool_call_chunk(id=id, name=None, args=closing, index=self.index)
