"""LangChain's standard unit suite: 10 tests, none skipped."""

from typing import Any

import pytest
from langchain_tests.unit_tests import ChatModelUnitTests

from langchain_kimi import ChatKimi, register


class TestChatKimi(ChatModelUnitTests):
    """ChatKimi as it comes; the suite builds it with temperature=0."""

    @pytest.fixture(autouse=True)
    def prepared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give a key, and the opt-in that `test_serdes` needs to load by name."""
        monkeypatch.setenv("MOONSHOT_API_KEY", "sk-test")
        register()

    @property
    def chat_model_class(self) -> type[ChatKimi]:
        return ChatKimi

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "kimi-k3"}

    @property
    def init_from_env_params(
        self,
    ) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return (
            {"MOONSHOT_API_KEY": "sk-env", "MOONSHOT_API_BASE": "https://env.test/v1"},
            {},
            {"api_key": "sk-env", "base_url": "https://env.test/v1"},
        )
