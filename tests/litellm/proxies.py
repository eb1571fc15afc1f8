"""The real proxy as a subprocess, on one of the shipped configs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import litellm_config

ROOT = Path(__file__).parent.parent.parent
SHIPPED = Path(litellm_config.__file__).parent
# The proxy refuses keys that are known from examples.
MASTER_KEY = "sk-kimi-master-of-the-tests"
# Ready after 14 to 32 s on two busy cores.
_DEADLINE_SECONDS = 150


@contextmanager
def running_proxy(
    config: Path, environment: Mapping[str, str], log: Path, *, workers: int = 1
) -> Iterator[str]:
    """Start `litellm --config`, and yield its address once it is ready."""
    port = free_port()
    command = [Path(sys.executable).with_name("litellm"), "--config", config]
    command += ["--port", str(port), "--num_workers", str(workers)]
    # uvicorn kills a worker that has not started within 5 s, again and again.
    command += ["--timeout_worker_healthcheck", "120"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"],
            cwd=log.parent,
            env=kept
            | {
                "LITELLM_MASTER_KEY": MASTER_KEY,
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
                "PYTHONPATH": str(ROOT),
                "NO_PROXY": "127.0.0.1",
            }
            | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health/readiness") as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"the proxy did not start:\n{log.read_text()[-4000:]}")
