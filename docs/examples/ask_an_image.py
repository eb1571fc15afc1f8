"""A picture as data and as an uploaded file, and an answer that is cut and finished.

Runs against the local emulator; with MOONSHOT_API_KEY set and DEMO_LIVE=1 against Kimi.
"""

import base64
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from langchain_kimi import ChatKimi, KimiFiles, join_partial, partial_message
from langchain_kimi.emulator import Emulator

SIZE, SQUARE = 64, 8


@contextmanager
def open_api() -> Iterator[dict[str, str]]:
    """Yield nothing to set for Kimi itself, or the address of a local emulator."""
    if os.environ.get("DEMO_LIVE") == "1":
        yield {}
        return
    with Emulator() as kimi:
        yield {"base_url": kimi.base_url, "api_key": kimi.api_key}


def draw_chessboard() -> bytes:
    """Return a PNG of a chessboard, in shades of grey."""
    rows = [
        b"\0" + bytes(255 * ((x ^ y) // SQUARE % 2) for x in range(SIZE))
        for y in range(SIZE)
    ]
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 0, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"IDAT", zlib.compress(b"".join(rows))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def ask_about(image: dict[str, Any]) -> HumanMessage:
    return HumanMessage([{"type": "text", "text": "What is this?"}, image])


def show_data(model: ChatKimi, picture: bytes) -> None:
    data = base64.b64encode(picture).decode()
    image = {"type": "image", "base64": data, "mime_type": "image/png"}
    print("As data:", model.invoke([ask_about(image)]).text)


def show_file(model: ChatKimi, picture: bytes, target: dict[str, str]) -> None:
    with KimiFiles(**target) as files:
        file = files.upload(picture, purpose="image", filename="chessboard.png")
        image = {"type": "image", "file_id": file.id}
        print("\nAs a file:", model.invoke([ask_about(image)]).text)
        print("\nFinished:", finish(model, ask_about(image)).text)
        files.delete(file.id)


def finish(model: ChatKimi, question: HumanMessage) -> AIMessage:
    """Ask for a short answer, and go on until it is whole."""
    answer = model.invoke([question], max_tokens=50)
    while answer.response_metadata["finish_reason"] == "length":
        print(f"\nCut: {answer.text!r}")
        reasoning = answer.additional_kwargs.get("reasoning_content")
        begun = partial_message(answer.text, reasoning=reasoning)
        answer = join_partial(begun, model.invoke([question, begun]))
    return answer


def main() -> None:
    picture = draw_chessboard()
    with open_api() as target:
        model = ChatKimi(model="kimi-k3", **target)
        show_data(model, picture)
        show_file(model, picture, target)
        model.close()


if __name__ == "__main__":
    main()
