"""Kimi's Batch API: many requests at a lower price, answered within hours or days.

Source: platform.kimi.ai/docs/guide/use-batch-api (2026-08-13).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage

from langchain_kimi._batch_calls import (
    BatchProgress,
    KimiBatch,
    cancel_call,
    create_body,
    create_call,
    get_call,
    list_call,
    read_batch,
    read_page,
    result_calls,
)
from langchain_kimi._batch_lines import (
    BatchInput,
    BatchModel,
    build_lines,
    read_results,
    refuse,
)
from langchain_kimi._endpoint import Endpoint
from langchain_kimi._file_calls import delete_call, read_file, read_text, upload_call
from langchain_kimi._rules import check_batch
from langchain_kimi._upload import Upload, build_upload

if TYPE_CHECKING:
    from langchain_kimi._calls import Call

__all__ = ["BatchInput", "BatchModel", "BatchProgress", "KimiBatch", "KimiBatches"]

_FILENAME = "batch.jsonl"


class KimiBatches(Endpoint):
    """The batches of an account.

    A batch lives on the server: its id is all that a later process needs.

    Example:
        ```python
        from langchain_kimi import ChatKimi, KimiBatches

        batches = KimiBatches()
        model = ChatKimi(model="kimi-k2.6")
        batch = batches.submit({"a": "1 + 1?", "b": "2 + 2?"}, model)
        batches.wait(batch.id)
        for custom_id, result in batches.results(batch.id):
            print(custom_id, result)
        ```
    """

    def submit(
        self,
        requests: BatchInput,
        model: BatchModel,
        *,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
    ) -> KimiBatch:
        """Send requests to be answered later.

        Args:
            requests: Conversations, in any form that `invoke` takes, by an id of your
                own; or a list of them, whose ids are then "0", "1" and so on.
            model: A ChatKimi, or one with settings (`model.bind_tools(...)`); the
                requests are checked as if they were sent at once.
            completion_window: When to give up, from "12h" to "7d".
            metadata: Up to 16 texts of your own, kept with the batch.

        Raises:
            KimiSettingError: For whatever the API would refuse; nothing was sent.
            openai.APIError: One of `langchain_kimi.errors`; nothing is left behind.
        """
        upload = _build_upload(requests, model, completion_window, metadata)
        file = self._clients.request(upload_call(upload)).read(read_file)
        created = create_call(create_body(file.id, completion_window, metadata))
        try:
            return self._clients.request(created).read(read_batch)
        except BaseException as error:
            with _noted(error, file.id):
                self._clients.request(delete_call(file.id))
            raise

    async def asubmit(
        self,
        requests: BatchInput,
        model: BatchModel,
        *,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
    ) -> KimiBatch:
        """Do what `submit` does, without blocking."""
        # In a thread: a model with `inline_urls` fetches media while it builds.
        upload = await asyncio.to_thread(
            _build_upload, requests, model, completion_window, metadata
        )
        file = (await self._clients.arequest(upload_call(upload))).read(read_file)
        created = create_call(create_body(file.id, completion_window, metadata))
        try:
            return (await self._clients.arequest(created)).read(read_batch)
        except BaseException as error:
            with _noted(error, file.id):
                await self._clients.arequest(delete_call(file.id))
            raise

    def get(self, batch_id: str) -> KimiBatch:
        """Return a batch as it is now.

        Args:
            batch_id: The id of the batch.

        Raises:
            KimiNotFoundError: If there is none.
        """
        return self._clients.request(get_call(batch_id)).read(read_batch)

    async def aget(self, batch_id: str) -> KimiBatch:
        """Do what `get` does, without blocking."""
        return (await self._clients.arequest(get_call(batch_id))).read(read_batch)

    def wait(
        self,
        batch_id: str,
        *,
        on_progress: BatchProgress | None = None,
        poll_seconds: float = 10.0,
    ) -> KimiBatch:
        """Return a batch once it is done, whether well or not; see its `status`.

        Args:
            batch_id: The id of the batch.
            on_progress: Is called with the batch each time it was looked at.
            poll_seconds: How long to wait between two looks.
        """
        while True:
            batch = self.get(batch_id)
            if _tell(batch, on_progress).done:
                return batch
            time.sleep(poll_seconds)

    async def await_(
        self,
        batch_id: str,
        *,
        on_progress: BatchProgress | None = None,
        poll_seconds: float = 10.0,
    ) -> KimiBatch:
        """Do what `wait` does, without blocking."""
        while True:
            batch = await self.aget(batch_id)
            if _tell(batch, on_progress).done:
                return batch
            await asyncio.sleep(poll_seconds)

    def results(self, batch_id: str) -> Iterator[tuple[str, AIMessage | Exception]]:
        """Yield the custom id of each request with its answer, or with its error.

        The order is the server's. An error is not raised but yielded, so that one bad
        request hides no good answer.

        Args:
            batch_id: The id of a batch that is done.

        Raises:
            KimiBatchError: If it is not done, or failed as a whole.
        """
        for call in result_calls(self.get(batch_id)):
            for id, result in read_results(read_text(self._clients.request(call))):
                yield id, self._redact(result)

    async def aresults(
        self, batch_id: str
    ) -> AsyncIterator[tuple[str, AIMessage | Exception]]:
        """Do what `results` does, without blocking."""
        for call in result_calls(await self.aget(batch_id)):
            text = read_text(await self._clients.arequest(call))
            for id, result in read_results(text):
                yield id, self._redact(result)

    def _redact(self, result: AIMessage | Exception) -> AIMessage | Exception:
        if isinstance(result, AIMessage):
            return result
        return self._clients.settings.redact(result)

    def cancel(self, batch_id: str) -> KimiBatch:
        """Stop a batch; it is `cancelling` for a while, then `cancelled`.

        Args:
            batch_id: The id of a batch that is not done.

        Raises:
            KimiInvalidRequestError: If it is done.
        """
        return self._clients.request(cancel_call(batch_id)).read(read_batch)

    async def acancel(self, batch_id: str) -> KimiBatch:
        """Do what `cancel` does, without blocking."""
        return (await self._clients.arequest(cancel_call(batch_id))).read(read_batch)

    def list(self) -> Iterator[KimiBatch]:
        """Yield the batches of the account; more are asked for as they are needed."""
        call: Call | None = list_call()
        while call:
            page = self._clients.request(call).read(read_page)
            yield from page.batches
            call = page.next_call

    async def alist(self) -> AsyncIterator[KimiBatch]:
        """Do what `list` does, without blocking."""
        call: Call | None = list_call()
        while call:
            page = (await self._clients.arequest(call)).read(read_page)
            for batch in page.batches:
                yield batch
            call = page.next_call

    def delete_files(self, batch_id: str) -> None:
        """Delete a batch's input and results, which count towards 1000 files.

        Args:
            batch_id: The id of the batch.
        """
        for file_id in self.get(batch_id).file_ids:
            with _gone_is_good():
                self._clients.request(delete_call(file_id))

    async def adelete_files(self, batch_id: str) -> None:
        """Do what `delete_files` does, without blocking."""
        for file_id in (await self.aget(batch_id)).file_ids:
            with _gone_is_good():
                await self._clients.arequest(delete_call(file_id))


def _build_upload(
    requests: BatchInput,
    model: BatchModel,
    completion_window: str,
    metadata: Mapping[str, str] | None,
) -> Upload:
    """Return the input file, once nothing speaks against the batch."""
    refuse(check_batch(create_body("unknown yet", completion_window, metadata)))
    lines = build_lines(requests, model)
    return build_upload(lines, purpose="batch", filename=_FILENAME)


def _tell(batch: KimiBatch, on_progress: BatchProgress | None) -> KimiBatch:
    if on_progress:
        on_progress(batch)
    return batch


@contextmanager
def _noted(failure: BaseException, file_id: str) -> Generator[None]:
    """Let a failure tell of an input file that could not be deleted either."""
    import openai

    try:
        yield
    except openai.APIError as error:
        failure.add_note(f"Its input file stays on the server as {file_id}: {error}")


@contextmanager
def _gone_is_good() -> Generator[None]:
    """Let a file pass that is no more on the server."""
    from langchain_kimi.errors import KimiNotFoundError

    try:
        yield
    except KimiNotFoundError:
        return
