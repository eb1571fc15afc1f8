"""What we allow and pin is in no known advisory; malicious releases least of all."""

import pytest
from packaging.requirements import Requirement

from litellm_config._versions import COMPROMISED
from tests.audit import find_bad, read_advisories, read_allowed, read_pins


def test_nothing_known_to_be_bad_is_allowed() -> None:
    """By floors and pins."""
    assert not list(find_bad([*read_allowed(), *read_pins()], read_advisories()))


@pytest.mark.parametrize(
    ("requirement", "is_bad"),
    [
        ("aiohttp", True),
        ("aiohttp>=3.14", True),
        ("aiohttp>=3.14.3", False),
        ("aiohttp==3.14.2", True),
        ("aiohttp==3.14.5", False),
        ("langchain_core>=1.0,<2", True),
        ("langchain-core>=1.7,<2", False),
        ("litellm>=1.106.2,<2", True),
        ("litellm>=1.106.2,!=1.107.0,<2", False),
        ("litellm>=1.80,!=1.82.7,!=1.107.0", True),
        ("litellm==1.82.8", True),
        ("starlette>=0.39,<0.40", True),
        ("another>=0", False),
    ],
)
def test_what_is_bad_is_found(requirement: str, is_bad: bool) -> None:
    """An open floor, a range with a bad release in it, and a bad pin."""
    assert bool(list(find_bad([Requirement(requirement)], read_advisories()))) is is_bad


@pytest.mark.parametrize("version", COMPROMISED)
def test_no_extra_installs_a_malicious_litellm(version: str) -> None:
    """Nor would a resolver that prefers the oldest."""
    extras = [each for each in read_allowed() if each.name == "litellm"]
    assert len(extras) == 2
    for extra in extras:
        assert version not in extra.specifier
    listed = [row.affected for row in read_advisories() if row.package == "litellm"]
    assert f"=={version}" in listed


def test_each_row_has_its_source() -> None:
    """Else nobody could check it."""
    for row in read_advisories():
        assert row.source.startswith("https://")
        assert row.about
