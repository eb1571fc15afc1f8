"""LangChain's standard integration suite over real HTTP, for each kind of model.

Of its 50 items 4 need what Kimi has not (PDF, audio) or a recording of the network
(test_stream_time); the suite leaves them out by its own flags. None is changed.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import pytest
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator

# The suite sends temperature=0, which every hosted model fixes: not sent, one warning.
pytestmark = pytest.mark.filterwarnings("ignore:temperature=0:UserWarning")


class _KimiSuite(ChatModelIntegrationTests):
    """What all models share."""

    model_id: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}
    strict_reasoning: ClassVar[bool | None] = None
    emulator: ClassVar[Emulator]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def served(cls) -> Iterator[None]:
        """Run one emulator for the class."""
        with Emulator(strict_reasoning=cls.strict_reasoning) as cls.emulator:
            yield

    @pytest.fixture
    async def model(self, request: pytest.FixtureRequest) -> AsyncIterator[ChatKimi]:
        """Build the suite's model as the suite does, and close it in its loop."""
        model = ChatKimi(
            **self.standard_chat_model_params,
            **self.chat_model_params,
            **getattr(request, "param", {}),
        )
        yield model
        await model.aclose()

    @pytest.fixture(autouse=True)
    def local_picture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Three tests download a picture: give them one without the network."""
        monkeypatch.setattr(
            "langchain_tests.integration_tests.chat_models.httpx.get",
            lambda _url, **_options: _Picture(),
        )

    @property
    def chat_model_class(self) -> type[ChatKimi]:
        return ChatKimi

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": self.model_id,
            "base_url": self.emulator.base_url,
            "api_key": self.emulator.api_key,
            **self.settings,
        }

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "kimi-k3.1-pro"

    @property
    def supported_usage_metadata_details(self) -> dict[str, list[str]]:
        return {"invoke": [], "stream": []}


class _Picture:
    """A PNG of one pixel, in the form of an HTTP response."""

    content = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
        "0000000b4944415478da63fcff1f0003030200efa2a75b0000000049454e44ae426082"
    )

    def raise_for_status(self) -> None:
        pass


class TestK3(_KimiSuite):
    """kimi-k3 with its default settings."""

    model_id = "kimi-k3"


class TestK3StrictReasoning(_KimiSuite):
    """kimi-k3 on a server that insists on reasoning as the K2 models do."""

    model_id = "kimi-k3"
    strict_reasoning = True


class TestK26Instant(_KimiSuite):
    """kimi-k2.6 with thinking off: every tool_choice."""

    model_id = "kimi-k2.6"
    settings: ClassVar[dict[str, Any]] = {"thinking": False}

    @property
    def model_override_value(self) -> str:
        # The only current model that can be asked not to think.
        return "kimi-k2.6"


class TestK27Code(_KimiSuite):
    """kimi-k2.7-code: always thinks and takes no forced tool call."""

    model_id = "kimi-k2.7-code"

    @property
    def has_tool_choice(self) -> bool:
        return False
