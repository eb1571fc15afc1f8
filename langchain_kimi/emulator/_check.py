"""A chat request -> the row of its model, or the refusal that the API would answer."""

from dataclasses import dataclass

from langchain_kimi._json import as_object, is_object
from langchain_kimi._mfjs import Level, check_schema
from langchain_kimi._rules import BODY_LIMIT, check_request, requested_cap
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._exchange import Request
from langchain_kimi.emulator._failures import (
    INVALID,
    Failure,
    Refused,
    invalid,
    not_found,
)
from langchain_kimi.emulator._prompt import read_tools
from langchain_kimi.emulator._settings import Settings
from langchain_kimi.emulator._tokens import count_prompt


def read_body(request: Request) -> JsonObject:
    """Return the body as an object; raise Refused if it is none.

    Args:
        request: A request to an endpoint that takes JSON.
    """
    if len(request.raw) > BODY_LIMIT:
        message = "Request exceeds the maximum size"
        raise Refused(Failure(status=413, type=INVALID, message=message))
    if request.fault is not None:
        raise invalid(f"Invalid request: the body is not JSON: {request.fault}")
    if not is_object(request.body):
        raise invalid("Invalid request: the body must be a JSON object")
    return request.body


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of a chat request, as the settings want them."""

    settings: Settings
    rows: dict[str, Model]

    def check_chat(self, body: JsonObject) -> Model:
        """Return the row of the model that answers; raise Refused if none does.

        Args:
            body: The decoded body of a chat request.
        """
        model = self.find_row(body)
        self._check_tool_count(body)
        ruled = self.settings.ruled_row(model)
        for violation in check_request(body, ruled):
            raise invalid(violation.message)
        _check_tool_schemas(body, self.settings.tools_level)
        _check_format_schema(body, self.settings.response_format_level)
        _check_window(body, model)
        return model

    def find_row(self, body: JsonObject) -> Model:
        """Return the row of the model that a body names; raise Refused if none is."""
        name = body.get("model")
        if not isinstance(name, str) or not name:
            raise invalid("Invalid request: model is required")
        return self.row_of(name)

    def row_of(self, name: str) -> Model:
        """Return the row of a model id; an alias or a retired id has none."""
        row = self.rows.get(name)
        if row is None:
            raise not_found(f"Not found the model {name} or Permission denied")
        return row

    def _check_tool_count(self, body: JsonObject) -> None:
        # Seen 2025-11 (MoonshotAI/Kimi-K2#90), perhaps gone: so it is a setting.
        most = self.settings.max_tools
        if most is not None and len(read_tools(body)) > most:
            raise invalid(f"a max of {most} tools can be supported")


def _check_tool_schemas(body: JsonObject, level: Level) -> None:
    for tool in read_tools(body):
        function = as_object(tool.get("function"))
        # `strict: false` promises no structure, so nothing is compiled from it.
        if "parameters" not in function or function.get("strict") is False:
            continue
        details = check_schema(function["parameters"], level)
        if details is not None:
            raise _not_mfjs("tools.function.parameters", details)


def _check_format_schema(body: JsonObject, level: Level) -> None:
    schema = as_object(as_object(body.get("response_format")).get("json_schema"))
    if not schema or schema.get("strict") is False:
        return
    details = check_schema(schema.get("schema"), level)
    if details is not None:
        raise _not_mfjs("response_format.json_schema", details)


def _not_mfjs(field: str, details: str) -> Refused:
    return invalid(
        f"Invalid request: {field} is not a valid moonshot flavored json schema, "
        f"details: <{details}>"
    )


def _check_window(body: JsonObject, model: Model) -> None:
    """Refuse a prompt that leaves no room, or not for the cap that it names."""
    wanted = count_prompt(body) + (requested_cap(body) or 0)
    if wanted > model.context_tokens:
        raise invalid(
            "Invalid request: Your request exceeded model token limit: "
            f"{model.context_tokens} (requested: {wanted})"
        )
