"""Variables and keys of a config -> what is unset, misspelt or in plain text."""

import re
from collections.abc import Iterator, Mapping

from langchain_kimi.catalogue import PROVIDER
from litellm_config._validation._deployment import Deployment
from litellm_config._validation._finding import Finding, error, nearest, warning
from litellm_config._validation._includes import Config
from litellm_config._validation._yaml import Node

_PREFIX = "os.environ/"
# LiteLLM reads it for `moonshot/` unasked.
_OWN_BASE = f"{_PREFIX}MOONSHOT_API_BASE"
_CREDENTIAL = "litellm_credential_name"
# LiteLLM gives such a server a placeholder for a key.
_OWN_SERVERS = "hosted_vllm"
# Other tools' spellings of the same wish; LiteLLM takes them as they are.
_LOOKALIKE = re.compile(
    r"^(?:os\.environ[.\[:]|os\.env/|environ/|env[/:.]|\$\{?|%)[\s\"']*"
    r"([A-Z][A-Z0-9_]+)[\]}\"'%]*$"
)
_SECRET_KEY = re.compile(r"(^|_)(api_key|master_key|password|secret|salt_key)$")
# Keys that many servers of one's own are started with; they open nothing.
_PLACEHOLDER = re.compile(
    r"(|none|empty|fake.*|dummy.*|not-needed|sk-fake.*)", re.IGNORECASE
)


def check_secrets(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield references that lead nowhere, and secrets in plain text.

    Args:
        config: The config with its includes.
        environment: The variables that the proxy would see.
    """
    optional = _optional_references(config)
    told: set[str] = set()
    for section in config.sections.values():
        for node in section.walk():
            if not isinstance(node.value, str):
                continue
            if node.value.startswith(_PREFIX):
                if node.value not in told and not environment.get(_variable(node)):
                    yield from _check_unset(node, environment, optional, told)
            elif lookalike := _LOOKALIKE.match(node.value):
                yield error(
                    node,
                    "is taken as it is: LiteLLM looks up only os.environ/NAME",
                    given=node.value,
                    nearest=f"{_PREFIX}{lookalike[1]}",
                )
            elif _SECRET_KEY.search(node.path.rpartition(".")[2]):
                yield from _check_plain_secret(node)


def _optional_references(config: Config) -> dict[int, str]:
    """Return the nodes whose variable may be unset -> what is done without it."""
    found: dict[int, str] = {}
    hooked = config.has_kimi_hook()
    for entry in config.deployments():
        deployment = Deployment(entry)
        base, key = deployment.params.get("api_base"), deployment.params.get("api_key")
        is_ours = hooked and deployment.region is not None
        # LiteLLM has one public host, and our hook those of its regions.
        if base and (is_ours or _is_native_base(base, deployment)):
            found[id(base)] = ""
        if key and is_ours:
            found[id(key)] = "the hook leaves its deployments out"
        if key and deployment.prefix == _OWN_SERVERS:
            found[id(key)] = ""
    used = {Deployment(entry).text(_CREDENTIAL) for entry in config.deployments()}
    for credential in config.section("credential_list").elements():
        name = credential.get("credential_name")
        if name and name.value not in used:
            found |= {id(node): "" for node in credential.walk()}
    return found


def _is_native_base(base: Node, deployment: Deployment) -> bool:
    return deployment.prefix == PROVIDER and base.value == _OWN_BASE


def _variable(node: Node) -> str:
    return node.value.removeprefix(_PREFIX)


def _check_unset(
    node: Node,
    environment: Mapping[str, str],
    optional: Mapping[int, str],
    told: set[str],
) -> Iterator[Finding]:
    """Report an unset variable at the first place that needs it."""
    without = optional.get(id(node))
    if without == "":
        return
    told.add(node.value)
    name = _variable(node)
    if without:
        yield warning(node, f"is not set: {without}", given=name)
        return
    yield error(
        node,
        "is not set in the environment: LiteLLM goes on with nothing",
        given=name,
        accepted="a variable that is set before the proxy starts",
        nearest=nearest(name, environment, likeness=0.95),
    )


def _check_plain_secret(node: Node) -> Iterator[Finding]:
    if _PLACEHOLDER.fullmatch(node.value):
        return
    name = node.path.rpartition(".")[2]
    if name == "master_key" and node.value.startswith("sk-1234"):
        problem = "is the key of every example: LiteLLM refuses to start with it"
    else:
        problem = "stands in plain text, where every reader of the file has it"
    variable = "LITELLM_MASTER_KEY" if name == "master_key" else "NAME"
    yield error(
        node,
        problem,
        given=f"{node.value[:3]}... ({len(node.value)} characters)",
        accepted=f"{_PREFIX}{variable}",
    )
