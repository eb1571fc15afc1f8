"""However a stream is cut, framed or fragmented, the answer is the same."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from langchain_kimi._sse import EventDecoder
from langchain_kimi._stream import StreamReader
from tests.test_recordings import STREAMS, body_of

Json = dict[str, Any]
bounded = settings(max_examples=60, deadline=None, derandomize=True, database=None)

texts = st.text(max_size=12)
arguments = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(-1e9, 1e9), texts),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)


def read(pieces: list[bytes]) -> list[AIMessageChunk]:
    reader = StreamReader(request_id="r")
    chunks = [chunk for piece in pieces for chunk in reader.feed(piece)]
    chunks += reader.finish()
    return [chunk.message for chunk in chunks]


def joined(pieces: list[bytes]) -> AIMessageChunk:
    first, *rest = read(pieces)
    return first + rest


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in itertools.pairwise(edges)]


def choice_event(delta: Json, **fields: Any) -> str:
    choice = {"index": 0, "delta": delta, **fields}
    event = {"id": "c-1", "model": "kimi-k3", "choices": [choice]}
    return json.dumps(event, ensure_ascii=False)


def frame(events: list[str], ends: list[str], noise: list[str]) -> bytes:
    """Events with line ends, comments and blank lines of any kind between them."""
    lines = ["\ufeff"]
    for number, event in enumerate(events):
        end = ends[number % len(ends)]
        lines.append(f"{noise[number % len(noise)]}data: {event}{end}{end}")
    return "".join(lines).encode()


def plain(events: list[str]) -> bytes:
    return "".join(f"data: {event}\n\n" for event in events).encode()


def joined_call(text: str) -> AIMessageChunk:
    """Read a stream that ends well, with one call of these arguments."""
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": text}}
    ending = choice_event({}, finish_reason="tool_calls")
    return joined([plain([choice_event({"tool_calls": [call]}), ending, "[DONE]"])])


@pytest.mark.parametrize("stream", STREAMS)
@settings(bounded, max_examples=8)
@given(places=st.lists(st.integers(0, 10**6), max_size=60))
def test_any_cut_of_a_recording(stream: str, places: list[int]) -> None:
    body = body_of(stream)
    assert read(cut(body, places)) == read([body])


@bounded
@given(
    deltas=st.lists(
        st.one_of(
            st.builds(lambda text: {"content": text}, texts),
            st.builds(lambda text: {"reasoning_content": text}, texts),
        ),
        min_size=1,
        max_size=8,
    ),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=4),
    noise=st.lists(
        st.sampled_from(
            ["", ": ping\n", ":\r\n\r\n", "event: x\nid: 1\r", "\n\n", " "]
        ),
        min_size=1,
        max_size=4,
    ),
    places=st.lists(st.integers(0, 10**6), max_size=40),
)
def test_any_framing(
    deltas: list[Json], ends: list[str], noise: list[str], places: list[int]
) -> None:
    events = [*map(choice_event, deltas), choice_event({}, finish_reason="stop")]
    events.append("[DONE]")
    whole = read([plain(events)])
    framed = frame(events, ends, noise)
    assert read([framed]) == whole
    assert read(cut(framed, places)) == whole
    text = "".join(delta.get("content", "") for delta in deltas)
    assert joined([framed]).content == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_single_cut_of_mixed_line_ends(end: str) -> None:
    """A line feed after CR LF was lost where CR, LF and LF came in three pieces."""
    text = f"\ufeffdata: 1\r\n{end}: x{end}data: 2{end}data:\r3\r\n\ndata: 4\n\r\n"
    body = text.encode()
    whole = list(EventDecoder().feed(body))
    for at in range(len(body)):
        for size in (1, 2, 3):
            pieces = [body[:at]]
            pieces += [body[i : i + size] for i in range(at, len(body), size)]
            decoder = EventDecoder()
            assert [data for piece in pieces for data in decoder.feed(piece)] == whole


@st.composite
def tool_streams(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """The texts of some calls, and events that bring them piece by piece, mixed."""
    calls = draw(st.lists(arguments, min_size=1, max_size=3))
    written = [json.dumps(call, ensure_ascii=draw(st.booleans())) for call in calls]
    fragments: list[list[Json]] = []
    for index, text in enumerate(written):
        places = draw(st.lists(st.integers(0, len(text)), max_size=5))
        edges = [0, *sorted(places), len(text)]
        pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
        named = {"index": index, "id": f"f:{index}", "function": {"name": "f"}}
        fragments.append([named])
        fragments[-1] += [
            {"index": index, "function": {"arguments": piece}} for piece in pieces
        ]
    events: list[str] = []
    while any(fragments):
        lane = draw(st.sampled_from([lane for lane in fragments if lane]))
        together = [lane.pop(0)]
        if lane and draw(st.booleans()):
            together.append(lane.pop(0))
        events.append(choice_event({"tool_calls": together}))
    return written, events


@bounded
@given(tool_streams())
def test_any_interleaving_of_fragments(stream: tuple[list[str], list[str]]) -> None:
    written, events = stream
    ending = choice_event({}, finish_reason="tool_calls")
    message = joined([plain([*events, ending, "[DONE]"])])
    found = {call["id"]: call["args"] for call in message.tool_calls}
    assert found == {f"f:{n}": json.loads(text) for n, text in enumerate(written)}
    assert message.invalid_tool_calls == []


@bounded
@given(arguments, st.integers(0, 200), st.integers(1, 9))
@example({"a": [1, 2]}, 7, 3)
def test_a_call_that_was_cut_is_no_call(args: Json, end: int, size: int) -> None:
    """`length` cut it: langchain-core would close the brackets and call it valid."""
    text = json.dumps(args)
    kept = text[: end % len(text)]
    pieces = [kept[at : at + size] for at in range(0, len(kept), size)]
    events = [
        choice_event({"tool_calls": [{"index": 0, "id": "a", "function": function}]})
        for function in [{"name": "f"}, *({"arguments": piece} for piece in pieces)]
    ]
    ending = choice_event({}, finish_reason="length")
    message = joined([plain([*events, ending, "[DONE]"])])
    assert message.tool_calls == []
    [broken] = message.invalid_tool_calls
    assert (broken["name"], broken["id"]) == ("f", "a")
    texts = message.additional_kwargs.get("tool_arguments", {})
    assert texts.get("a", "") == kept


def test_a_huge_broken_fragment_is_not_guessed_at() -> None:
    """It took langchain-core 50 s for 100,000 characters; here they are 5,000,000."""
    text = '{"a": ' + "x" * 5_000_000
    message = joined_call(text)
    assert message.tool_calls == []
    assert message.additional_kwargs["tool_arguments"] == {"a": text}


@pytest.mark.parametrize("text", ['{"a": 1e999}', '{"a": [-1e999]}'])
def test_a_number_that_no_float_holds(text: str) -> None:
    """It was read as infinity, which then could not be written, and all was lost."""
    message = joined_call(text)
    assert message.tool_calls == []
    assert [one["id"] for one in message.invalid_tool_calls] == ["a"]
    assert message.additional_kwargs["tool_arguments"] == {"a": text}


@pytest.mark.parametrize("text", ["\x0b", "\u3000", "\x1c\n"])
def test_blank_to_python_but_not_to_json(text: str) -> None:
    message = joined_call(text)
    assert message.tool_calls == []
    assert message.additional_kwargs["tool_arguments"] == {"a": text}
