"""Leaves out what the suite forces on a model that says it cannot be forced."""

import pytest

# Both bind tools with tool_choice="any" whatever `has_tool_choice` says. Kimi answers
# "tool_choice 'required' is incompatible with thinking enabled" on this model, so
# ChatKimi refuses it: tests/test_tools.py shows how.
_FORCED = ("test_structured_few_shot_examples", "test_unicode_tool_call_integration")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    forced = [
        item
        for item in items
        if "TestK27Code" in item.nodeid and item.name.startswith(_FORCED)
    ]
    if forced:
        config.hook.pytest_deselected(items=forced)
        items[:] = [item for item in items if item not in forced]
