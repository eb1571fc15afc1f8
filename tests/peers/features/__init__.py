"""The rows of the table, a module a group; importing it registers them in order."""

from tests.peers.features import (  # noqa: F401, I001
    models,
    settings,
    servers,
    messages,
    media,
    tools,
    answers,
    structured,
    failures,
    endpoints,
    plumbing,
)
