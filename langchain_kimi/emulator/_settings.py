"""The knobs of an emulator, each with the API's behaviour as its default."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from langchain_kimi._mfjs import Level
from langchain_kimi.catalogue import Model, current_models, find_model

ToolIdStyle: TypeAlias = Literal["name_0", "name:0", "functions.name:0"]
"""How the id of a tool call is written; all three were seen (kimi-api.md 3.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a test may change about the API; see `Emulator` for each field."""

    api_keys: Collection[str] | None = field(repr=False)
    models: Collection[str] | None
    strict_reasoning: bool | None
    tool_id_style: ToolIdStyle
    max_tools: int | None
    tools_level: Level
    response_format_level: Level
    choice_usage: bool
    x_api_key: bool
    strict_signatures: bool

    def accepts_key(self, key: str) -> bool:
        """Whether an API key is good."""
        if self.api_keys is None:
            return key.startswith("sk-") and len(key) > len("sk-")
        return key in self.api_keys

    def served_models(self) -> tuple[Model, ...]:
        """Return the rows that answer, in the order of the catalogue's or the test's.

        Raises:
            ValueError: A name in `models` has no row of its own.
        """
        if self.models is None:
            return current_models()
        return tuple(self._row(id) for id in self.models)

    def ruled_row(self, model: Model) -> Model:
        """Return a row with the wished rule on missing reasoning."""
        if self.strict_reasoning is False:
            return replace(model, missing_reasoning="accepted")
        if self.strict_reasoning and model.missing_reasoning == "degraded":
            # "Send back every assistant message complete" (k3 quickstart): such a
            # model keeps the reasoning of all turns.
            return replace(model, missing_reasoning="rejected", keep_default="all")
        return model

    @staticmethod
    def _row(id: str) -> Model:
        row = find_model(id)
        if row is None or row.id != id:
            raise ValueError(f"{id!r} is no model id of langchain_kimi.catalogue")
        return row
