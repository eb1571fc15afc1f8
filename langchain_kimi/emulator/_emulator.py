"""The emulator as a test sees it: start, script, look at the requests, close."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from langchain_kimi._mfjs import Level
from langchain_kimi._wire import JsonObject
from langchain_kimi.emulator._api import ANTHROPIC_ROOT, Api
from langchain_kimi.emulator._exchange import Reply, Request
from langchain_kimi.emulator._failures import build_failure
from langchain_kimi.emulator._fault_queue import Faulted, FaultQueue, choose_fault
from langchain_kimi.emulator._script import (
    CHAT_PATH,
    Script,
    ScriptedAnswer,
    read_calls,
)
from langchain_kimi.emulator._server import HOST, Server
from langchain_kimi.emulator._settings import Settings, ToolIdStyle

DEFAULT_KEY = "sk-emulator"


class Emulator:
    """A strict local Kimi API on 127.0.0.1, for tests and demos.

    Example:
        ```python
        with Emulator() as kimi:
            kimi.reply("Hello!", reasoning="A greeting.")
            client = OpenAI(base_url=kimi.base_url, api_key=kimi.api_key)
        ```
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_keys: Collection[str] | None = None,
        models: Collection[str] | None = None,
        strict_reasoning: bool | None = None,
        tool_id_style: ToolIdStyle = "name_0",
        max_tools: int | None = 128,
        tools_level: Level = "strict",
        response_format_level: Level = "ultra",
        choice_usage: bool = True,
        x_api_key: bool = False,
        strict_signatures: bool = False,
        faults: Collection[str] | None = None,
        fault_rate: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Set up an emulator; `start`, or a `with` block, opens its port.

        Args:
            port: The TCP port; 0 takes a free one.
            api_keys: The keys that are accepted; None accepts all that begin "sk-".
            models: The model ids that answer, retired ones if you like; None serves
                what the hosted API serves now.
            strict_reasoning: Whether a tool-call message without its reasoning gets
                400: None where the model is known to (K2.x), True also where it is
                only said to answer worse (K3), False never.
            tool_id_style: How tool-call ids are written; the number restarts at 0 in
                each response.
            max_tools: The most tools of a request; None sets no limit.
            tools_level: The MFJS level at which tool parameters are checked.
            response_format_level: The MFJS level for the schema of `response_format`.
            choice_usage: Whether the last choice of a stream carries the usage, as
                the API's does with and without `include_usage`.
            x_api_key: Whether the Anthropic route takes a key in `x-api-key` too. Only
                a Bearer token is documented, and reports on the other differ.
            strict_signatures: Whether the Anthropic route refuses thinking that comes
                back changed or unsigned. Its documentation wants it unchanged, but it
                was seen to take both.
            faults: Faults as the command takes them, such as `cut:at=in_event`. With
                a rate those that are drawn, None for all that end by themselves and
                harm no other request; without, those of the first chat requests.
            fault_rate: The share of chat requests that gets a drawn fault, 0 to 1.
            seed: What decides which requests and faults; equal seeds decide alike.

        Raises:
            ValueError: A name in `models` is no model id of the catalogue, or there is
                no such fault, parameter or rate.
        """
        self._port = port
        self._settings = Settings(
            api_keys=api_keys,
            models=models,
            strict_reasoning=strict_reasoning,
            tool_id_style=tool_id_style,
            max_tools=max_tools,
            tools_level=tools_level,
            response_format_level=response_format_level,
            choice_usage=choice_usage,
            x_api_key=x_api_key,
            strict_signatures=strict_signatures,
        )
        self._script = Script()
        self._api = Api(self._settings, self._script)
        self._faults = FaultQueue(faults, fault_rate, seed)
        self._server: Server | None = None
        self.requests: list[Request] = []
        """The requests that have arrived, refused ones too."""
        self.faulted: list[Faulted] = []
        """The faults that were served, each with its request."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> Self:
        """Open the port; return once requests are answered.

        Raises:
            OSError: The port is taken.
        """
        if self._server is None:
            self._server = Server(self.handle, self._port)
        return self

    def close(self) -> None:
        """Close the port and all connections; streams end where they are."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL: "http://127.0.0.1:PORT/v1"."""
        return f"{self._origin}/v1"

    @property
    def anthropic_url(self) -> str:
        """What an Anthropic client takes: "http://127.0.0.1:PORT/anthropic"."""
        return f"{self._origin}{ANTHROPIC_ROOT}"

    @property
    def _origin(self) -> str:
        if self._server is None:
            raise RuntimeError("the emulator is not running: call start() first")
        return f"http://{HOST}:{self._server.port}"

    @property
    def api_key(self) -> str:
        """A key that is accepted."""
        return next(iter(self._settings.api_keys or ()), DEFAULT_KEY)

    @property
    def pending(self) -> int:
        """How many scripted replies and faults were not served yet."""
        return len(self._script) + len(self._faults)

    @property
    def connections(self) -> int:
        """How many clients are connected now: what they do not use they may keep."""
        return 0 if self._server is None else self._server.connections

    def handle(self, request: Request) -> Reply:
        """Record a request and return its reply, without any network.

        Args:
            request: Any HTTP request; see `Request`.
        """
        self.requests.append(request)
        fault = self._faults.take(request.path)
        if fault is None:
            return self._api.handle(request)
        self.faulted.append(Faulted(str(fault), request))
        return fault.reply(request, self._api.handle)

    def reply(
        self,
        content: str = "",
        *,
        reasoning: str | None = None,
        tool_calls: Sequence[Mapping[str, Any]] | None = None,
        finish_reason: str | None = None,
        usage: JsonObject | None = None,
        fragment: int | None = None,
        done: bool = True,
        leak: bool = False,
    ) -> None:
        """Script the answer to the next chat request that breaks no rule.

        It is sent as it is: neither `stop` nor the output cap cuts it. The Anthropic
        route writes it in its own form.

        Args:
            content: The text.
            reasoning: The thinking; None makes one up, "" is sent as it is. A
                request in instant mode gets none in any case.
            tool_calls: Each a dict of `name`, `arguments` (a dict, or a string that
                is sent as it is) and, if wished, `id` and `type`.
            finish_reason: None takes "tool_calls" or "stop".
            usage: The usage object of Chat Completions; None counts.
            fragment: The characters of each piece of a stream; None sends tokens.
            done: False leaves out the end of a stream: `data: [DONE]`, or the event
                `message_stop`.
            leak: True sends the thinking at the head of the content.
        """
        if fragment is not None and fragment < 1:
            raise ValueError(f"fragment must be 1 or more, not {fragment}")
        self._script.add(
            ScriptedAnswer(
                content=content,
                reasoning=reasoning,
                calls=read_calls(tool_calls or ()),
                finish_reason=finish_reason,
                usage=usage,
                fragment=fragment,
                done=done,
                leak=leak,
            )
        )

    def fail(
        self,
        status: int | str,
        type: str | None = None,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        path: str = CHAT_PATH,
    ) -> None:
        """Script an error for the next chat request with a good key.

        `kimi.fail("engine_overloaded_error")` takes status, words and headers from a
        preset; the presets are the API's error types and `exceeded_model_token_limit`.

        Args:
            status: The HTTP status, or the name of a preset.
            type: The error type; not needed with a preset.
            message: The words; None takes those of the preset of this type.
            headers: Header fields; None takes the preset's.
            path: Another path whose next request gets it; `*` stands for anything.

        Raises:
            ValueError: A part is missing and there is no such preset.
        """
        name = type or (status if isinstance(status, str) else "")
        code = status if isinstance(status, int) else None
        self._script.add(build_failure(code, name, message, headers), path)

    def send(
        self,
        body: bytes,
        *,
        status: int = 200,
        content_type: str = "application/json; charset=utf-8",
        headers: Mapping[str, str] | None = None,
        path: str = CHAT_PATH,
    ) -> None:
        """Script raw bytes for the next chat request with a good key.

        Args:
            body: The body, such as a recorded stream or a gateway's HTML page.
            status: The HTTP status.
            content_type: "text/event-stream" for a recorded stream.
            headers: More header fields.
            path: Another path whose next request gets it; `*` stands for anything.
        """
        fields = {"Content-Type": content_type, **(headers or {})}
        self._script.add(Reply(status=status, headers=fields, body=body), path)

    def fault(self, name: str, *, path: str = CHAT_PATH, **parameters: Any) -> None:
        """Script a fault for the next chat request; its reply is scripted as ever.

        `kimi.fault("cut", at="in_event")` cuts what `reply`, `send` or the automatic
        answer gives. Several faults queue up, one a request; docs/emulator.md lists
        them with their parameters, as does the command with `--list-faults`.

        Args:
            name: The fault.
            path: Another path whose next request gets it; `*` stands for anything.
            **parameters: Its parameters; each has a usual value.

        Raises:
            ValueError: There is no such fault or parameter, or it takes no such value.
        """
        self._faults.add(choose_fault(name, parameters), path)
