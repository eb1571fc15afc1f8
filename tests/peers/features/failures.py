"""Errors by kind, and what is tried again."""

from functools import partial

from langchain_core import exceptions

from tests.peers.peer import Peer
from tests.peers.probing import Feature, feature
from tests.peers.wording import brief

row = partial(feature, group="Errors and retries", page="errors.md")
_EACH = "test_errors.py::test_each_error_is_openai_s_and_langchain_s"


def _fail_for_long(peer: Peer, preset: str) -> None:
    """Fail more often than any client tries by itself."""
    for _ in range(9):
        peer.kimi.fail(preset)


def _kind(name: str, preset: str, title: str, wanted: str) -> Feature:
    def probe(peer: Peer) -> None:
        _fail_for_long(peer, preset)
        try:
            peer.model(max_retries=0).invoke("Hello!")
        except getattr(exceptions, wanted):
            return
        except Exception as error:
            raise AssertionError(f"no {wanted}: {brief(error)}") from None
        raise AssertionError("answered")

    probe.__name__ = name
    return row(f"{title} is LangChain's `{wanted}`", source="2.4", tests=[_EACH])(probe)


_kind("wrong_key", "incorrect_api_key_error", "a wrong key", "ModelAuthenticationError")
_kind(
    "denied", "permission_denied_error", "a refusal (403)", "ModelPermissionDeniedError"
)
_kind("busy_engine", "engine_overloaded_error", "overload", "ModelRateLimitError")
_kind("server_errors", "server_error", "a server's error", "ModelAPIError")
_kind(
    "overflow",
    "exceeded_model_token_limit",
    "a prompt over the window",
    "ContextOverflowError",
)


@row(
    "the request's id with an error",
    source="3.3",
    tests=["test_errors.py::test_each_error_is_openai_s_and_langchain_s"],
)
def error_request_id(peer: Peer) -> None:
    _fail_for_long(peer, "server_error")
    try:
        peer.model(max_retries=0).invoke("Hello!")
    except Exception as error:
        assert getattr(error, "request_id", None), "no request id"
    else:
        raise AssertionError("answered")


@error_request_id.or_else("among the headers of the error's response")
def _(peer: Peer) -> None:
    _fail_for_long(peer, "server_error")
    try:
        peer.model(max_retries=0).invoke("Hello!")
    except Exception as error:
        response = getattr(error, "response", None)
        headers = getattr(response, "headers", {})
        assert headers.get("msh-request-id"), "no request id"
    else:
        raise AssertionError("answered")


@row(
    "what may pass (overload) is tried again",
    source="9",
    tests=["test_errors.py::test_what_may_pass_is_tried_again"],
)
def retries(peer: Peer) -> None:
    peer.kimi.fail("engine_overloaded_error")
    assert peer.model().invoke("Hello!").text, "no answer"


@retries.or_else("with max_retries=2")
def _(peer: Peer) -> None:
    peer.kimi.fail("engine_overloaded_error")
    assert peer.model(max_retries=2).invoke("Hello!").text, "no answer"


@row(
    "what cannot pass (no balance, a 429 too) is sent once",
    source="9",
    tests=["test_errors.py::test_what_cannot_pass_is_sent_once"],
)
def quota(peer: Peer) -> None:
    _fail_for_long(peer, "exceeded_current_quota_error")
    try:
        peer.model().invoke("Hello!")
    except Exception:
        assert len(peer.bodies) == 1, f"sent {len(peer.bodies)} times"
    else:
        raise AssertionError("answered")


@row(
    "a gateway's HTML page is an error of the server",
    source="2.4",
    tests=["test_errors.py::test_an_html_page_is_a_server_error"],
)
def html_pages(peer: Peer) -> None:
    page = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
    for _ in range(9):
        peer.kimi.send(page, status=504, content_type="text/html")
    try:
        peer.model(max_retries=0).invoke("Hello!")
    except exceptions.ModelAPIError:
        return
    except Exception as error:
        raise AssertionError(f"no ModelAPIError: {brief(error)}") from None
    raise AssertionError("answered")
