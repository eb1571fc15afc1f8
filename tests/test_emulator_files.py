"""The emulator's files and batches: what it keeps, checks, extracts and runs."""

import json
import zipfile
import zlib
from io import BytesIO
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from langchain_kimi.catalogue import MODELS, current_models
from langchain_kimi.emulator import Emulator, read_request
from tests.emulator_client import Answer, chat, request

MODEL = next(model.id for model in current_models() if model.batch)
LINE = {
    "custom_id": "a",
    "method": "POST",
    "url": "/v1/chat/completions",
    "body": {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]},
}
BATCH = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}


@pytest.fixture
def client(kimi: Emulator) -> Any:
    with OpenAI(base_url=kimi.base_url, api_key=kimi.api_key, max_retries=0) as client:
        yield client


def upload(
    client: OpenAI, name: str, data: bytes, purpose: Any = "file-extract"
) -> str:
    return client.files.create(file=(name, data), purpose=purpose).id


def extract(client: OpenAI, name: str, data: bytes) -> Any:
    return json.loads(client.files.content(upload(client, name, data)).text)


def submit(kimi: Emulator, client: OpenAI, *lines: Any) -> Answer:
    data = b"\n".join(
        x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines
    )
    id = upload(client, "in.jsonl", data, "batch")
    return request(kimi, "POST", "/v1/batches", {**BATCH, "input_file_id": id})


def read(kimi: Emulator, id: str) -> Any:
    return request(kimi, "GET", f"/v1/batches/{id}").body


class TestFiles:
    def test_openai_s_own_client_can_use_them(self, client: OpenAI):
        file = client.files.create(file=("ä b.txt", b"text"), purpose="batch")
        assert (file.object, file.filename, file.bytes) == ("file", "ä b.txt", 4)
        assert file.id.startswith("file_")
        assert client.files.retrieve(file.id) == file
        assert client.files.list().data == [file]
        deleted = client.files.delete(file.id)
        assert (deleted.id, deleted.object, deleted.deleted) == (file.id, "file", True)
        for call in (client.files.retrieve, client.files.delete, client.files.content):
            with pytest.raises(NotFoundError, match=file.id):
                call(file.id)

    def test_the_file_object_is_that_of_the_description(self, kimi, client):
        id = upload(client, "a.txt", b"x")
        assert set(request(kimi, "GET", f"/v1/files/{id}").body) == {
            "id",
            "object",
            "bytes",
            "created_at",
            "filename",
            "purpose",
            "status",
            "status_details",
        }

    @pytest.mark.parametrize(
        ("data", "purpose", "words"),
        [
            (b"x", "assistants", "Invalid purpose: only 'file-extract', 'image'"),
            (b"x", "", "Invalid purpose"),
            (b"", "image", "File size is zero, please confirm"),
            (
                bytes(100 * 1024 * 1024 + 1),
                "image",
                "File size is too large, max file size is 100MB, please confirm",
            ),
        ],
        ids=["unknown", "empty", "zero", "large"],
    )
    def test_wrong_uploads(self, client, data: bytes, purpose: str, words: str):
        with pytest.raises(BadRequestError, match=words):
            upload(client, "a.png", data, purpose)
        assert client.files.list().data == []

    def test_much_too_large_an_upload(self, client):
        with pytest.raises(BadRequestError, match="max file size is 100MB"):
            upload(client, "a.png", bytes(102 * 1024 * 1024))

    @pytest.mark.parametrize(
        ("kind", "body", "words"),
        [
            ("application/json", b"{}", "must be multipart/form-data"),
            ("multipart/form-data", b"x", "must be multipart/form-data"),
            ("multipart/form-data; boundary=b", b"--b\r\n\r\nx", "has no end"),
            ("multipart/form-data; boundary=b", b"--b--\r\n", "file is required"),
        ],
    )
    def test_what_is_no_form(self, kimi, kind: str, body: bytes, words: str):
        headers = [("Authorization", f"Bearer {kimi.api_key}"), ("Content-Type", kind)]
        reply = kimi.handle(read_request("POST", "/v1/files", headers, body))
        assert reply.status == 400
        assert words in json.loads(reply.body)["error"]["message"]

    def test_a_thousand_files_and_no_more(self, kimi, client):
        """Files of batches are counted apart."""
        form = (
            b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nimage\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"'
            b"\r\n\r\nx\r\n--b--\r\n"
        )
        headers = [
            ("Authorization", f"Bearer {kimi.api_key}"),
            ("Content-Type", "multipart/form-data; boundary=b"),
        ]
        for _ in range(1000):
            reply = kimi.handle(read_request("POST", "/v1/files", headers, form))
            assert reply.status == 200
        with pytest.raises(BadRequestError, match="exceeded the max file count 1000"):
            upload(client, "a.png", b"x", "image")
        files = client.files.list().data
        assert len({file.filename for file in files}) == len(files) == 1000
        upload(client, "a.jsonl", b"x", "batch")
        client.files.delete(files[0].id)
        upload(client, "a.png", b"x", "image")

    def test_a_name_that_is_taken_is_changed(self, client):
        ids = [upload(client, "a.txt", b"x") for _ in range(2)]
        names = [client.files.retrieve(id).filename for id in ids]
        assert names == ["a.txt", "a(1).txt"]

    def test_methods_and_keys(self, kimi):
        answer = request(kimi, "PUT", "/v1/files")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST, GET")
        assert request(kimi, "GET", "/v1/files", key="pk-x").status == 401

    def test_references_are_checked_once_something_was_uploaded(self, kimi, client):
        def ask(id: str) -> Answer:
            part = {"type": "image_url", "image_url": {"url": f"ms://{id}"}}
            return chat(kimi, messages=[{"role": "user", "content": [part]}])

        assert ask("file_any").status == 200
        id = upload(client, "a.png", b"x", "image")
        assert ask(id).status == 200
        assert ask("file_any").status == 400
        client.files.delete(id)
        assert "is not found" in ask(id).error[1]


class TestExtraction:
    def test_the_form_is_the_one_that_was_seen(self, client):
        assert extract(client, "a.html", "grüß".encode()) == {
            "content": "grüß",
            "file_type": "text/html",
            "filename": "a.html",
            "title": "",
            "type": "file",
        }

    def test_office_files(self, client):
        for name, body, text in (
            (
                "word/document.xml",
                "<w:p><w:r><w:t>one &amp;</w:t></w:r></w:p><w:p><w:t>two</w:t></w:p>",
                "one &\ntwo",
            ),
            ("ppt/slides/slide1.xml", "<a:p><a:t>slide</a:t></a:p>", "slide"),
            (
                "xl/sharedStrings.xml",
                "<si><t>cell</t></si><si><t>2</t></si>",
                "cell\n2",
            ),
            ("OPS/chapter.xhtml", "<p>once</p><p>upon</p>", "once\nupon"),
        ):
            packed = BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(name, body)
                archive.writestr("other.bin", b"\0")
            assert extract(client, "a.bin", packed.getvalue())["content"] == text

    def test_slides_come_in_their_order(self, client):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number in (10, 9, 1):
                body = f"<a:p><a:t>{number}</a:t></a:p>"
                archive.writestr(f"ppt/slides/slide{number}.xml", body)
        assert extract(client, "a.pptx", packed.getvalue())["content"] == "1\n\n9\n\n10"

    def test_pdf_files(self, client):
        shown = rb"BT (A \(small\) line) Tj [(Ke) -20 (rned)] TJ ET"
        for stream in (shown, zlib.compress(shown)):
            data = b"%PDF-1.4\n1 0 obj << >>\nstream\n" + stream + b"\nendstream\n"
            assert extract(client, "a.pdf", data)["content"] == "A (small) line\nKerned"

    @pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a\0b", b"PK\x03", b"%PDF-1.4"])
    def test_what_cannot_be_read(self, kimi, client, data: bytes):
        id = upload(client, "a.bin", data)
        answer = request(kimi, "GET", f"/v1/files/{id}/content")
        assert (answer.status, answer.error[1]) == (500, "extract task failed: failed")

    @pytest.mark.parametrize("purpose", ["image", "video"])
    def test_a_picture_has_no_text(self, kimi, client, purpose: str):
        id = upload(client, "a.png", b"x", purpose)
        assert request(kimi, "GET", f"/v1/files/{id}/content").status == 400


class TestBatches:
    def test_openai_s_own_client_can_use_them(self, kimi, client):
        id = upload(client, "in.jsonl", json.dumps(LINE).encode(), "batch")
        batch = client.batches.create(input_file_id=id, metadata={"job": "1"}, **BATCH)
        assert (batch.status, batch.metadata) == ("validating", {"job": "1"})
        seen = [client.batches.retrieve(batch.id).status for _ in range(4)]
        assert seen == ["in_progress", "finalizing", "completed", "completed"]
        batch = client.batches.retrieve(batch.id)
        assert batch.error_file_id is None
        (line,) = client.files.content(batch.output_file_id).text.splitlines()
        result = json.loads(line)
        body = result["response"].pop("body")
        assert result == {
            "id": "a",
            "custom_id": "a",
            "response": {"status_code": 200, "request_id": ""},
            "error": None,
        }
        assert body["choices"][0]["message"]["content"]

    def test_times_follow_the_status(self, kimi, client):
        id = submit(kimi, client, LINE).body["id"]
        for _ in range(3):
            batch = read(kimi, id)
        assert {key for key in batch if key.endswith("_at")} == {
            "created_at",
            "in_progress_at",
            "finalizing_at",
            "completed_at",
        }

    def test_a_line_that_breaks_a_rule_fails_alone(self, kimi, client):
        bad = {**LINE["body"], "temperature": 0.1}
        id = submit(kimi, client, LINE, {**LINE, "custom_id": "b", "body": bad}).body[
            "id"
        ]
        for _ in range(3):
            batch = read(kimi, id)
        assert batch["request_counts"] == {"completed": 1, "failed": 1, "total": 2}
        result = json.loads(client.files.content(batch["error_file_id"]).text)
        assert (result["custom_id"], result["response"]["status_code"]) == ("b", 400)
        assert "only 1 is allowed" in result["response"]["body"]["error"]["message"]

    @pytest.mark.parametrize(
        "lines",
        [
            [LINE, LINE],
            [LINE, {**LINE, "custom_id": "b", "body": {"model": "kimi-k3"}}],
            [{**LINE, "method": "GET"}],
            [{**LINE, "url": "/v1/files"}],
            [{**LINE, "custom_id": ""}],
            [{**LINE, "body": None}],
            [{**LINE, "body": {"model": "kimi-none"}}],
            [b"{"],
            [b"[]"],
            [b" "],
            *[
                [{**LINE, "body": {**LINE["body"], "model": model.id}}]
                for model in MODELS
                if model.batch is False
            ],
        ],
    )
    def test_a_file_that_breaks_a_rule_fails_as_a_whole(self, kimi, client, lines: Any):
        batch = submit(kimi, client, *lines).body
        assert batch["status"] == "validating"
        assert read(kimi, batch["id"])["status"] == "failed"
        assert read(kimi, batch["id"])["output_file_id"] is None

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"input_file_id": ""}, "input_file_id is required"),
            ({"endpoint": "/v1/embeddings"}, "endpoint must be"),
            ({"completion_window": "6h"}, "minimum 12h, maximum 7d"),
            ({"metadata": {"a": 1}}, "metadata.a must be a string"),
            ({"metadata": []}, "metadata must be an object"),
        ],
    )
    def test_wrong_tasks(self, kimi, client, change: Any, words: str):
        id = upload(client, "in.jsonl", b"{}", "batch")
        body = {**BATCH, "input_file_id": id, **change}
        answer = request(kimi, "POST", "/v1/batches", body)
        assert (answer.status, answer.error[0]) == (400, "invalid_request_error")
        assert words in answer.error[1]

    def test_the_input_file_must_be_one(self, kimi, client):
        for id, status in (
            ("file_none", 404),
            (upload(client, "a.jsonl", b"{}"), 400),
            (upload(client, "a.txt", b"{}", "batch"), 400),
        ):
            body = {**BATCH, "input_file_id": id}
            assert request(kimi, "POST", "/v1/batches", body).status == status

    def test_cancelling(self, kimi, client):
        """Until it is completed, at each step."""
        for steps in range(3):
            id = submit(kimi, client, LINE).body["id"]
            for _ in range(steps):
                read(kimi, id)
            path = f"/v1/batches/{id}/cancel"
            assert request(kimi, "POST", path).body["status"] == "cancelling"
            assert read(kimi, id)["status"] == "cancelled"
            assert request(kimi, "POST", path).status == 400
        assert request(kimi, "POST", "/v1/batches/none/cancel").status == 404

    def test_listing(self, kimi, client):
        ids = [submit(kimi, client, LINE).body["id"] for _ in range(3)]
        page = request(kimi, "GET", "/v1/batches?limit=2").body
        assert [batch["id"] for batch in page["data"]] == ids[:0:-1]
        assert page["has_more"] is True
        page = request(kimi, "GET", f"/v1/batches?after={ids[1]}").body
        assert [batch["id"] for batch in page["data"]] == ids[:1]
        assert page["has_more"] is False
        assert request(kimi, "GET", "/v1/batches?limit=0").status == 400
        assert request(kimi, "GET", "/v1/batches?after=none").status == 404


class TestScriptedPaths:
    def test_a_path_has_its_own_queue(self, kimi):
        kimi.fail("server_error", path="/v1/models")
        kimi.reply("scripted")
        kimi.fail(418, "teapot", "short", path="/v1/files/*")
        assert request(kimi, "GET", "/v1/files/x").status == 418
        assert chat(kimi).message["content"] == "scripted"
        assert request(kimi, "GET", "/v1/models").status == 500
        assert kimi.pending == 0
        assert request(kimi, "GET", "/v1/models").status == 200
