"""Presets -> YAML files, and whether those files are still what they should be."""

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from litellm_config._preset import Preset, Section
from litellm_config._presets import list_presets

_WIDTH = 88
_NOTICE = (
    "Made by `python -m litellm_config write` from the model catalogue. A copy is "
    "yours to edit; `python -m litellm_config validate FILE` checks it."
)


def write_presets(
    directory: Path, *, force: bool = False
) -> tuple[list[Path], list[Path]]:
    """Write the shipped configs into a directory, which is made if need be.

    Args:
        directory: Where to write.
        force: Whether a file that was edited is overwritten.

    Returns:
        The files that were written, and the edited ones that were left.

    Raises:
        OSError: If a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stale = find_stale(directory)
    kept = [path for path in stale if path.exists() and not force]
    written = [path for path in stale if path not in kept]
    for preset in list_presets():
        path = directory / preset.file
        if path in written:
            path.write_text(write_preset(preset), encoding="utf-8")
    return written, kept


def find_stale(directory: Path) -> list[Path]:
    """Return the files of a directory that are missing or not as they would be written.

    Args:
        directory: Where they should be.
    """
    return [
        directory / preset.file
        for preset in list_presets()
        if _read(directory / preset.file) != write_preset(preset)
    ]


def write_preset(preset: Preset) -> str:
    """Return a preset as YAML, with its reasons as comments.

    Args:
        preset: The config.
    """
    variables = [f"  {name}: {use}" for name, use in preset.variables.items()]
    head = [_comment(preset.purpose), "#", _comment(_NOTICE), "#", "# Environment:"]
    lines = "\n".join([*head, *(f"# {line}" for line in variables)])
    return "\n\n".join([lines, *map(_write_section, preset.sections)]) + "\n"


def _write_section(section: Section) -> str:
    why = [_comment(section.why)] if section.why else []
    if not isinstance(section.value, dict):
        return "\n".join([*why, _dump({section.name: section.value})])
    return "\n".join([*why, f"{section.name}:", *_write_keys(section)])


def _write_keys(section: Section) -> Iterable[str]:
    for key, value in section.value.items():
        reason = section.reasons.get(key)
        text = [_comment(reason, _WIDTH - 2)] if reason else []
        yield textwrap.indent("\n".join([*text, _dump({key: value})]), "  ")


def _comment(text: str, width: int = _WIDTH) -> str:
    return textwrap.fill(text, width, initial_indent="# ", subsequent_indent="# ")


def _read(path: Path) -> str | None:
    # What is not even text was edited too.
    return path.read_text("utf-8", errors="replace") if path.exists() else None


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=_WIDTH).rstrip()


class _Dumper(yaml.SafeDumper):
    """Lists of plain values on one line, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out: an anchor would tie settings together."""
        return True


def _represent_list(dumper: _Dumper, values: list[Any]) -> yaml.Node:
    is_flat = not any(isinstance(value, dict | list) for value in values)
    return dumper.represent_sequence(
        "tag:yaml.org,2002:seq", values, flow_style=is_flat
    )


_Dumper.add_representer(list, _represent_list)
