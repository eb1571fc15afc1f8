"""Documents are programs: every Python block and example runs, on the emulator."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from langchain_kimi.emulator import Emulator

_ROOT = Path(__file__).parent.parent
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def _run(program: str) -> str:
    """What a program of the docs prints in a fresh process, without any key."""
    environment = {k: v for k, v in os.environ.items() if "_API_KEY" not in k}
    ran = subprocess.run(
        [sys.executable, str(_ROOT / "docs" / program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",  # of web_search_tool, which a page tells of
    "ignore:Item .* on TypedDict class:UserWarning",  # pydantic's, of litellm
)
@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_from_top_to_bottom(
    page: Path, kimi: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a reader would type it, with a key and a host in the environment."""
    code = "\n".join(_BLOCK.findall(page.read_text()))
    if "import litellm" in code:
        pytest.importorskip("litellm", reason="the openai 3 environment is without it")
    monkeypatch.setenv("MOONSHOT_API_KEY", kimi.api_key)
    monkeypatch.setenv("MOONSHOT_API_BASE", kimi.base_url)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page.name, "exec"), {"__name__": page.stem})


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Within the project."""
    targets = _LINK.findall(page.read_text())
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_the_demo_runs_without_a_key() -> None:
    """All four steps, in a fresh process."""
    pytest.importorskip("litellm", reason="the openai 3 environment is without it")
    told = _run("demo.py")
    for step in ("1. ", "2. ", "3. ", "4. ", "get_weather({'city': 'Paris'})"):
        assert step in told
    assert "minutes=20" in told


def test_the_rag_example_finds_the_passage_without_a_key() -> None:
    """In a fresh process: extraction, embedding, search, answer, nothing left."""
    told = _run("examples/rag.py")
    assert "[kitchen.docx]\nKitchen rules\nThe kitchen closes at ten" in told
    assert "local Kimi emulator" in told
    assert "0 files are left on the server" in told


def test_the_example_of_an_agent_runs_without_a_key() -> None:
    """A pause, another agent from the checkpoint, a stand-in and a typed answer."""
    told = _run("examples/agent.py")
    for words in (
        "It waits for: {'dish': 'soup', 'count': 2}",
        "The kitchen prepares 2 x soup",
        "Answered by: kimi-k3\n",
        "Typed: Receipt(dish='soup', count=2)",
    ):
        assert words in told


def test_the_example_of_official_tools_runs_without_a_key() -> None:
    """A tool that works, one whose result is sealed, one that fails, and a late one."""
    told = _run("examples/official_tools.py")
    for words in (
        "62.13711922",
        '1 page about "Kimi news"',
        "tool: code_runner failed: the emulator executes no code",
        "With a tool in mid-conversation: [{'name': 'get_weather'",
    ):
        assert words in told


def test_the_example_of_costs_runs_without_a_key() -> None:
    """The first turn is paid in full, the next ones are cached in part."""
    told = _run("examples/costs.py")
    assert "kimi-k3: a window of 1048576 tokens; Prices(input=3.0" in told
    assert "for new input, $0.0 for cached" in told
    cached = re.findall(r"\$([0-9.]+) for cached", told)
    assert float(cached[0]) == 0 < float(cached[1]) < float(cached[2])
    assert "49.58894 are left" in told


def test_the_example_of_a_resumed_stream_runs_without_a_key() -> None:
    """Cut while it thinks and while it speaks: both are as if never cut."""
    told = _run("examples/resumed_stream.py")
    assert "Thought: The user says: Why is the sea salt?. There are 0 tools" in told
    assert 'Said: The request was: "Why is the sea salt?". This answer' in told
    assert told.count("Sent back: ") == 2
    assert "2 resumes; 2 attempts told no usage" in told


def test_the_example_of_an_image_runs_without_a_key() -> None:
    """The picture arrives both ways, and the cut answer is whole in the end."""
    told = _run("examples/ask_an_image.py")
    lines = dict(re.findall(r"^([\w ]+): (.*)$", told, re.MULTILINE))
    assert lines["As data"].startswith("The image of type image/png, 121 bytes arrived")
    assert lines["As a file"].startswith("The image ms://")
    assert len(lines["Cut"]) < len(lines["Finished"])
    assert lines["Finished"] == lines["As a file"]


def test_the_example_of_a_router_runs_without_a_key() -> None:
    """The second platform answers while the first rests; reasoning streams through."""
    pytest.importorskip("litellm", reason="the openai 3 environment is without it")
    told = _run("examples/litellm_router.py")
    assert 'One is busy: The request was: "Name a lake."' in told
    assert "2 requests here, 2 there" in told
    assert "The user says: Why is the sea salt?" in told
    assert "It costs: 0.0" in told


def test_the_changelog_begins_with_this_version() -> None:
    """So that a release is not told late."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(
        r"^## \[?([0-9.]+)", (_ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert versions[0] == project["version"]


def test_the_readme_names_the_two_commands() -> None:
    """CI calls what it names."""
    text = (_ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text
    assert "make test" in (_ROOT / ".ci" / "run").read_text()
