"""Wrong input of every kind: one clear error before any request, and nothing left.

"Clear" is: it names what was given, what is accepted, or what to do; the words are in
the tables.
"""

import os
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents.base import Blob
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_kimi import (
    ChatKimi,
    KimiBatches,
    KimiFileLoader,
    KimiFileParser,
    KimiFiles,
    KimiFormulaToolkit,
    dynamic_tools,
)
from langchain_kimi.emulator import Emulator
from langchain_kimi.errors import KimiSettingError
from tests.conftest import Ask, Chat, Twins

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_left(kimi: Emulator, request: pytest.FixtureRequest) -> Any:
    """No test of this module sends anything, nor leaves a file behind."""
    yield
    assert [f"{r.method} {r.path}" for r in kimi.requests] == []
    with KimiFiles(kimi.api_key, kimi.base_url) as files:
        assert files.list() == []


@pytest.fixture
def target(kimi: Emulator) -> dict[str, Any]:
    return {"api_key": kimi.api_key, "base_url": kimi.base_url}


def look(at: str) -> str:
    """Look at something."""
    return at


def _image(**keys: Any) -> list[Any]:
    return [HumanMessage([{"type": "image", **keys}])]


def _block(**block: Any) -> list[Any]:
    return [HumanMessage([block])]


def _calling(args: Any = None, id: str = "1") -> AIMessage:
    call = {"name": "look", "args": args or {}, "id": id, "type": "tool_call"}
    return AIMessage("", tool_calls=[call])


_PNG = {"mime_type": "image/png"}
_RESULT = ToolMessage("7", tool_call_id="1")
_PICTURES = "fetches no public URL.*base64 data.*upload the file"
_CONVERSATIONS: dict[str, tuple[Any, str]] = {
    "none": ([], "messages must not be empty.*send at least one message"),
    "blank": ([HumanMessage(" ")], r"messages\[0\].content.*must not be empty"),
    "a blank one among others": (["a", ("human", "")], "must not be empty"),
    "a number": (3, "Invalid input type.*int.*Must be"),
    "nothing": (None, "Invalid input type.*NoneType.*Must be"),
    "an unknown role": ([("robot", "x")], "'robot'. Use one of 'human'"),
    "a role of one's own": (
        [ChatMessage("x", role="robot")],
        "no role for a ChatMessage. Send System-, Human-",
    ),
    "an old message": (
        [FunctionMessage("x", name="f")],
        "no role for a FunctionMessage. Send System-, Human-",
    ),
    "half a surrogate pair": ("\ud800", "text without lone surrogates"),
    "a public picture": (_image(url="http://a.org/b.png"), f"a.org/b.png.*{_PICTURES}"),
    "a public video": (
        _block(type="video_url", video_url={"url": "https://a.org/b.mp4"}),
        "unsupported video url.*upload the file",
    ),
    "a public picture of a tool": (
        [
            HumanMessage("x"),
            _calling(),
            ToolMessage(_image(url="http://a")[0].content, tool_call_id="1"),
        ],
        _PICTURES,
    ),
    "a file as picture": (_image(url="file:///a.png"), _PICTURES),
    "SVG": (_image(base64="aa", mime_type="image/svg+xml"), "reads no SVG"),
    "a video as picture": (_image(base64="aa", mime_type="video/mp4"), "image url"),
    "a picture of bytes": (
        _image(base64=b"\x89PNG", **_PNG),
        r"no base64 text: b'.*b64encode",
    ),
    "a data URL as data": (
        _image(base64="data:image/png;base64,aa", **_PNG),
        "no base64 text",
    ),
    "a path as data": (_image(base64="./a.png", **_PNG), "no base64 text: './a.png'"),
    "a picture without data": (_image(), "no data.*Give base64 with mime_type"),
    "an empty file id": (_image(file_id=""), "no data.*a file_id"),
    "an empty part": (
        _block(type="image_url", image_url=None),
        "no data: it has the keys.*a data: URL",
    ),
    "audio": (_block(type="audio", base64="aa"), "'audio'. It reads text.*Files API"),
    "a PDF": (_block(type="file", base64="aa"), "'file'. It reads text.*Files API"),
    "a block without type": (_block(text="x"), "of type None. It reads text"),
    "a number as text": (_block(type="text", text=3), "no text but 3. Write it as"),
    "an orphan result": (
        ["x", _RESULT],
        "tool_call_id 1 is not found.*message that made the call before",
    ),
    "a result twice": (
        ["x", _calling(), _RESULT, _RESULT],
        "tool_call_id 1 is not found",
    ),
    "a call without result": (
        ["x", _calling(), HumanMessage("y")],
        "did not have response messages: 1.*append one ToolMessage",
    ),
    "arguments that are not JSON": (
        ["x", _calling({"a": {1, 2}}), _RESULT],
        r"arguments \{'a': \{1, 2\}\} of a tool call are not JSON",
    ),
    "dynamic tools twice": (
        ["x", dynamic_tools([look]), dynamic_tools([look])],
        "function name look is duplicated.*its own name",
    ),
    "dynamic tools with text": (
        ["x", SystemMessage("y", additional_kwargs={"tools": [look]})],
        "cannot be used with content.*a message of its own",
    ),
    "dynamic tools in a wrong form": (
        ["x", SystemMessage("", additional_kwargs={"tools": "look"})],
        "tools are allowed only as a list",
    ),
}


@pytest.mark.parametrize("name", _CONVERSATIONS)
async def test_conversations(chat: Chat, ask: Ask, name: str) -> None:
    given, words = _CONVERSATIONS[name]
    with pytest.raises(ValueError, match=f"(?s){words}"):
        await ask(chat(), given)


_LOOKS: dict[str, Any] = {"name": "look", "description": "x", "parameters": {}}
_FORM = {"type": "json_schema"}
_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown effort": (
        {"reasoning_effort": "ultra"},
        "reasoning_effort='ultra'.*low, high, max",
    ),
    "no effort": ({"reasoning_effort": "none"}, "Give one of low, high, max"),
    "thinking off": ({"thinking": False}, "always thinks.*lower it.*kimi-k2.6"),
    "an over-long stop": ({"stop": ["a" * 33]}, "stop=.*32 bytes at most.*shorten"),
    "six stops": ({"stop": list("abcdef")}, "at most 5 strings.*shorten stop"),
    "a stop of bytes": ({"stop": [b"a"]}, "a string or a list of strings is expected"),
    "a misspelt setting": ({"temprature": 1}, "no setting 'temprature'. Did you mean"),
    "a setting of the model": ({"api_key": "x"}, r"give it to ChatKimi\(api_key="),
    "no model": ({"model": ""}, "model='' is not a model id. Give one such as"),
    "a model as number": ({"model": 3}, "model=3 is not a model id"),
    "a cap of 0": ({"max_tokens": 0}, "positive integer.*default is 131072"),
    "a cap beyond the window": ({"max_tokens": 2_000_000}, "at most 1048576"),
    "logprobs": ({"logprobs": True}, "only false is allowed.*leave logprobs out"),
    "logit_bias": ({"logit_bias": {}}, "not supported yet.*leave logit_bias out"),
    "a value that is no JSON": ({"seed": {1}}, "cannot be written as JSON"),
    "extra_body as text": ({"extra_body": "x"}, "extra_body='x' is not a dict"),
    "cache options as text": (
        {"prompt_cache_options": "1h"},
        "prompt_cache_options='1h'.*an object is expected.*give an object",
    ),
    "an unknown format": (
        {"response_format": {"type": "xml"}},
        "json_object, json_schema",
    ),
    "a format without schema": ({"response_format": _FORM}, "json_schema is required"),
    "tools of one name": (
        {"tools": [look, _LOOKS]},
        "function name look is duplicated.*give each tool its own name",
    ),
    "tools as number": ({"tools": 3}, r"3 is no list of tools: give \[tool"),
    "no tool": ({"tools": [3]}, "3 is not a tool.*Give a function with type hints"),
    "a tool with a bad name": (
        {"tools": [{**_LOOKS, "name": "1 look"}]},
        "function name is invalid.*rename the tool",
    ),
    "a choice of no tool": (
        {"tools": [look], "tool_choice": "find"},
        "'find' names no bound tool. Give one of: look",
    ),
    "required without tools": ({"tool_choice": "required"}, "needs tools"),
}


@pytest.mark.parametrize("name", _SETTINGS)
async def test_settings(chat: Chat, ask: Ask, name: str) -> None:
    settings, words = _SETTINGS[name]
    with pytest.raises(KimiSettingError, match=f"(?s){words}"):
        await ask(chat(), "hi", **settings)


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (look, "is no list of tools"),
        ("look", "'look' is no list of tools"),
        (_LOOKS, "is no list of tools"),
        (None, "None is no list of tools"),
        ([None], "None is not a tool"),
    ],
)
def test_tools_that_are_none(chat: Chat, tools: Any, words: str) -> None:
    """Bound, or given in mid-conversation."""
    with pytest.raises(KimiSettingError, match=words):
        chat().bind_tools(tools)
    with pytest.raises(KimiSettingError, match=f"{words}|at least one tool"):
        dynamic_tools(tools)


async def test_dynamic_tools_for_a_model_without(chat: Chat, ask: Ask) -> None:
    with pytest.raises(KimiSettingError, match="only at the top level: bind them"):
        await ask(chat(model="kimi-k2.6"), ["x", dynamic_tools([look])])


@pytest.mark.parametrize(
    ("schema", "settings", "words"),
    [
        (dict, {"method": "xml"}, "method='xml' is unknown. Give one of json_schema"),
        (3, {}, "3 is not a schema.*Give a pydantic model"),
        (None, {}, "needs a schema"),
    ],
)
def test_structured_output(chat: Chat, schema: Any, settings: Any, words: str) -> None:
    with pytest.raises(KimiSettingError, match=words):
        chat().with_structured_output(schema, **settings)


async def test_a_request_over_100_megabytes(chat: Chat) -> None:
    """Sync and async; the error does not repeat it."""
    message = _image(base64="A" * 101 * MEGABYTE, mime_type="image/png")
    words = "takes 104857600 at most. Upload media with KimiFiles"
    with pytest.raises(KimiSettingError, match=words) as caught:
        chat().invoke(message)
    assert len(str(caught.value)) < 300
    with pytest.raises(KimiSettingError, match=words):
        await chat().ainvoke(message)


async def test_an_error_does_not_repeat_a_picture(chat: Chat, ask: Ask) -> None:
    """Only how it begins."""
    message = _image(base64="A" * MEGABYTE, mime_type="image/svg+xml")
    with pytest.raises(KimiSettingError, match=r"base64': unsupported") as caught:
        await ask(chat(), message)
    assert len(str(caught.value)) < 600


def _odd_name(folder: Path) -> Path:
    """A file whose name is no UTF-8, as old archives unpack them."""
    path = folder / os.fsdecode(b"a\xff.txt")
    path.write_text("x")
    return path


def _sparse(folder: Path, name: str = "big.pdf") -> Path:
    path = folder / name
    path.touch()
    os.truncate(path, 101 * MEGABYTE)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.txt"
    path.touch()
    return path


def _pipe(folder: Path) -> Path:
    path = folder / "pipe.txt"
    os.mkfifo(path)
    return path


_SOURCES: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "101 MB": (_sparse, {}, r"105906176 bytes.*max file size is 100MB.*split the file"),
    "no bytes": (_empty, {}, "File size is zero.*give a file that holds something"),
    "a name that is no UTF-8": (
        _odd_name,
        {},
        r"'a\\udcff.txt' is not valid UTF-8. Give another one with filename=",
    ),
    "another name that is no UTF-8": (
        lambda _: b"x",
        {"filename": os.fsdecode(b"\xff.txt")},
        "is not valid UTF-8",
    ),
    "a name with a line end": (lambda _: b"x", {"filename": "a\n.txt"}, "control"),
    "no name": (lambda _: b"x", {}, "no name: give filename='name.extension'"),
    "a name that is no text": (
        lambda _: b"x",
        {"filename": Path("a.txt")},
        r"filename=PosixPath\('a.txt'\) is no text",
    ),
    "a bad purpose": (
        lambda _: b"x",
        {"filename": "a.txt", "purpose": "assistants"},
        "purpose='assistants'.*only 'file-extract', 'image', 'video', 'batch'",
    ),
    "a purpose that does not fit": (
        lambda _: b"x",
        {"filename": "a.txt", "purpose": "image"},
        r"'a.txt' does not fit purpose='image', which takes .png",
    ),
    "a pipe": (_pipe, {}, "is no regular file"),
    "nothing": (lambda _: None, {}, "A NoneType is no file.*give a path, bytes"),
    "text mode": (lambda f: _empty(f).open(), {}, "opened with 'rb'"),
}


@pytest.mark.parametrize("name", _SOURCES)
async def test_uploads(
    target: Any, twins: Callable[[Any], Twins], tmp_path: Path, name: str
) -> None:
    """Nothing of a file is read for it, which 101 MB would show."""
    make, settings, words = _SOURCES[name]
    files, source = twins(KimiFiles(**target)), make(tmp_path)
    tracemalloc.start()
    with pytest.raises(KimiSettingError, match=words):
        await files("upload", source, **settings)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < MEGABYTE
    if hasattr(source, "close"):
        source.close()


@pytest.mark.parametrize("name", ["get", "content", "delete"])
@pytest.mark.parametrize("id", ["", " ", "..", None, "\udcff"])
async def test_ids_of_files(
    target: Any, twins: Callable[[Any], Twins], name: str, id: Any
) -> None:
    with pytest.raises(KimiSettingError, match="is no id: give the `id` of what"):
        await twins(KimiFiles(**target))(name, id)


@pytest.mark.parametrize("name", ["get", "cancel", "wait", "results", "delete_files"])
@pytest.mark.parametrize("id", ["", None, "\udcff"])
async def test_ids_of_batches(
    target: Any, twins: Callable[[Any], Twins], name: str, id: Any
) -> None:
    with pytest.raises(KimiSettingError, match="is no id: give the `id` of what"):
        await twins(KimiBatches(**target))(name, id)


@pytest.mark.parametrize("make", [_sparse, _empty, _odd_name, _pipe])
async def test_one_bad_file_among_good_ones(
    target: Any, twins: Callable[[Any], Twins], tmp_path: Path, make: Any
) -> None:
    """All are looked at before the first is sent."""
    good = tmp_path / "good.txt"
    good.write_text("x")
    with KimiFiles(**target) as files:
        loader = KimiFileLoader([good, make(tmp_path)], files=files)
        with pytest.raises(KimiSettingError):
            await twins(loader)("lazy_load")


@pytest.mark.parametrize("missing", ["no.txt", "."])
async def test_a_missing_file_is_python_s_own_error(
    target: Any, twins: Callable[[Any], Twins], tmp_path: Path, missing: str
) -> None:
    """Like a directory in a file's place."""
    good = tmp_path / "good.txt"
    good.write_text("x")
    with KimiFiles(**target) as files:
        loader = KimiFileLoader([good, tmp_path / missing], files=files)
        with pytest.raises(OSError, match=str(tmp_path)):
            await twins(loader)("lazy_load")


@pytest.mark.parametrize("paths", [3, [3], b"a.pdf", None])
def test_paths_that_are_none(target: Any, paths: Any) -> None:
    with (
        KimiFiles(**target) as files,
        pytest.raises(KimiSettingError, match=r"no path and no list of paths.*Give"),
    ):
        KimiFileLoader(paths, files=files)


async def test_a_blob_without_name(target: Any, twins: Callable[[Any], Twins]) -> None:
    with KimiFiles(**target) as files:
        parser = twins(KimiFileParser(files))
        with pytest.raises(KimiSettingError, match="no name: give filename="):
            await parser("lazy_parse", Blob.from_data(b"x"))


_LOOSE = ChatKimi(model="kimi-k2.6", api_key="sk-a")
_BATCHES: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "no requests": ([], _LOOSE, {}, "has no lines.*give at least one request"),
    "one text": ("x", _LOOSE, {}, "requests='x' is no list: give one, or a dict"),
    "nothing": (None, _LOOSE, {}, "requests=None is no list"),
    "a number": ([3], _LOOSE, {}, "Request '0': Invalid input type"),
    "a blank id": ({" ": "x"}, _LOOSE, {}, "custom_id is required.*a text of your own"),
    "a number as id": ({1: "x"}, _LOOSE, {}, "custom_id=1.*a text of your own"),
    "half an id": ({"\udcff": "x"}, _LOOSE, {}, "without lone surrogates"),
    "a public picture": (
        ["ok", _image(url="http://a")],
        _LOOSE,
        {},
        f"Request '1': .*{_PICTURES}",
    ),
    "an orphan result": (["ok", [_RESULT]], _LOOSE, {}, "Request '1': .*is not found"),
    "a model that takes no batches": (
        ["x"],
        ChatKimi(model="kimi-k3", api_key="sk-a"),
        {},
        "kimi-k3 is not supported by the Batch API.*batch=True",
    ),
    "a model's name": (["x"], "kimi-k2.6", {}, "cannot run a str.*Give a ChatKimi"),
    "a parser": (
        ["x"],
        _LOOSE.with_structured_output(method="json_mode"),
        {},
        "cannot run a RunnableSequence.*parse the answers afterwards",
    ),
    "a short window": (["x"], _LOOSE, {"completion_window": "1h"}, "'1h'.*minimum 12h"),
    "a number as window": (["x"], _LOOSE, {"completion_window": 24}, "12h to 168h"),
    "metadata of numbers": (
        ["x"],
        _LOOSE,
        {"metadata": {"a": 1}},
        "metadata.a=1.*a string",
    ),
    "keys of numbers": (
        ["x"],
        _LOOSE,
        {"metadata": {1: "a"}},
        "metadata.1='a'.*string",
    ),
    "metadata as text": (["x"], _LOOSE, {"metadata": "a"}, "metadata='a'.*give a dict"),
}


@pytest.mark.parametrize("name", _BATCHES)
async def test_batches(target: Any, twins: Callable[[Any], Twins], name: str) -> None:
    """Not even the input file is sent."""
    requests, model, settings, words = _BATCHES[name]
    with pytest.raises(KimiSettingError, match=f"(?s){words}"):
        await twins(KimiBatches(**target))("submit", requests, model, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"formulas": ["date"]}, "'date' is no formula's URI. Give a namespace"),
        ({"formulas": ["../files"]}, "is no formula's URI"),
        ({"formulas": ["a/b:c?d"]}, "is no formula's URI"),
        ({"formulas": ["moonshot/date:latest"] * 2}, "names one twice.*Leave one"),
        ({"formulas": "moonshot/date:latest"}, "formulas='moonshot.*valid list"),
        ({"formulas": [3]}, r"formulas.0=3: Input should be a valid string"),
        ({}, "formulas: Field required"),
        ({"formulas": [], "formula": "x"}, "no setting 'formula'. Did you mean"),
    ],
)
def test_toolkits(target: Any, settings: Any, words: str) -> None:
    with pytest.raises(KimiSettingError, match=words):
        KimiFormulaToolkit(**{**target, **settings})


def test_counting_what_cannot_be_sent(chat: Chat) -> None:
    """A slice of a conversation may be counted, but nothing that Kimi cannot read."""
    for given, words in (
        (_block(type="audio", base64="aa"), "cannot read a content block"),
        ("abc", "no role for a str"),
    ):
        with pytest.raises(KimiSettingError, match=words):
            chat().get_num_tokens_from_messages(given)


async def test_one_error_and_no_warning(chat: Chat, ask: Ask) -> None:
    """What is refused is not told of twice."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KimiSettingError) as caught:
            await ask(chat(), "hi", stop=["a" * 33])
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([{"type": "tool_result", "tool_use_id": "a", "content": {"a": 1}}], "neither"),
        ([{"type": "tool_result", "tool_use_id": "a", "content": 5}], "neither text"),
        ([{"type": "tool_result", "tool_use_id": "a", "content": [[1]]}], "type None"),
    ],
)
def test_blocks_inside_blocks(chat: Chat, content: Any, words: str) -> None:
    """LangChain does not look there."""
    with pytest.raises(KimiSettingError, match=words):
        chat().build_request([HumanMessage(content)])


def test_what_langchain_lets_pass_in_an_answer(chat: Chat) -> None:
    use = {"type": "tool_use", "id": ["a"], "name": {}, "input": {}}
    with pytest.raises(KimiSettingError, match="would refuse"):
        chat().build_request([HumanMessage("x"), AIMessage([use])])
    answer = AIMessage(
        "y",
        additional_kwargs={"reasoning_content": "r"},
        response_metadata={"reasoning_field": {}},
    )
    vllm = chat(model="kimi-k2-thinking", dialect="vllm")
    request = vllm.build_request([HumanMessage("x"), answer, HumanMessage("z")])
    assert "r" in request["messages"][1].values()
