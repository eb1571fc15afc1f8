"""Releases of litellm that were malicious: refused before anything of them is run."""

from importlib.metadata import PackageNotFoundError, version

# Release -> what is published about it.
COMPROMISED = {
    "1.82.7": "credential stealer of 2026-03-24, PYSEC-2026-2",
    "1.82.8": "credential stealer of 2026-03-24, PYSEC-2026-2",
    "1.107.0": "malicious release of 2026-10-21, docs.litellm.ai/blog",
}


class CompromisedVersionError(RuntimeError):
    """The installed litellm is a release that was malicious."""


def installed_version() -> str | None:
    """Return the version of the installed litellm, without importing it."""
    try:
        return version("litellm")
    except PackageNotFoundError:
        return None


def refuse_compromised(version: str | None) -> None:
    """Refuse a malicious release.

    Such a release ran its code at the start of Python, by a `.pth` file: to import it
    is no more dangerous than to have installed it, but no key should be given to it.

    Args:
        version: The version of litellm; None where it is not installed.

    Raises:
        CompromisedVersionError: It was malicious.
    """
    if version in COMPROMISED:
        raise CompromisedVersionError(
            f"litellm {version} is a compromised release ({COMPROMISED[version]}). "
            "Remove it, change every key and password that this machine could read, "
            "and install 'litellm>=1.106.2,!=1.107.0,<2'."
        )


def require_litellm() -> None:
    """Check the installed litellm, before the first import of it.

    Raises:
        ImportError: It is not installed.
        CompromisedVersionError: It is a malicious release.
    """
    found = installed_version()
    if found is None:
        raise ImportError("LiteLLM is missing: pip install 'langchain-kimi[litellm]'")
    refuse_compromised(found)
