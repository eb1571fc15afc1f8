"""Imports and first constructions, each in a fresh process."""

import json
import os
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
_CONSTRUCT = """
import json, time
{imported}
def construct():
    start = time.process_time_ns()
    Model(model={model!r}, api_key="sk-bench")
    return (time.process_time_ns() - start) / 1000
print(json.dumps([construct() for _ in range(21)]))
"""
_ROUNDS = 5


def measure_imports() -> dict[str, dict[str, float]]:
    """Return CPU seconds and peak megabytes of a process that only imports."""
    runs: dict[str, list[Any]] = {name: [] for name in _IMPORTS}
    for number in range(_ROUNDS + 1):
        for name, code in _IMPORTS.items():
            usage = _run(code)
            if number:  # the first round writes the bytecode
                runs[name].append(usage)
    return {
        name: {
            "cpu": median(usage.ru_utime + usage.ru_stime for usage in found),
            "megabytes": median(usage.ru_maxrss / 1024 for usage in found),
        }
        for name, found in runs.items()
    }


def _run(code: str) -> Any:
    process = subprocess.Popen([sys.executable, "-c", code])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, code
    return usage


def measure_construction() -> dict[str, dict[str, float]]:
    """Return the microseconds of the first model object, and of later ones."""
    runs: dict[str, list[list[float]]] = {
        name: [] for name in (KIMI, OPENAI, MOONSHOT, LITELLM)
    }
    for _ in range(_ROUNDS):
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
    code = _CONSTRUCT.format(imported=_IMPORTS[name], model=model)
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)
