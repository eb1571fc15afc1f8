"""`python -m langchain_kimi.emulator` in a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_kimi.emulator import Emulator
from tests.emulator_client import chat

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "langchain_kimi.emulator"]


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals):
    with start("--port", "0") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert base_url.startswith("http://127.0.0.1:")

        class Running(Emulator):
            @property
            def base_url(self) -> str:
                return base_url

        assert chat(Running()).status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_said_clearly(kimi: Emulator):
    port = kimi.base_url.split(":")[2].removesuffix("/v1")
    with start("--port", port) as process:
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert "choose another --port" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [["--port", "x"], ["--host", "::1"], ["--port", "70000"]]
)
def test_bad_arguments(arguments: list[str]):
    with start(*arguments) as process:
        _, err = process.communicate(timeout=10)
    assert process.returncode in (1, 2)
    assert "Traceback" not in err
