"""The API beside chat: files, batches, estimates, caching."""

import io
import json
import warnings
from contextlib import suppress
from functools import partial

from langchain.agents import create_agent
from langchain_core.documents.base import Blob
from langchain_core.messages import HumanMessage

from tests.peers.peer import Peer
from tests.peers.probing import feature

row = partial(feature, group="Files, batches and other endpoints", page="files.md")
_TEXT = b"The kitchen closes at ten."
_USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "total_tokens": 1100,
    "cached_tokens": 200,
    "prompt_tokens_details": {"cached_tokens": 200},
}
# 800 at 3, 200 at 0.30 and 100 at 15 dollars a million.
_PRICE = 0.00396
_SDK = "through the openai client inside of it"


@row(
    "files: upload, list, read, delete",
    source="7.2, seed 000",
    tests=["test_files.py::test_a_file_goes_there_and_back"],
)
def files(peer: Peer) -> None:
    api = peer.connected("Files")
    file = api.upload(_TEXT, purpose="file-extract", filename="rules.txt")
    assert [found.id for found in api.list()] == [file.id], "not in the list"
    assert "closes at ten" in api.content(file.id), "not its text"
    api.delete(file.id)


@files.or_else(_SDK)
def _(peer: Peer) -> None:
    api = peer.sdk.files
    upload = ("rules.txt", io.BytesIO(_TEXT))
    file = api.create(file=upload, purpose="file-extract")
    # Its iterator asks for pages for ever: the API has none, and says so nowhere.
    assert [found.id for found in api.list().data] == [file.id], "not in the list"
    assert "closes at ten" in api.content(file.id).text, "not its text"
    api.delete(file.id)


@files.or_else("through litellm's own functions")
def _(peer: Peer) -> None:
    create = peer.method(peer.method(peer.model(), "client"), "create_file")
    target = {"api_key": peer.kimi.api_key, "api_base": peer.kimi.base_url}
    upload = ("rules.txt", _TEXT)
    create(file=upload, purpose="file-extract", custom_llm_provider="openai", **target)
    assert peer.kimi.requests, "nothing arrived"


@row(
    "documents of any format as LangChain's, through Kimi's extraction",
    source="7.2",
    tests=["test_files.py::TestLoader::test_a_document_a_file"],
)
def documents(peer: Peer) -> None:
    parser = peer.public("FileParser")(peer.connected("KimiFiles"))
    (document,) = parser.parse(Blob.from_data(_TEXT, path="rules.txt"))
    assert "closes at ten" in document.page_content, "not its text"


@row(
    "batches: submit, wait, read by id",
    source="7.3",
    page="batches.md",
    tests=["test_batches.py::test_a_batch_from_submit_to_results"],
)
def batches(peer: Peer) -> None:
    api = peer.connected("Batches")
    batch = api.submit({"a": "Hello!"}, peer.model("kimi-k2.6"))
    api.wait(batch.id, poll_seconds=0.01)
    ((custom_id, answer),) = api.results(batch.id)
    assert custom_id == "a", f"answered {custom_id}"
    assert answer.text, "no text"


@batches.or_else(f"{_SDK}, with lines written by hand")
def _(peer: Peer) -> None:
    body = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": "Hello!"}]}
    path = "/v1/chat/completions"
    line = {"custom_id": "a", "method": "POST", "url": path, "body": body}
    upload = ("lines.jsonl", io.BytesIO(json.dumps(line).encode()))
    file = peer.sdk.files.create(file=upload, purpose="batch")
    batch = peer.sdk.batches.create(
        input_file_id=file.id, endpoint=path, completion_window="24h"
    )
    for _ in range(9):
        batch = peer.sdk.batches.retrieve(batch.id)
    assert batch.status == "completed", f"is {batch.status}"
    assert '"a"' in peer.sdk.files.content(batch.output_file_id).text, "no answer"


@row(
    "a prompt's tokens, counted by the API",
    source="7.4",
    page="langchain.md",
    tests=["test_langchain.py::test_tokens_are_counted_by_the_api"],
)
def token_counts(peer: Peer) -> None:
    _provide_encoding()
    message = HumanMessage("How many tokens is this?")
    model = peer.model()
    counted = model.get_num_tokens_from_messages([message])
    billed = model.invoke([message]).usage_metadata["input_tokens"]
    assert counted == billed, f"counted {counted} instead of {billed}"


@row(
    "a server that counts no tokens gets an estimate, and a warning",
    source="7.4",
    page="costs-and-limits.md",
    tests=["test_account.py::test_a_server_that_counts_nothing_gets_an_estimate"],
)
def estimates(peer: Peer) -> None:
    _provide_encoding()
    missing = "/v1/tokenizers/estimate-token-count"
    peer.kimi.send(b'{"detail":"Not Found"}', status=404, path=missing)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        counted = peer.model().get_num_tokens_from_messages([HumanMessage("Hello!")])
    assert counted > 0, "counted none"
    assert told, "an estimate was given as a count"


def _provide_encoding() -> None:
    """Spare tiktoken its download: whether there is a network is no client's merit."""
    with suppress(ImportError):
        from tiktoken import Encoding
        from tiktoken.registry import ENCODINGS

        bytes_only = {bytes([number]): number for number in range(256)}
        ENCODINGS["cl100k_base"] = Encoding(
            "cl100k_base",
            pat_str=".",
            mergeable_ranks=bytes_only,
            special_tokens={},
        )


@row(
    "one prompt cache for each thread of an agent",
    source="7.5",
    page="official-tools.md",
    tests=["test_official_tools.py::test_the_thread_is_the_cache_key"],
)
def cache_per_thread(peer: Peer) -> None:
    middleware = peer.public("PromptCache")()
    agent = create_agent(peer.model(), middleware=[middleware])
    thread = {"configurable": {"thread_id": "customer-7"}}
    agent.invoke({"messages": "Hello!"}, thread)
    peer.sent("prompt_cache_key", "customer-7")


@row(
    "what an answer costs, cached tokens at their price",
    source="1.1",
    page="costs-and-limits.md",
    tests=["test_account.py::test_an_answer_has_a_cost"],
)
def costs(peer: Peer) -> None:
    peer.kimi.reply("Hello!", usage=_USAGE)
    model = peer.model()
    cost = peer.method(model, "cost")(model.invoke("Hello!").usage_metadata)
    assert float(cost.total) == _PRICE, f"cost {cost.total} instead of {_PRICE}"


@costs.or_else("through litellm's own functions")
def _(peer: Peer) -> None:
    price = peer.method(peer.method(peer.model(), "client"), "cost_per_token")
    parts = price(
        model="moonshot/kimi-k3",
        prompt_tokens=1000,
        completion_tokens=100,
        cache_read_input_tokens=200,
    )
    assert round(sum(parts), 9) == _PRICE, f"cost {sum(parts)} instead of {_PRICE}"


@row(
    "the models of the account, with what each can",
    source="1.4",
    page="costs-and-limits.md",
    tests=["test_account.py::test_the_server_s_list_is_the_catalogue_s"],
)
def listed_models(peer: Peer) -> None:
    found = peer.method(peer.model(), "list_models")()
    windows = {model.id: model.context_tokens for model in found}
    assert windows.get("kimi-k3") == 1_048_576, f"windows {windows}"


@listed_models.or_else(_SDK)
def _(peer: Peer) -> None:
    ids = [model.id for model in peer.sdk.models.list().data]
    assert "kimi-k3" in ids, f"ids {ids}"


@row(
    "the account's balance",
    source="7.4",
    page="costs-and-limits.md",
    tests=["test_account.py::test_the_balance_is_exact"],
)
def balance(peer: Peer) -> None:
    assert peer.method(peer.model(), "balance")().available > 0, "none"


@balance.or_else(f"{_SDK}, by path")
def _(peer: Peer) -> None:
    found = peer.sdk.get("/users/me/balance", cast_to=object)
    assert found["data"]["available_balance"] > 0, "none"
