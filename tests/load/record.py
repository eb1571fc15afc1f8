"""What was measured -> `record.json`, and back."""

import json
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("record.json")
VARIANTS = ("openai 2, httpx", "openai 2, aiohttp", "openai 3, httpx2")


def read_record() -> dict[str, Any]:
    """Return the runs so far, by what they ran with."""
    return json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def write_run(variant: str, run: dict[str, Any]) -> dict[str, Any]:
    """Keep a run in place of the last one of its kind; return all."""
    runs = {**read_record(), variant: run}
    ordered = {name: runs[name] for name in VARIANTS if name in runs}
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    RECORD.write_text(text + "\n", encoding="utf-8")
    return ordered
