"""Imports and first constructions, each in a fresh process.

As in a plain install: with the `aiohttp` extra langchain-core's own import takes half a
second more, for everyone.
"""

import json
import subprocess
import sys
from statistics import median
from typing import Any

from tests.benchmarks.peers import KIMI, LITELLM, MOONSHOT, OPENAI

_IMPORTS = {
    KIMI: "from langchain_kimi import ChatKimi as Model",
    OPENAI: "from langchain_openai import ChatOpenAI as Model",
    MOONSHOT: "from langchain_moonshot import ChatMoonshot as Model",
    LITELLM: "from langchain_litellm import ChatLiteLLM as Model",
    "langchain-core": "from langchain_core.language_models import BaseChatModel",
}
_PLAIN = "import sys; sys.modules['httpx_aiohttp'] = None\n"
_IMPORT = """
import json, resource
from pathlib import Path
{imported}
used = resource.getrusage(resource.RUSAGE_SELF)
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
told = {{"cpu": used.ru_utime + used.ru_stime, "megabytes": int(peak) / 1024}}
print(json.dumps(told))
"""
_CONSTRUCT = """
import json, time
{imported}
def construct():
    start = time.process_time_ns()
    Model(model={model!r}, api_key="sk-bench")
    return (time.process_time_ns() - start) / 1000
print(json.dumps([construct() for _ in range(21)]))
"""
_ROUNDS, _BUILDS = 2, 5


def measure_imports() -> dict[str, dict[str, float]]:
    """Return CPU seconds and peak megabytes of a process that only imports."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in _IMPORTS}
    for number in range(_ROUNDS + 1):
        for name, imported in _IMPORTS.items():
            used = _run(_IMPORT.format(imported=imported))
            if number:  # the first round writes the bytecode
                runs[name].append(used)
    return {
        name: {key: median(used[key] for used in found) for key in found[0]}
        for name, found in runs.items()
    }


def _run(code: str) -> Any:
    command = [sys.executable, "-c", _PLAIN + code]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


def measure_construction() -> dict[str, dict[str, float]]:
    """Return the microseconds of the first model object, and of later ones."""
    runs: dict[str, list[list[float]]] = {
        name: [] for name in (KIMI, OPENAI, MOONSHOT, LITELLM)
    }
    for _ in range(_BUILDS):
        for name, found in runs.items():
            found.append(_construct(name))
    return {
        name: {
            "first": median(times[0] for times in found),
            "later": median(median(times[1:]) for times in found),
        }
        for name, found in runs.items()
    }


def _construct(name: str) -> list[float]:
    model = "moonshot/kimi-k3" if name == LITELLM else "kimi-k3"
    return _run(_CONSTRUCT.format(imported=_IMPORTS[name], model=model))
