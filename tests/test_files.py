"""KimiFiles, the loader and the parser: what is sent, what is refused, what is left."""

import asyncio
import io
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.document_loaders import BaseBlobParser, BaseLoader
from langchain_core.documents.base import Blob
from langchain_core.messages import HumanMessage

from langchain_kimi import KimiFileLoader, KimiFileParser, KimiFiles, errors
from langchain_kimi.emulator import Emulator
from tests.conftest import Chat, Twins

MEGABYTE = 1024 * 1024
CONTENT = "/v1/files/*/content"

Make = Callable[..., Twins]


@pytest.fixture
def make(kimi: Emulator, twins: Callable[[Any], Twins]) -> Make:
    """`make(**settings)` is a KimiFiles of the emulator, sync or async."""

    def build(**settings: Any) -> Twins:
        target = {"api_key": kimi.api_key, "base_url": kimi.base_url}
        return twins(KimiFiles(**{**target, **settings}))

    return build


@pytest.fixture
def files(make: Make) -> Twins:
    return make()


@pytest.fixture
def server(kimi: Emulator) -> Iterator[KimiFiles]:
    """Another client, to see what is on the server."""
    with KimiFiles(kimi.api_key, kimi.base_url) as client:
        yield client


def test_key_and_host_come_from_the_environment(
    kimi: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.KimiSettingError, match="MOONSHOT_API_KEY"):
        KimiFiles()
    monkeypatch.setenv("KIMI_API_KEY", kimi.api_key)
    monkeypatch.setenv("KIMI_BASE_URL", kimi.base_url)
    with KimiFiles() as files:
        assert files.list() == []


async def test_a_file_goes_there_and_back(files: Twins, tmp_path: Path) -> None:
    """Upload, get, list, content, delete."""
    path = tmp_path / "Bericht März.md"
    path.write_text("# März\n\nAlles gut.")
    file = await files("upload", path)
    assert file.id.startswith("file_")
    assert (file.filename, file.purpose) == (path.name, "file-extract")
    assert file.bytes == path.stat().st_size
    assert file.url == f"ms://{file.id}"
    assert file.created_at > 1_700_000_000
    assert await files("get", file.id) == file
    assert await files("list") == [file]
    assert "Alles gut." in await files("content", file.id)
    assert await files("delete", file.id) is True
    assert await files("list") == []


async def test_each_kind_of_source_is_sent_whole(files: Twins, tmp_path: Path) -> None:
    """A path as text or object, bytes, an open file, a stream that cannot seek."""
    data = os.urandom(300_000)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    reading, writing = os.pipe()
    os.write(writing, data[:1000])
    os.close(writing)
    with path.open("rb") as opened, os.fdopen(reading, "rb") as pipe:
        for source, name, size in (
            (str(path), None, len(data)),
            (path, "b.png", len(data)),
            (data, "c.png", len(data)),
            (bytearray(data), "d.png", len(data)),
            (io.BytesIO(data), "e.png", len(data)),
            (opened, "f.png", len(data)),
            (pipe, "g.png", 1000),
        ):
            sent = await files("upload", source, purpose="image", filename=name)
            assert (sent.filename, sent.bytes) == (name or "a.png", size)
        assert not opened.closed


async def test_an_open_file_is_read_from_where_it_stands(files: Twins) -> None:
    source = io.BytesIO(b"head body")
    source.seek(5)
    file = await files("upload", source, filename="a.txt")
    assert '"content":"body"' in await files("content", file.id)


async def test_progress_ends_with_all_bytes(files: Twins) -> None:
    told: list[tuple[int, int]] = []
    await files(
        "upload",
        bytes(MEGABYTE),
        purpose="image",
        filename="a.png",
        on_progress=lambda sent, total: told.append((sent, total)),
    )
    assert told[0] == (0, MEGABYTE)
    assert told[-1] == (MEGABYTE, MEGABYTE)
    assert told == sorted(told)
    assert len(told) > 3


async def test_what_a_callback_raises_comes_through(
    kimi: Emulator, files: Twins, server: KimiFiles
) -> None:
    """It is no lost connection, and nothing is sent again."""

    def refuse(sent: int, total: int) -> None:
        raise LookupError("stop")

    with pytest.raises(LookupError, match="stop"):
        await files("upload", b"x", filename="a.txt", on_progress=refuse)
    assert server.list() == []


async def test_a_file_that_shrinks_is_told(
    files: Twins, server: KimiFiles, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * MEGABYTE)

    def cut(sent: int, total: int) -> None:
        os.truncate(path, 10)

    with pytest.raises(OSError, match=r"a\.txt became shorter"):
        await files("upload", path, on_progress=cut)
    assert server.list() == []


@pytest.mark.parametrize(
    ("filename", "settings", "words"),
    [
        ("a.txt", {"purpose": "file_extract"}, r"file_extract.*'file-extract'"),
        ("a.txt", {"purpose": "assistants"}, "'file-extract', 'image', 'video'"),
        ("a.txt", {"purpose": None}, "Invalid purpose"),
        ("a.txt", {"purpose": "image"}, r"a\.txt.*\.png, \.jpg"),
        ("a.mp3", {"purpose": "video"}, r"a\.mp3.*\.mp4"),
        ("a.json", {"purpose": "batch"}, r"a\.json.*\.jsonl"),
        ("png", {"purpose": "image"}, "does not fit"),
        ("a\udcff.txt", {}, "not valid UTF-8"),
        ("a\nb.txt", {}, "control characters"),
        ("a\x00.txt", {}, "control characters"),
        ("", {}, "no name"),
        (None, {}, "no name"),
    ],
)
async def test_a_wrong_purpose_or_name_is_refused_before_it_is_sent(
    kimi: Emulator, files: Twins, filename: str, settings: Any, words: str
) -> None:
    with pytest.raises(errors.KimiSettingError, match=words):
        await files("upload", b"text", filename=filename, **settings)
    assert kimi.requests == []


@pytest.mark.parametrize("purpose", ["file-extract", "image", "video", "batch"])
async def test_sizes_are_refused_before_they_are_sent(
    kimi: Emulator, files: Twins, tmp_path: Path, purpose: str
) -> None:
    """Zero bytes, and 101 MB, which no one reads: the file is sparse."""
    names = {"image": "a.png", "video": "a.mp4", "batch": "a.jsonl"}
    path = tmp_path / names.get(purpose, "a.pdf")
    path.touch()
    with pytest.raises(errors.KimiSettingError, match="File size is zero"):
        await files("upload", path, purpose=purpose)
    os.truncate(path, 101 * MEGABYTE)
    with pytest.raises(errors.KimiSettingError, match="max file size is 100MB"):
        await files("upload", path, purpose=purpose)
    assert kimi.requests == []


async def test_a_file_of_100_megabytes_is_sent(files: Twins, tmp_path: Path) -> None:
    """The limit itself, with its form around it."""
    path = tmp_path / "a.mp4"
    path.touch()
    os.truncate(path, 100 * MEGABYTE)
    assert (await files("upload", path, purpose="video")).bytes == 100 * MEGABYTE


async def test_what_is_no_file_is_refused_before_it_is_sent(
    kimi: Emulator, files: Twins, tmp_path: Path
) -> None:
    """Missing, a directory, a pipe by name, a text file, no file at all."""
    with pytest.raises(FileNotFoundError, match="missing"):
        await files("upload", tmp_path / "missing.pdf")
    with pytest.raises(IsADirectoryError, match="KimiFileParser"):
        await files("upload", tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(errors.KimiSettingError, match="no regular file"):
        await files("upload", pipe)
    for source in (io.StringIO("text"), 7, None, ["a.txt"]):
        with pytest.raises(errors.KimiSettingError, match="'rb'"):
            await files("upload", source, filename="a.txt")
    assert kimi.requests == []


async def test_a_name_on_the_disk_that_is_no_utf_8_is_refused(
    kimi: Emulator, files: Twins, tmp_path: Path
) -> None:
    """As os.listdir gives it; under another name it goes."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("x")
    with pytest.raises(errors.KimiSettingError, match="not valid UTF-8"):
        await files("upload", path)
    assert kimi.requests == []


@pytest.mark.parametrize("id", ["", " ", ".", "..", None])
@pytest.mark.parametrize("method", ["get", "content", "delete"])
async def test_an_id_that_is_none_is_refused(
    kimi: Emulator, files: Twins, method: str, id: str
) -> None:
    """GET /files/ would list all files."""
    with pytest.raises(errors.KimiSettingError, match="no id"):
        await files(method, id)
    assert kimi.requests == []


@pytest.mark.parametrize("id", ["file_none", "a/../b", "a?b", "ä"])
@pytest.mark.parametrize("method", ["get", "content", "delete"])
async def test_an_unknown_id_is_told(files: Twins, method: str, id: str) -> None:
    with pytest.raises(errors.KimiNotFoundError) as caught:
        await files(method, id)
    assert "first top-up" not in str(caught.value)


@pytest.mark.parametrize("method", ["upload", "list", "get", "content", "delete"])
async def test_a_refused_key_is_told_with_the_regions(
    make: Make, method: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    given = {"list": [], "upload": [path]}.get(method, ["file_a"])
    with pytest.raises(errors.KimiAuthenticationError, match=r"api\.moonshot\.cn"):
        await make(api_key="pk-wrong")(method, *given)


async def test_an_upload_is_sent_again_whole(
    kimi: Emulator, files: Twins, server: KimiFiles, tmp_path: Path
) -> None:
    """From a path, from bytes, from an open file: each attempt begins anew."""
    path = tmp_path / "a.txt"
    path.write_text("the whole text")
    opened = io.BytesIO(b"-- the whole text")
    opened.seek(3)
    for source in (path, path.read_bytes(), opened):
        told: list[int] = []
        for _ in range(2):
            kimi.fail("server_error", path="/v1/files", headers={"Retry-After": "0"})
        file = await files(
            "upload",
            source,
            filename="a.txt",
            on_progress=lambda sent, total, told=told: told.append(sent),
        )
        assert told == [0, 14, 0, 14, 0, 14]
        assert '"content":"the whole text"' in server.content(file.id)
    assert len(server.list()) == 3


async def test_a_server_that_stays_down_is_told(kimi: Emulator, make: Make) -> None:
    for _ in range(2):
        kimi.fail("server_error", path="/v1/files", headers={"Retry-After": "0"})
    with pytest.raises(errors.KimiServerError):
        await make(max_retries=1)("list")
    assert len(kimi.requests) == 2


async def test_no_server_is_a_connection_error(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = make(base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)
    with pytest.raises(errors.KimiConnectionError):
        await client("upload", b"x", filename="a.txt")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"null", b'{"data":[{}]}'])
async def test_an_unreadable_answer_is_told(
    kimi: Emulator, make: Make, body: bytes
) -> None:
    for _ in range(2):
        kimi.send(body, path="/v1/files")
    with pytest.raises(errors.KimiResponseError, match="not a file object"):
        await make()("upload", b"x", filename="a.txt")
    with pytest.raises(errors.KimiResponseError, match="not a list of files"):
        await make()("list")


async def test_what_a_file_object_lacks_is_empty(kimi: Emulator, make: Make) -> None:
    """And what is new in it does no harm."""
    kimi.send(b'{"id":7,"bytes":null,"purpose":3,"new":1}', path="/v1/files/x")
    file = await make()("get", "x")
    assert (file.id, file.bytes, file.purpose, file.status) == ("7", 0, "", "")


async def test_an_uploaded_image_can_be_asked_about(
    kimi: Emulator, chat: Chat, files: Twins
) -> None:
    """By the id, in LangChain's own block; a deleted one is refused by the API."""
    file = await files("upload", b"\x89PNG", purpose="image", filename="a.png")
    message = HumanMessage(
        [{"type": "text", "text": "What?"}, {"type": "image", "file_id": file.id}]
    )
    assert chat().invoke([message]).text
    assert file.url in str(kimi.requests[-1].body)
    await files("delete", file.id)
    with pytest.raises(errors.KimiInvalidRequestError, match=file.id):
        chat().invoke([message])


class TestLoader:
    """KimiFileLoader and KimiFileParser."""

    @pytest.fixture
    def load(
        self, kimi: Emulator, server: KimiFiles, twins: Callable[[Any], Twins]
    ) -> Callable[..., Any]:
        def build(paths: Any, **settings: Any) -> Any:
            files = twins(KimiFiles(kimi.api_key, kimi.base_url, max_retries=0))
            loader = KimiFileLoader(paths, files=files.target, **settings)
            return twins(loader)("load")

        return build

    async def test_a_document_a_file(
        self, load: Any, server: KimiFiles, tmp_path: Path
    ) -> None:
        """With its metadata, and nothing left on the server."""
        paths = [tmp_path / "a.txt", tmp_path / "b.md"]
        for path in paths:
            path.write_text(f"text of {path.name}")
        documents = await load(paths)
        assert [d.page_content for d in documents] == [
            "text of a.txt",
            "text of b.md",
        ]
        metadata = documents[0].metadata
        assert metadata.pop("file_id").startswith("file_")
        assert metadata == {
            "source": str(paths[0]),
            "filename": "a.txt",
            "bytes": 13,
            "purpose": "file-extract",
            "file_type": "text/plain",
        }
        assert server.list() == []
        (single,) = await load(str(paths[1]))
        assert single.page_content == "text of b.md"

    async def test_files_can_stay(
        self, load: Any, server: KimiFiles, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("x")
        (document,) = await load(tmp_path / "a.txt", keep_files=True)
        assert [file.id for file in server.list()] == [document.metadata["file_id"]]

    @pytest.mark.parametrize("keep_files", [True, False])
    async def test_what_cannot_be_extracted_is_not_left(
        self, load: Any, server: KimiFiles, tmp_path: Path, keep_files: bool
    ) -> None:
        """Whatever else stays."""
        (tmp_path / "a.bin").write_bytes(b"\x00\xff\xfe")
        with pytest.raises(errors.KimiServerError, match="extract task failed"):
            await load(tmp_path / "a.bin", keep_files=keep_files)
        assert server.list() == []

    async def test_a_failure_leaves_nothing(
        self, kimi: Emulator, load: Any, server: KimiFiles, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("x")
        for preset in ("rate_limit_reached_error", "permission_denied_error"):
            kimi.fail(preset, path=CONTENT)
            with pytest.raises(openai.APIStatusError):
                await load(tmp_path / "a.txt")
            assert server.list() == []

    async def test_all_paths_are_looked_at_first(
        self, kimi: Emulator, load: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("x")
        with pytest.raises(FileNotFoundError):
            await load([tmp_path / "a.txt", tmp_path / "missing.txt"])
        with pytest.raises(IsADirectoryError):
            await load([tmp_path / "a.txt", tmp_path])
        assert kimi.requests == []

    async def test_a_file_that_stays_is_warned_of(
        self, kimi: Emulator, load: Any, tmp_path: Path
    ) -> None:
        """Its document is not lost for that."""
        (tmp_path / "a.txt").write_text("x")
        kimi.fail("server_error", path="/v1/files/file_*[!t]")
        with pytest.warns(UserWarning, match=r"a\.txt stays on the server as file_"):
            (document,) = await load(tmp_path / "a.txt")
        assert document.page_content == "x"

    async def test_a_file_that_is_gone_already_is_good(
        self, kimi: Emulator, load: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("x")
        kimi.fail(404, "resource_not_found_error", "gone", path="/v1/files/file_*[!t]")
        assert len(await load(tmp_path / "a.txt")) == 1

    @pytest.mark.parametrize(
        ("sent", "text", "title"),
        [
            (b"plain text", "plain text", None),
            (b'{"content":"inner"}', '{"content":"inner"}', None),
            (b'{"content":"a","filename":"f","title":"T"}', "a", "T"),
            (b'{"content":7,"filename":"f"}', '{"content":7,"filename":"f"}', None),
            (b"[" * 100_000, "[" * 100_000, None),
            (b"", "", None),
            (b"\xff", "\ufffd", None),
        ],
    )
    async def test_plain_text_is_taken_as_it_is(
        self,
        kimi: Emulator,
        load: Any,
        tmp_path: Path,
        sent: bytes,
        text: str,
        title: Any,
    ) -> None:
        """Only the API's own JSON is unwrapped."""
        (tmp_path / "a.txt").write_text("x")
        kimi.send(sent, path=CONTENT, content_type="text/plain")
        (document,) = await load(tmp_path / "a.txt")
        assert document.page_content == text
        assert document.metadata.get("title") == title

    async def test_a_cancelled_load_leaves_nothing(
        self, kimi: Emulator, server: KimiFiles, tmp_path: Path
    ) -> None:
        """While it waits for an extraction that does not come."""
        (tmp_path / "a.txt").write_text("x")
        kimi.send(b"", path=CONTENT, headers={"Content-Length": "7"})
        async with KimiFiles(kimi.api_key, kimi.base_url) as files:
            loader = KimiFileLoader(tmp_path / "a.txt", files=files)
            load = asyncio.ensure_future(loader.aload())
            # The emulator has no event to wait for.
            while "GET" not in [request.method for request in kimi.requests]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            load.cancel()
            with pytest.raises(asyncio.CancelledError):
                await load
        assert server.list() == []
        assert kimi.requests[-2].method == "DELETE"

    async def test_many_loads_run_at_once(
        self, kimi: Emulator, server: KimiFiles, tmp_path: Path
    ) -> None:
        """On one client, each with its own file."""
        paths = [tmp_path / f"{number}.txt" for number in range(20)]
        for path in paths:
            path.write_text(path.name)
        async with KimiFiles(kimi.api_key, kimi.base_url) as files:
            loads = [KimiFileLoader(path, files=files).aload() for path in paths]
            found = await asyncio.gather(*loads)
        assert [d.page_content for (d,) in found] == [path.name for path in paths]
        assert server.list() == []

    def test_it_is_lazy(self, kimi: Emulator, tmp_path: Path) -> None:
        """The second file is not sent before it is asked for; leaving is no trouble."""
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text("x")
        with KimiFiles(kimi.api_key, kimi.base_url) as files:
            paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
            documents = KimiFileLoader(paths, files=files).lazy_load()
            next(documents)
            assert len(kimi.requests) == 3
            documents.close()
            assert files.list() == []

    def test_the_environment_is_enough(
        self, kimi: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with pytest.raises(errors.KimiSettingError, match="No API key"):
            KimiFileLoader("a.txt")
        monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
        monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)
        (tmp_path / "a.txt").write_text("x")
        loader = KimiFileLoader(tmp_path / "a.txt")
        assert isinstance(loader, BaseLoader)
        assert [d.page_content for d in loader.load()] == ["x"]
        assert [d.page_content for d in loader.load()] == ["x"]

    async def test_a_parser_takes_blobs(
        self, kimi: Emulator, server: KimiFiles, twins: Callable[[Any], Twins]
    ) -> None:
        """With a name from wherever there is one, and their metadata kept."""
        files = twins(KimiFiles(kimi.api_key, kimi.base_url))
        parser = KimiFileParser(files.target)
        assert isinstance(parser, BaseBlobParser)
        for blob, name in (
            (Blob.from_data("x", mime_type="application/pdf"), "blob.pdf"),
            (Blob.from_data(b"x", path="dir/n.txt"), "n.txt"),
            (Blob(data="x", metadata={"filename": "m.txt", "page": 3}), "m.txt"),
            (Blob(data="x", metadata={"source": "https://a.b/s.html"}), "s.html"),
        ):
            (document,) = await twins(parser)("lazy_parse", blob)
            assert document.metadata["filename"] == name
            assert document.metadata.items() >= blob.metadata.items()
        with pytest.raises(errors.KimiSettingError, match="no name"):
            await twins(parser)("lazy_parse", Blob(data="x"))
        assert server.list() == []
