"""An answer + `stop` and the output cap -> what of it is sent, and its tokens.

The cap counts reasoning first: a small one leaves no content (probes P1, P2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_kimi._rules import requested_cap
from langchain_kimi._wire import JsonObject
from langchain_kimi.catalogue import Model
from langchain_kimi.emulator._answer import Answer
from langchain_kimi.emulator._tokens import count_tokens, split_tokens
from langchain_kimi.emulator._tool_calls import Call

# "hello" with 9 reasoning tokens cost 25; a reply cut while thinking shows 3 tokens
# beside its reasoning (P1, 2026-09-01).
OPENING, CLOSING = 3, 12
_CALL = 4


@dataclass(slots=True)
class _Budget:
    left: int
    is_over: bool = False

    def spend(self, tokens: int) -> None:
        self.is_over = self.is_over or tokens > self.left
        self.left = max(0, self.left - tokens)

    def take(self, text: str) -> str:
        """Return as much of a text as there are tokens left."""
        kept, count = text, count_tokens(text)
        if count > self.left:
            kept = "".join(split_tokens(text)[: self.left])
        self.spend(count)
        return kept


def limit_answer(
    answer: Answer, *, cap: int, stop: Sequence[str], thinks: bool
) -> tuple[Answer, int]:
    """Cut an answer at a stop word and at the cap; return it with its tokens.

    Args:
        answer: The answer that the model would give.
        cap: The most output tokens, reasoning included.
        stop: The words before which the content ends.
        thinks: Whether the model thinks before it answers.
    """
    answer = _stop_answer(answer, stop)
    budget = _Budget(cap)
    budget.spend(OPENING if thinks else 0)
    reasoning = answer.reasoning and (budget.take(answer.reasoning) or None)
    budget.spend(CLOSING)
    content = budget.take(answer.content)
    limited = replace(
        answer,
        reasoning=reasoning,
        content=content,
        calls=tuple(_take_calls(answer.calls, budget)),
        finish_reason="length" if budget.is_over else answer.finish_reason,
    )
    return limited, cap - budget.left


def count_answer(answer: Answer, *, thinks: bool) -> int:
    """Return the output tokens of a whole answer."""
    return limit_answer(answer, cap=1 << 60, stop=(), thinks=thinks)[1]


def output_cap(request: JsonObject, model: Model) -> int:
    """Return the cap that holds for a request, in tokens."""
    cap = requested_cap(request)
    return model.output_tokens if cap is None else cap


def stop_words(request: JsonObject) -> list[str]:
    """Return the stop words of a request, the empty ones left out."""
    stop: Any = request.get("stop") or []
    words: list[str] = [stop] if isinstance(stop, str) else stop
    return [word for word in words if word]


def _stop_answer(answer: Answer, stop: Sequence[str]) -> Answer:
    """End the content before the first stop word; nothing follows it then."""
    ends = [at for word in stop if (at := answer.content.find(word)) >= 0]
    if not ends:
        return answer
    return replace(
        answer, content=answer.content[: min(ends)], calls=(), finish_reason="stop"
    )


def _take_calls(calls: Sequence[Call], budget: _Budget) -> list[Call]:
    """Return the calls that fit; the last one may end in the middle."""
    taken: list[Call] = []
    for call in calls:
        budget.spend(_CALL + count_tokens(call.name))
        if budget.is_over:
            break
        taken.append(replace(call, arguments=budget.take(call.arguments)))
    return taken
