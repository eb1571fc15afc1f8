"""A LiteLLM config -> every mistake in it that LiteLLM itself would swallow."""

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from litellm_config._validation._finding import Finding
from litellm_config._validation._includes import Config, read_config
from litellm_config._validation._kimi import check_kimi
from litellm_config._validation._known import Known, load_known
from litellm_config._validation._models import check_models
from litellm_config._validation._report import count_errors, write_json, write_text
from litellm_config._validation._router import check_router
from litellm_config._validation._secrets import check_secrets
from litellm_config._validation._sections import check_sections, check_settings

__all__ = [
    "Finding",
    "Known",
    "count_errors",
    "load_known",
    "validate",
    "write_json",
    "write_text",
]


def validate(
    path: Path,
    known: Known,
    *,
    environment: Mapping[str, str] | None = None,
    today: date,
) -> list[Finding]:
    """Return what is wrong with a config and what it includes, in the order of lines.

    Args:
        path: The file that `litellm --config` would get.
        known: What LiteLLM accepts, from `load_known()`.
        environment: The variables that the proxy would see; without them, this
            process's own.
        today: The day by which models are retired.

    Raises:
        OSError: If the file itself cannot be read.
        UnicodeDecodeError: If it is not UTF-8.
    """
    config = read_config(path)
    variables = os.environ if environment is None else environment
    found = [*config.findings, *_check(config, known, variables, today)]
    files = {str(path): 0}
    for finding in found:
        files.setdefault(finding.file, len(files))
    return sorted(found, key=lambda each: (files[each.file], each.line))


def _check(
    config: Config, known: Known, environment: Mapping[str, str], today: date
) -> Iterator[Finding]:
    yield from check_sections(config, known)
    yield from check_models(config, known)
    yield from check_kimi(config, known, today)
    yield from check_settings(config, known)
    yield from check_router(config, known)
    yield from check_secrets(config, environment)
