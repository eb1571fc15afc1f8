"""What other clients of this API send and read, sent and read by ChatKimi.

Three clients' own tests, in a neutral form (data/NOTICE.md): Moonshot's kosong (Python)
and kimi-code (TypeScript), and Vercel's. Where ChatKimi differs on purpose,
`DIFFERENCES` has what it does instead, and why.

The `files` of kimi_code_ts_pairs.json are a note on the Files API, not a pair.
"""

import base64
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi.catalogue import DEFAULT_MODEL, MODELS
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiQuotaError, KimiSettingError
from tests.conftest import Ask, Chat
from tests.emulator_client import post

Json: TypeAlias = dict[str, Any]

DATA = Path(__file__).parent / "data" / "wire_pairs"
KOSONG, KIMI_CODE, VERCEL = (
    json.loads((DATA / f"{name}.json").read_text())
    for name in (
        "kosong_py_snapshot_pairs",
        "kimi_code_ts_pairs",
        "vercel_moonshotai_pairs",
    )
)
REQUESTS: Mapping[str, Json] = {
    f"{client}/{pair['id']}": pair
    for client, pairs in (
        ("kosong", KOSONG["pairs"]),
        ("kimi_code", KIMI_CODE["request_pairs"]),
        ("vercel", VERCEL["request_pairs"]),
    )
    for pair in pairs
}
RESPONSES: Mapping[str, Json] = {
    pair["id"]: pair for pair in KIMI_CODE["response_pairs"]
}

# The model in the tests of kosong and kimi-code: it never thinks, and is not hosted
# any more. The other two have what it has not: an effort, a switch.
CLIENT_MODEL, EFFORT_MODEL, SWITCH_MODEL = (
    "kimi-k2-turbo-preview",
    "kimi-k3",
    "kimi-k2.6",
)


@dataclass(frozen=True, slots=True)
class Absent:
    """Stands for a path that a body does not have."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is sent; these words of the error say why."""

    words: str


Ours: TypeAlias = Json | Refused
"""What is sent instead, by path; a path that is not named is as the pair has it."""

_NO_TOOLS = (
    "kosong always sends `tools`, [] when there are none; ChatKimi sends nothing that "
    "the user did not set."
)
_COMPACT = (
    "LangChain holds parsed arguments; what is written from them is compact JSON, as "
    "Kimi itself writes it. Arguments that came from Kimi go back in the spelling in "
    "which they came: test_received_message_goes_back."
)
_PUBLIC_URL = (
    "Kimi fetches no public URL (vision guide, 2026-08-13): the request could only "
    "fail. The error says to send base64 data, or to upload the file."
)
_OPAQUE_ID = (
    "kimi-code rewrites ids alike for each provider it may switch to. To ChatKimi they "
    "are opaque: Kimi itself makes `name:0` and `functions.name:0` (recorded), and a "
    "rewritten id would not be the one in the user's traces and checkpoints."
)
_ANY_VALUE = (
    "A schema without a type allows any value. kimi-code guesses one type; ChatKimi "
    "allows what the author allowed, as a union, since Kimi wants a type."
)
_EFFORT = (
    "Both forms work, says Moonshot's verifier. The platform documents only top-level "
    "`reasoning_effort` (OpenAPI, 2026-08-17), and tells users of K3 to leave "
    "`thinking` out."
)
_BACKFILL = (
    "kimi-code adds an empty reasoning only with keep=all. But K2.6 answers 400 "
    "'reasoning_content is missing' to a tool call without any in the running loop, "
    "and accepts an empty one (langchain#36457)."
)
_BAD_KEEP = (
    "The API knows keep='all' and null (OpenAPI, 2026-08-17). Another value is a "
    "mistake, of which the caller is told instead of losing the reasoning in silence."
)

_FIRST_ARGUMENTS: Json = {
    "messages[1].tool_calls[0].function.arguments": '{"a":2,"b":3}'
}
_WITHOUT_TOOLS: Json = {"tools": ABSENT}
_PUBLIC = (Refused("unsupported image url"), _PUBLIC_URL)

DIFFERENCES: Mapping[str, tuple[Ours, str]] = {
    "kosong/simple_user_message": (_WITHOUT_TOOLS, _NO_TOOLS),
    "kosong/multi_turn_conversation": (_WITHOUT_TOOLS, _NO_TOOLS),
    "kosong/multi_turn_with_system": (_WITHOUT_TOOLS, _NO_TOOLS),
    "kosong/image_url": _PUBLIC,
    "kosong/tool_call": (
        {**_WITHOUT_TOOLS, **_FIRST_ARGUMENTS},
        f"{_NO_TOOLS} {_COMPACT}",
    ),
    "kosong/tool_call_with_image": _PUBLIC,
    "kosong/parallel_tool_calls": (
        {
            **_FIRST_ARGUMENTS,
            "messages[1].tool_calls[1].function.arguments": '{"a":4,"b":5}',
        },
        _COMPACT,
    ),
    "kosong/assistant_with_reasoning": (_WITHOUT_TOOLS, _NO_TOOLS),
    "kosong/assistant_with_empty_reasoning": (_WITHOUT_TOOLS, _NO_TOOLS),
    "kosong/assistant_tool_call_without_text": (
        {**_WITHOUT_TOOLS, **_FIRST_ARGUMENTS},
        f"{_NO_TOOLS} {_COMPACT}",
    ),
    "kosong/assistant_tool_call_with_reasoning_only": (
        {**_WITHOUT_TOOLS, **_FIRST_ARGUMENTS},
        f"{_NO_TOOLS} {_COMPACT}",
    ),
    "kimi_code/image_url": _PUBLIC,
    "kimi_code/enum_only_params": (
        {
            "tools[0].function.parameters.properties.startLine": {
                "anyOf": [
                    {"type": "number", "minimum": 1},
                    {"type": ["string", "boolean", "object", "array", "null"]},
                ]
            },
            "tools[0].function.parameters.properties.externalHint.type": [
                "string",
                "number",
                "boolean",
                "object",
                "array",
                "null",
            ],
        },
        _ANY_VALUE,
    ),
    "kimi_code/draft7_definitions": (
        {
            "tools[0].function.parameters.properties.tuple": {
                "anyOf": [
                    {"type": "array", "prefixItems": [{"enum": ["left", "right"]}]},
                    {"type": ["string", "number", "boolean", "object", "null"]},
                ]
            },
        },
        _ANY_VALUE,
    ),
    "kimi_code/tool_call_and_result": (_FIRST_ARGUMENTS, _COMPACT),
    "kimi_code/historical_id_normalised": (
        {
            "messages[1].tool_calls[0].id": "Read:9",
            "messages[2].tool_call_id": "Read:9",
        },
        _OPAQUE_ID,
    ),
    "kimi_code/tool_result_with_image": _PUBLIC,
    "kimi_code/no_backfill_missing": (
        {"messages[0].reasoning_content": ""},
        _BACKFILL,
    ),
    "kimi_code/no_backfill_null": ({"messages[0].reasoning_content": ""}, _BACKFILL),
    "kimi_code/no_backfill_false": (Refused("only keep=all or null"), _BAD_KEEP),
    "kimi_code/no_backfill_off": (Refused("only keep=all or null"), _BAD_KEEP),
    "kimi_code/thinking_high": (
        {"reasoning_effort": "high", "thinking": ABSENT},
        _EFFORT,
    ),
    "kimi_code/thinking_max": (
        {"reasoning_effort": "max", "thinking": ABSENT},
        _EFFORT,
    ),
    "kimi_code/thinking_merge_keep": (
        {"reasoning_effort": "high", "thinking": ABSENT},
        f"{_EFFORT} K3 always keeps its reasoning, so there is nothing to merge.",
    ),
    "kimi_code/whitespace_kept_without_calls": (
        {"messages": []},
        (
            "The API answers 400 'the message at position 0 with role 'assistant' must "
            "not be empty' to a blank message without tool calls: it is left out, with "
            "a warning, so that a conversation goes on after an answer that was cut."
        ),
    ),
    "kimi_code/stream_flags": (
        {"reasoning_effort": "high", "thinking": ABSENT},
        _EFFORT,
    ),
    "vercel/system_user_sampling": (
        {"temperature": ABSENT, "top_p": ABSENT},
        (
            "kimi-k3 answers 400 to any temperature but 1 (recorded 2026-09-01). What "
            "the model fixes is left out with a warning, as Vercel's own release "
            "2.0.61 does."
        ),
    ),
    "vercel/text_file_part": (
        Refused("cannot read a content block of type 'file'"),
        "Refused by both, each in its own words.",
    ),
    "vercel/keep_unsupported_model": (
        {"thinking": {"type": "enabled", "keep": "all"}},
        (
            "kimi-k2.5 is not hosted any more. Its weights are served by others, whose "
            "rules are not known: they are sent what the user sets."
        ),
    ),
    "vercel/generic_reasoning_none": (
        Refused("reasoning_effort='none' is unknown to kimi-k3"),
        (
            "K3 always thinks. To drop the wish would make it think at its highest "
            "effort; the error names what K3 accepts."
        ),
    ),
    "vercel/json_schema_on_v1_falls_back": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "response",
                    "schema": {"type": "object", "properties": {}},
                },
            }
        },
        (
            "To send json_object instead would drop the schema in silence. The model "
            "is not hosted any more; a host of its own says what it takes."
        ),
    ),
    "vercel/topk_seed_dropped": (
        Refused("Kimi has no setting 'top_k'"),
        (
            "The API ignores unknown names in silence, so that a typo would never be "
            "noticed. What must be sent all the same goes into extra_body."
        ),
    ),
    "vercel/assistant_tool_call_null_content": (
        {"messages[0].content": ABSENT, "messages[0].reasoning_content": ""},
        (
            "Content beside tool calls is left out where it is empty, as Moonshot's "
            "own clients do. A tool call that a thinking model did not make gets the "
            "empty reasoning that it must have."
        ),
    ),
}

# What the user is told of settings that are sent in another form, or not at all.
WARNINGS: Mapping[str, Sequence[str]] = {
    "vercel/system_user_sampling": (
        "temperature=0.5 was not sent",
        "top_p=0.3 was not sent",
    ),
    "vercel/generic_reasoning_xhigh": ("reasoning_effort='xhigh' was sent as 'max'",),
    "kimi_code/whitespace_kept_without_calls": ("The answer in messages[0] is empty",),
}

# What the API refuses of what these clients send; the emulator answers in its words.
REFUSED_BY_THE_API: Mapping[str, str] = {
    "kosong/image_url": "unsupported image url",
    "kosong/tool_call_with_image": "unsupported image url",
    "kimi_code/image_url": "unsupported image url",
    "kimi_code/empty_reasoning_on_tool_call_kept": (
        "an assistant message with 'tool_calls' must be followed by tool messages"
    ),
    "kimi_code/whitespace_kept_without_calls": (
        "the message at position 0 with role 'assistant' must not be empty"
    ),
    "vercel/system_user_sampling": "invalid temperature: only 1 is allowed",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    """One server for all: it also has the retired models, as other hosts do."""
    with Emulator(models=[model.id for model in MODELS]) as emulator:
        yield emulator


@pytest.fixture
def kimi(server: Emulator) -> Iterator[Emulator]:
    """The server, which is to have served all that a test scripted."""
    server.requests.clear()
    yield server
    assert server.pending == 0


@pytest.fixture
def streamed(request: pytest.FixtureRequest) -> bool:
    """Whether `ask` streams."""
    return "stream" in request.node.callspec.params["ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The input of a pair in LangChain's terms."""

    messages: list[BaseMessage]
    model: str
    fields: Json = field(default_factory=dict)
    """Fields of ChatKimi."""
    call: Json = field(default_factory=dict)
    """Settings of the call."""

    @property
    def before(self) -> list[BaseMessage]:
        """The call that a history lacks which begins with its result."""
        if self.messages and isinstance(self.messages[0], ToolMessage):
            call = {"name": "lookup", "args": {}, "id": self.messages[0].tool_call_id}
            return [HumanMessage("Look"), AIMessage("", tool_calls=[call])]
        return []

    @property
    def after(self) -> list[BaseMessage]:
        """The results that a history lacks, or the question."""
        last = self.messages[-1] if self.messages else AIMessage("")
        if not isinstance(last, AIMessage):
            return []
        results = [ToolMessage("ok", tool_call_id=c["id"]) for c in last.tool_calls]
        return [*results] or [HumanMessage("Hi")]

    @property
    def conversation(self) -> list[BaseMessage]:
        return [*self.before, *self.messages, *self.after]

    @property
    def streams(self) -> bool:
        return self.fields.get("streaming", False)

    def own_part(self, body: Json) -> Json:
        """A body without the messages that completed the history."""
        end = len(body["messages"]) - len(self.after)
        return {**body, "messages": body["messages"][len(self.before) : end]}


def build_case(id: str, form: str) -> Case:
    """Translate a pair; `form` is where an answer's reasoning stands."""
    client, pair = id.split("/")[0], REQUESTS[id]
    return _BUILDERS[client](pair, form)


def build_kosong(pair: Json, form: str) -> Case:
    given = pair["input"]
    assert given.keys() == {"system", "tools", "history"}
    messages, call = read_history(given, form), _tools(given["tools"])
    return Case(messages=messages, model=CLIENT_MODEL, call=call)


_KIMI_CODE_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "prompt_cache_key": "prompt_cache_key",
    "thinking": "thinking",
    "extra_body": "extra_body",
    "stream": "streaming",
}
_SWITCHES = {"off": False, "on": True}


def build_kimi_code(pair: Json, form: str) -> Case:
    given = dict(pair["input"])
    # The answer is received, not built: test_request serves it first.
    received = given.pop("prior_response_message", None)
    messages = [] if received else read_history(given, form)
    for name in ("system", "history"):
        given.pop(name, None)
    call = _tools(given.pop("tools", []))
    # With both caps, one is the model's and the other the call's.
    for name in ("max_completion_tokens", "response_format"):
        if name in given:
            call[name] = given.pop(name)
    if "response_format" in call:
        described = call["response_format"]
        call["response_format"] = {"type": "json_schema", "json_schema": described}
    effort = _effort(given.pop("thinking_effort", None))
    fields = {_KIMI_CODE_NAMES[name]: value for name, value in given.items()} | effort
    model = _model_for(fields, messages)
    return Case(messages=messages, model=model, fields=fields, call=call)


def _effort(effort: str | None) -> Json:
    if effort in _SWITCHES:
        return {"thinking": _SWITCHES[effort]}
    return {"reasoning_effort": effort} if effort else {}


def _model_for(fields: Json, messages: list[BaseMessage]) -> str:
    if "thinking" in fields:
        return SWITCH_MODEL
    dynamic = any("tools" in message.additional_kwargs for message in messages)
    return EFFORT_MODEL if dynamic or "reasoning_effort" in fields else CLIENT_MODEL


_VERCEL_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "reasoningEffort": "reasoning_effort",
    "reasoning": "reasoning_effort",
    "promptCacheKey": "prompt_cache_key",
    "safetyIdentifier": "safety_identifier",
    "stream": "streaming",
}


def build_vercel(pair: Json, form: str) -> Case:
    given = dict(pair["input"])
    messages = list(_vercel_messages(given, form))
    fields = _vercel_thinking(given)
    others = {"topK": "top_k", "seed": "seed"}
    kwargs = {ours: given.pop(name) for name, ours in others.items() if name in given}
    if kwargs:
        fields["model_kwargs"] = kwargs
    call = _vercel_format(given)
    fields |= {_VERCEL_NAMES[name]: value for name, value in given.items()}
    model = DEFAULT_MODEL if pair["model"] == "-" else pair["model"]
    return Case(messages=messages, model=model, fields=fields, call=call)


def _vercel_messages(given: Json, form: str) -> Iterator[BaseMessage]:
    if "system" in given:
        yield SystemMessage(given.pop("system"))
    if "user" in given:
        yield HumanMessage(given.pop("user"))
    if "parts" in given:
        yield HumanMessage([_vercel_part(part) for part in given.pop("parts")])
    if "assistant" in given:
        answer = given.pop("assistant")
        calls = [_call(**call) for call in answer.get("tool_calls", [])]
        yield _answer(answer.get("reasoning"), answer.get("text", ""), calls, form)
    if "tool" in given:
        tool = given.pop("tool")
        text = json.dumps(tool["json"], separators=(",", ":")) if "json" in tool else ""
        yield ToolMessage(tool.get("text", text), tool_call_id=tool["id"])


def _vercel_part(part: str) -> Json:
    """Read "text:Hi", "image/png bytes 00010203" or "text/plain file"."""
    if part.startswith("text:"):
        return {"type": "text", "text": part.removeprefix("text:")}
    mime_type, _, data = part.partition(" ")
    kind = mime_type.split("/")[0] if data.startswith("bytes ") else "file"
    raw = bytes.fromhex(data.removeprefix("bytes ")) if kind != "file" else b"Hi"
    encoded = base64.b64encode(raw).decode()
    return {"type": kind, "base64": encoded, "mime_type": mime_type}


def _vercel_thinking(given: Json) -> Json:
    names = {"type": "type", "budgetTokens": "budget_tokens"}
    thinking = {names[k]: v for k, v in given.pop("thinking", {}).items()}
    # "interleaved" is the API's default: there is nothing to send.
    if given.pop("reasoningHistory", None) == "preserved":
        thinking = {"type": "enabled", **thinking, "keep": "all"}
    return {"thinking": thinking} if thinking else {}


def _vercel_format(given: Json) -> Json:
    if given.pop("json", False):
        return {"response_format": {"type": "json_object"}}
    if "schema" not in given:
        return {}
    # Vercel's own default name.
    described = {"name": given.pop("name", "response"), "schema": given.pop("schema")}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


_BUILDERS = {
    "kosong": build_kosong,
    "kimi_code": build_kimi_code,
    "vercel": build_vercel,
}


def _tools(tools: list[Json]) -> Json:
    return {"tools": [_tool(tool) for tool in tools]} if tools else {}


def _tool(tool: Json) -> Json:
    """OpenAI's form; a tool of the server's own is the API's dict in LangChain too."""
    if tool["name"].startswith("$"):
        return {"type": "builtin_function", "function": {"name": tool["name"]}}
    return {"type": "function", "function": tool}


def read_history(given: Json, form: str) -> list[BaseMessage]:
    system = [SystemMessage(given["system"])] if given.get("system") else []
    return [*system, *(read_message(m, form) for m in given.get("history", []))]


_MESSAGE_KEYS = {
    "role",
    "content",
    "reasoning",
    "tool_calls",
    "tool_call_id",
    "tools",
}


def read_message(message: Json, form: str) -> BaseMessage:
    assert message.keys() <= _MESSAGE_KEYS
    match message["role"]:
        case "user":
            return HumanMessage(message["content"])
        case "tool":
            id = message["tool_call_id"]
            return ToolMessage(message["content"], tool_call_id=id)
        case "system":
            tools = [_tool(tool) for tool in message["tools"]]
            return SystemMessage("", additional_kwargs={"tools": tools})
        case _:
            return read_answer(message, form)


def read_answer(message: Json, form: str) -> AIMessage:
    content = message.get("content", "")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    thoughts = [part["think"] for part in parts if part["type"] == "think"]
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    reasoning = message.get("reasoning", thoughts[0] if thoughts else None)
    calls = [
        _call(call["id"], function["name"], json.loads(function["arguments"]))
        for call in message.get("tool_calls", [])
        for function in [call.get("function", call)]
    ]
    return _answer(reasoning, text, calls, form)


def _call(id: str, name: str, args: Json) -> Json:
    return {"type": "tool_call", "id": id, "name": name, "args": args}


def _answer(
    reasoning: str | None, text: str, calls: list[Json], form: str
) -> AIMessage:
    """An answer with its reasoning in additional_kwargs (v0) or in a block (v1)."""
    if form == "v0":
        told = {} if reasoning is None else {"reasoning_content": reasoning}
        return AIMessage(text, tool_calls=calls, additional_kwargs=told)
    blocks: list[Any] = []
    if reasoning is not None:
        blocks.append({"type": "reasoning", "reasoning": reasoning})
    if text:
        blocks.append({"type": "text", "text": text})
    metadata = {"model_provider": "moonshot", "output_version": "v1"}
    return AIMessage(content_blocks=[*blocks, *calls], response_metadata=metadata)


def look_up(body: Any, path: str) -> Any:
    """Return what stands at a path such as `messages[0].content`, or ABSENT."""
    for step in _steps(path):
        try:
            body = body[step]
        except (KeyError, IndexError):
            return ABSENT
    return body


def _steps(path: str) -> list[str | int]:
    steps = re.findall(r"[^.\[\]]+", path)
    return [int(step) if re.fullmatch(r"-?\d+", step) else step for step in steps]


def expected_of(pair: Json) -> Json:
    """What the other client sends, by path."""
    return {**dict.fromkeys(pair.get("absent", []), ABSENT), **pair["expected"]}


def patch(expected: Json, ours: Json) -> Json:
    """Put our own values in place of the other client's, also inside of them."""
    patched = deepcopy(expected)
    for path, value in ours.items():
        whole = next((k for k in patched if path.startswith((f"{k}.", f"{k}["))), None)
        if whole is None:
            patched[path] = value
        else:
            _put(patched[whole], path.removeprefix(whole), value)
    return patched


def _put(holder: Any, path: str, value: object) -> None:
    *steps, last = _steps(path)
    for step in steps:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value


def differing(body: Json, expected: Json) -> Json:
    """The paths at which a body is not as expected, with what stands there."""
    found = {path: look_up(body, path) for path in expected}
    return {path: value for path, value in found.items() if value != expected[path]}


def _whole_calls(pair: Json) -> list[Json]:
    """The assistant messages with tool calls of a pair's request."""
    messages = pair["expected"].get("messages", [])
    return [message for message in messages if "tool_calls" in message]


WITH_CALLS = [id for id, pair in REQUESTS.items() if _whole_calls(pair)]
EFFORTS = [
    id
    for id, pair in REQUESTS.items()
    if "effort" in pair["expected"].get("thinking", {})
]
FORMS = [
    (id, form)
    for id, pair in REQUESTS.items()
    for form in ("v0", "v1")
    # Only answers have two forms.
    if form == "v0" or "assistant" in json.dumps(pair["input"])
]


def test_every_pair_has_its_test() -> None:
    """A new kind of entry, or a pair that another hides, is noticed here."""
    told = {"source", "licence", "client", "note"}
    assert KOSONG.keys() - told == {"pairs"}
    assert KIMI_CODE.keys() - told == {"request_pairs", "response_pairs", "files"}
    assert VERCEL.keys() - told == {"request_pairs", "usage_pairs"}
    assert len(REQUESTS) == 13 + 33 + 23
    assert {id for id, _ in FORMS} == REQUESTS.keys()
    assert {*MESSAGES, *USAGES, *STREAMS, *FAILURES} == RESPONSES.keys()
    assert len(RESPONSES) == 12
    assert len(VERCEL["usage_pairs"]) == 5
    assert len(list(DATA.iterdir())) == 3
    tables = {*DIFFERENCES, *WARNINGS, *REFUSED_BY_THE_API}
    assert tables <= REQUESTS.keys()


class TestRequests:
    @pytest.mark.parametrize(("id", "form"), FORMS)
    async def test_request(
        self, kimi: Emulator, chat: Chat, ask: Ask, streamed: bool, id: str, form: str
    ) -> None:
        pair, case = REQUESTS[id], build_case(id, form)
        ours, _ = DIFFERENCES.get(id, ({}, ""))
        if isinstance(ours, Refused):
            with pytest.raises(KimiSettingError, match=re.escape(ours.words)):
                await send(chat, ask, case)
            assert not kimi.requests
            return
        if "prior_response_message" in pair["input"]:
            message = pair["input"]["prior_response_message"]
            case.messages.append(await receive(kimi, chat, ask, message, streamed))
        assert await send(chat, ask, case) == list(WARNINGS.get(id, ()))
        body = case.own_part(kimi.requests[-1].body)
        check_stream_flags(body, streamed=streamed or case.streams)
        expected = patch(expected_of(pair), ours)
        assert differing(body, expected) == {}
        roots = {str(_steps(path)[0]) for path in expected}
        assert body.keys() <= {*roots, *pair["input"], *_ALWAYS}
        if ours:
            assert differing(body, expected_of(pair)) != {}, "no difference any more"

    @pytest.mark.parametrize("id", EFFORTS)
    async def test_effort_inside_of_thinking(
        self, kimi: Emulator, chat: Chat, ask: Ask, id: str
    ) -> None:
        """The clients' own object says the same to ChatKimi."""
        thinking = REQUESTS[id]["expected"]["thinking"]
        await ask(chat(model=EFFORT_MODEL, thinking=thinking), "Hi")
        body = kimi.requests[-1].body
        assert body["reasoning_effort"] == thinking["effort"]
        assert "thinking" not in body

    @pytest.mark.parametrize("id", WITH_CALLS)
    async def test_received_message_goes_back(
        self, kimi: Emulator, chat: Chat, ask: Ask, streamed: bool, id: str
    ) -> None:
        """What came from Kimi goes back letter by letter: it is a cached prefix."""
        [wire] = _whole_calls(REQUESTS[id])
        answer = await receive(kimi, chat, ask, wire, streamed)
        case = Case(messages=[HumanMessage("Add"), answer], model=CLIENT_MODEL)
        await send(chat, ask, case)
        assert kimi.requests[-1].body["messages"][1] == wire


_ALWAYS = ("model", "messages", "stream", "stream_options")


async def send(chat: Chat, ask: Ask, case: Case) -> list[str]:
    """Send a conversation; return what was warned of, as far as WARNINGS says it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = chat(model=case.model, **case.fields)
        await ask(model, case.conversation, **case.call)
    return [str(warning.message).split(":")[0] for warning in caught]


def check_stream_flags(body: Json, *, streamed: bool) -> None:
    assert body.get("stream") is (True if streamed else None)
    flags = {"include_usage": True} if streamed else None
    assert body.get("stream_options") == flags


# --- The other way round: the clients' own requests, as they are ----------------------

VERBATIM = [
    id
    for id, pair in REQUESTS.items()
    if not any(key == "raises" or re.search(r"[.\[]", key) for key in pair["expected"])
]


@pytest.mark.parametrize("id", VERBATIM)
def test_emulator_accepts(kimi: Emulator, id: str) -> None:
    """The emulator takes what other clients of the API send, or refuses as it does."""
    hello = {"role": "user", "content": "Hi"}
    model = build_case(id, "v0").model
    body = {"model": model, "messages": [hello], **REQUESTS[id]["expected"]}
    answer = post(kimi, body)
    if id in REFUSED_BY_THE_API:
        assert answer.status == 400
        kind, words = answer.error
        assert kind == "invalid_request_error"
        assert REFUSED_BY_THE_API[id] in words
    else:
        assert answer.status == 200, answer.raw


def test_refusals_are_of_whole_requests() -> None:
    assert set(VERBATIM) >= REFUSED_BY_THE_API.keys()


# --- Responses ------------------------------------------------------------------------

MESSAGES, USAGES, FAILURES = (
    [id for id, pair in RESPONSES.items() if kind in pair]
    for kind in ("message", "usage", "status")
)
STREAMS = [id for id, pair in RESPONSES.items() if {"deltas", "chunk"} & pair.keys()]


class TestResponses:
    @pytest.mark.parametrize("id", MESSAGES)
    async def test_message(
        self, kimi: Emulator, chat: Chat, ask: Ask, streamed: bool, id: str
    ) -> None:
        pair = RESPONSES[id]
        answer = await receive(kimi, chat, ask, pair["message"], streamed)
        check_answer(answer, pair["expect"])

    @pytest.mark.parametrize("id", USAGES)
    async def test_usage(
        self, kimi: Emulator, chat: Chat, ask: Ask, streamed: bool, id: str
    ) -> None:
        pair = RESPONSES[id]
        serve(kimi, {"content": "Hi"}, streamed=streamed, usage=pair["usage"])
        check_answer(await ask(chat(), "Hi"), pair["expect"])

    @pytest.mark.parametrize("id", STREAMS)
    async def test_stream(
        self, kimi: Emulator, chat: Chat, ask_stream: Ask, id: str
    ) -> None:
        pair = RESPONSES[id]
        deltas = [as_chunk(delta) for delta in pair.get("deltas", [])]
        serve_stream(kimi, [*deltas, pair.get("chunk", as_chunk({}, "tool_calls"))])
        check_answer(await ask_stream(chat(), "Hi"), pair["expect"])

    @pytest.mark.parametrize("id", FAILURES)
    async def test_retry(self, kimi: Emulator, chat: Chat, ask: Ask, id: str) -> None:
        pair = RESPONSES[id]
        body, wait = json.dumps(pair["body"]).encode(), {"Retry-After": "0"}
        kimi.send(body, status=pair["status"], headers=wait)
        model = chat(max_retries=1)
        if pair["expect"]["retry"]:
            assert (await ask(model, "Hi")).content
            assert len(kimi.requests) == 2
        else:
            with pytest.raises(KimiQuotaError):
                await ask(model, "Hi")
            assert len(kimi.requests) == 1

    @pytest.mark.parametrize("pair", VERCEL["usage_pairs"])
    async def test_vercel_usage(
        self, kimi: Emulator, chat: Chat, ask: Ask, streamed: bool, pair: Json
    ) -> None:
        """Vercel says 0 where LangChain leaves a detail out that was not reported."""
        serve(kimi, {"content": "Hi"}, streamed=streamed, usage=pair["usage"])
        usage = (await ask(chat(), "Hi")).usage_metadata
        assert usage["input_tokens"] == pair["input_total"]
        assert usage["output_tokens"] == pair["output_total"]
        assert usage["total_tokens"] == pair["input_total"] + pair["output_total"]
        read = usage.get("input_token_details", {}).get("cache_read", 0)
        assert read == pair["cache_read"]
        thought = usage.get("output_token_details", {}).get("reasoning", 0)
        assert thought == pair["reasoning"]


def check_answer(answer: AIMessage, expect: Json) -> None:
    """Check each thing that a pair expects, and know all of them."""
    usage = answer.usage_metadata or {}
    found = {
        "content": answer.content,
        "reasoning": answer.additional_kwargs.get("reasoning_content"),
        "tool_calls": _named_ids(answer.tool_calls, expect.get("tool_calls", [])),
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "cached": usage.get("input_token_details", {}).get("cache_read"),
    }
    assert {name: found[name] for name in expect} == expect
    assert answer.invalid_tool_calls == []


def _named_ids(calls: Sequence[Any], expected: list[Json]) -> list[Json]:
    """The calls as the pairs have them; any id will do where the pair says so."""
    read = [{key: call[key] for key in ("id", "name", "args")} for call in calls]
    for call, wanted in zip(read, expected, strict=True):
        if wanted["id"] == "<any non-empty>" and call["id"]:
            call["id"] = wanted["id"]
    return read


async def receive(
    kimi: Emulator, chat: Chat, ask: Ask, message: Json, streamed: bool
) -> AIMessage:
    """Serve a message of the wire, and return it as ChatKimi reads it."""
    serve(kimi, message, streamed=streamed)
    return await ask(chat(model=CLIENT_MODEL), "Hi")


def serve(
    kimi: Emulator, message: Json, *, streamed: bool, usage: Json | None = None
) -> None:
    """Script the next answer: whole, or the same as a stream of one delta."""
    reason = "tool_calls" if "tool_calls" in message else "stop"
    if streamed:
        chunks = [as_chunk(_with_indexes(message)), as_chunk({}, reason)]
        serve_stream(kimi, [*chunks, {"choices": [], "usage": usage}])
        return
    choice = {"index": 0, "message": message, "finish_reason": reason}
    kimi.send(json.dumps({"choices": [choice], "usage": usage}).encode())


def _with_indexes(message: Json) -> Json:
    if "tool_calls" not in message:
        return message
    calls = enumerate(message["tool_calls"])
    return {**message, "tool_calls": [{"index": i, **call} for i, call in calls]}


def as_chunk(delta: Json, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"choices": [choice]}


def serve_stream(kimi: Emulator, chunks: list[Json]) -> None:
    events = [*(json.dumps(chunk) for chunk in chunks), "[DONE]"]
    body = "".join(f"data: {event}\n\n" for event in events)
    kimi.send(body.encode(), content_type="text/event-stream")
