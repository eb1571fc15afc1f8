"""A request and what its stream came to -> the next request, or the error.

Decided here and nowhere else, without waiting or sending: the shells of `_completions`
do both. What a broken stream brought is never asked for again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk

from langchain_kimi._calls import read_request_id
from langchain_kimi._continued_request import (
    build_continuation,
    find_obstacle,
    has_calls,
)
from langchain_kimi._continued_stream import (
    NOTHING,
    ContinuationReader,
    Earlier,
    NotContinuedError,
)
from langchain_kimi._redaction import forget
from langchain_kimi._reread import Rereader
from langchain_kimi._retry import Attempts
from langchain_kimi._stream import StreamReader
from langchain_kimi._timeouts import Limits
from langchain_kimi._wire import ChatRequest

if TYPE_CHECKING:
    from langchain_kimi._failures import Response, StreamFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumes:
    """How streams that break are resumed."""

    limit: int = 0
    """How often an answer is."""
    partial_mode: bool = True
    """Whether the server continues the beginning of an answer."""


NO_RESUMES = Resumes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of an answer: its beginning, or what follows where the last one broke."""

    asked: ChatRequest
    """The request for the whole answer."""
    resumes: Resumes
    request: ChatRequest
    """What is sent for this part."""
    attempts: Attempts
    """How often that was sent, and what time is left."""
    reasoning_field: str
    """The key under which the server reads reasoning."""
    redact: Callable[[Exception], Exception]
    """Takes the settings' secrets out of an error."""
    earlier: Earlier = NOTHING
    """What the parts before it came to."""
    wait: float = 0.0
    """The seconds to wait before it is sent."""
    ending: Sequence[ChatGenerationChunk] = ()
    """What the last attempt did not come to tell of a whole answer."""
    is_over: bool = False
    """Whether the answer is whole: then nothing is sent any more."""

    @property
    def limits(self) -> tuple[Limits, float | None]:
        """How long the parts of a call may take, and how long all of it still may."""
        return self.attempts.limits, self.attempts.left

    @property
    def count(self) -> int:
        """How often the answer was resumed, this time included."""
        return len(self.earlier.usages)

    def open_reader(self, response: "Response") -> Rereader:
        """Return the reader of its stream.

        Args:
            response: The response to it.
        """
        request_id, field = read_request_id(response), self.reasoning_field
        if not self.count:
            return Rereader(request_id=request_id, reasoning_field=field)
        return ContinuationReader(
            self.earlier, request_id=request_id, reasoning_field=field
        )

    def end(self, ending: Sequence[ChatGenerationChunk] = ()) -> "Stretch":
        """Return what follows a whole answer: nothing.

        Args:
            ending: What its stream did not come to tell.
        """
        return replace(self, is_over=True, ending=ending, wait=0.0)

    def follow(
        self,
        error: Exception,
        reader: StreamReader,
        response: "Response",
        pieces: Sequence[bytes],
    ) -> "Stretch":
        """Return what follows a stream that broke.

        Args:
            error: What broke it.
            reader: What read it.
            response: The response that was being read.
            pieces: The body, cut as it arrived.

        Raises:
            openai.APIError: If the answer is not resumed.
        """
        if reader.done:
            return self.end()
        failure = self._read_failure(error, response, sum(map(len, pieces)))
        repeated = self._repeat(failure, reader)
        if repeated:
            return repeated
        again = self.open_reader(response)
        earlier = self._add(again, pieces, ended=isinstance(error, EOFError))
        failure.partial_message, failure.resumes = earlier.message, self.count
        if not self._is_resumable(failure, error):
            raise failure from error
        if again.finish_reason and not has_calls(earlier.message):
            # Nothing of an answer follows the reason for its end.
            return self.end(again.end())
        wait = self.attempts.resume_wait(failure, self.count, self.resumes.limit)
        refusal = self._refuse(failure, earlier.message)
        if refusal or wait is None:
            raise refusal or failure from error
        return replace(self, request=self._request(earlier), earlier=earlier, wait=wait)

    def _repeat(
        self, failure: "StreamFailure", reader: StreamReader
    ) -> "Stretch | None":
        """Return the same part again, if the caller got nothing of it.

        It is no other then than a connection that was lost before the headers. What
        cannot be read would come again.
        """
        from langchain_kimi.errors import KimiResponseError

        is_hopeless = isinstance(failure, KimiResponseError)
        repeatable = not (reader.began or is_hopeless)
        wait = self.attempts.next_wait(failure, repeatable=repeatable)
        return None if wait is None else replace(self, wait=wait)

    def _read_failure(
        self, error: Exception, response: "Response", arrived: int
    ) -> "StreamFailure":
        from langchain_kimi._failures import read_stream_failure

        failure = read_stream_failure(
            error,
            response,
            model=self.asked.get("model", ""),
            limits=self.attempts.limits,
            over=self.attempts.over,
            arrived=arrived,
        )
        forget(error)
        self.redact(error)
        self.redact(failure)
        return failure

    def _add(self, again: Rereader, pieces: Sequence[bytes], *, ended: bool) -> Earlier:
        arrived = [*self.earlier.chunks, *again.read(pieces, ended=ended)]
        return Earlier(
            chunks=arrived,
            usages=[*self.earlier.usages, again.usage],
            message=again.join(arrived),
        )

    def _is_resumable(self, failure: "StreamFailure", error: Exception) -> bool:
        """Tell a failure that may pass, of a server that continues what it is given."""
        from langchain_kimi.errors import KimiResponseError

        is_hopeless = isinstance(failure, KimiResponseError) or isinstance(
            error, NotContinuedError
        )
        return bool(self.resumes.limit and failure.is_retryable and not is_hopeless)

    def _refuse(
        self, failure: "StreamFailure", arrived: AIMessage | None
    ) -> "StreamFailure | None":
        """Return the failure as the caller is told it, None if there is a way on."""
        from langchain_kimi._failures import add_words, read_exhaustion

        obstacle = arrived and self._find_obstacle(arrived)
        if obstacle:
            return add_words(failure, f"It was not resumed, since {obstacle}")
        if self.count >= self.resumes.limit:
            return read_exhaustion(failure)
        return None

    def _find_obstacle(self, arrived: AIMessage) -> str | None:
        if not self.resumes.partial_mode:
            return "its server has no partial mode"
        return find_obstacle(self.asked, arrived)

    def _request(self, earlier: Earlier) -> ChatRequest:
        """Return the request for the rest; for all of it where nothing had arrived."""
        if earlier.message is None:
            return self.asked
        return build_continuation(self.asked, earlier.message, self.reasoning_field)

    def tell(self, error: Exception) -> None:
        """Put what had arrived into an error that ends a resumed answer.

        Args:
            error: What sending this part raised.
        """
        import openai

        from langchain_kimi._failures import add_words

        if self.count and isinstance(error, openai.APIError):
            failure = cast("StreamFailure", error)
            add_words(failure, "It was to resume an answer: see partial_message")
            failure.partial_message = self.earlier.message
            failure.resumes = self.count
