"""litellm_config names keys by their variables, and repeats none."""

import io
import json
import logging
from pathlib import Path

import pytest

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from litellm_config import connection, model_list, register, router
from litellm_config.__main__ import main
from litellm_config._router_settings import router_settings

_KEY = "sk-marker-of-a-key-0123456789"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, kimi: Emulator) -> None:
    monkeypatch.setenv("MOONSHOT_API_KEY", _KEY)
    monkeypatch.setenv("MOONSHOT_CN_API_KEY", f"{_KEY}-china")
    monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)


@pytest.mark.usefixtures("environment")
def test_deployments_and_settings_name_the_variable() -> None:
    """The key itself is looked up by LiteLLM, for each call."""
    told = json.dumps([model_list(regions="both"), router_settings()])
    assert "os.environ/MOONSHOT_API_KEY" in told
    assert "marker" not in told


@pytest.mark.usefixtures("environment")
def test_no_command_writes_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what is shown, nor what is written, nor what is found in a config."""
    assert main(["show"]) == 0
    assert main(["write", str(tmp_path)]) == 0
    config = tmp_path / "proxy.yaml"
    text = config.read_text()
    assert "marker" not in "".join(file.read_text() for file in tmp_path.iterdir())
    for wrong in (f"api_key: {_KEY}", f"api_base: https://a:{_KEY}@b.test/v1"):
        config.write_text(text.replace("model_list:", f"{wrong}\nmodel_list:", 1))
        for form in ([], ["--json"]):
            main(["validate", str(config), *form])
    told = capsys.readouterr()
    assert "api_key" in told.out
    assert "marker" not in told.out + told.err


@pytest.mark.usefixtures("environment")
async def test_a_router_and_its_connection_show_no_key(kimi: Emulator) -> None:
    """Nor do our loggers, of any level."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    ours = [logging.getLogger(name) for name in ("litellm_config", "langchain_kimi")]
    for logger in ours:
        logger.addHandler(handler)
        logger.setLevel(1)
    register()
    settings = connection(router())
    model = ChatKimi(model="kimi-k3-low", **settings)
    assert model.invoke("Hi").text
    assert kimi.requests[-1].headers["authorization"] == f"Bearer {_KEY}"
    assert "marker" not in f"{settings} {model!r} {said.getvalue()}"
    for logger in ours:
        logger.removeHandler(handler)
    settings["http_client"].close()
    await settings["http_async_client"].aclose()
