"""The installed LiteLLM -> the names and types that it accepts, level by level."""

import importlib
import importlib.metadata
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from litellm_config._versions import require_litellm

Types = Mapping[str, Any]
"""Names of settings -> their annotations; `Any` where none is told."""

_CORE = "litellm.litellm_core_utils"
# Where its code reads a config, and where it runs callbacks.
_READ = ("proxy", "integrations", "litellm_core_utils")
_PRICE_LIST = "model_prices_and_context_window_backup.json"
# Sections that `proxy_server` reads under another name than `config`.
_MORE_SECTIONS = {"include", "model_list", "general_settings"}
# What the proxy reads out of `litellm_settings` before it sets attributes.
_MORE_LITELLM = {"cache_params", "responses", "guardrails", "callbacks"}
# Read by the router off a deployment, outside the classes that declare the rest.
_MORE_PARAMS = {"order", "weight", "max_parallel_requests", "supported_environments"}
# What its attributes are annotated with, as text; others are not checked.
_SIMPLE: Types = {
    text.format(kind.__name__): optional
    for kind in (bool, int, float, str, list, dict)
    for text, optional in (
        ("{}", kind),
        ("Optional[{}]", kind | None),
        ("{} | None", kind | None),
    )
}
# Read by `_redis` for sentinels and clusters, outside the client's own arguments.
_REDIS_NAMES = {"url", "service_name", "sentinel_nodes", "sentinel_password"}
# Annotated as a whole number, and slept for as it is.
_ROUTER_TYPES: Types = {"retry_after": float}
# Documented names of a budget, which BudgetConfig maps to its fields.
_BUDGET_NAMES = {"budget_limit", "time_period"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one version of LiteLLM accepts."""

    version: str
    sections: frozenset[str]
    router: Types
    general: Types
    litellm: Types
    entry: frozenset[str]
    params: Any
    """The class of `litellm_params`, which converts and checks their values."""
    param_names: frozenset[str]
    model_info: frozenset[str]
    credential: frozenset[str]
    retry_policy: frozenset[str]
    allowed_fails_policy: frozenset[str]
    budget: frozenset[str]
    cache_params: frozenset[str]
    cache_types: tuple[str, ...]
    providers: frozenset[str]
    find_provider: Callable[..., Any]
    """LiteLLM's own look-up of a deployment's provider, which raises."""
    callbacks: frozenset[str]
    priced: frozenset[str]
    """The models whose prices it knows, such as `moonshot/kimi-k3`."""


def load_known() -> Known:
    """Import LiteLLM (5 s) and return what it accepts.

    Raises:
        ImportError: Without LiteLLM, or with its proxy's dependencies missing.
        CompromisedVersionError: The installed one is a malicious release.
    """
    require_litellm()
    # By name: only validation may load it, and its types are not complete.
    litellm: Any = importlib.import_module("litellm")
    router = importlib.import_module("litellm.types.router")
    utils = importlib.import_module("litellm.types.utils")
    proxy = importlib.import_module("litellm.proxy._types")
    caching = importlib.import_module("litellm.caching.caching")
    constants = importlib.import_module("litellm.constants")
    providers = importlib.import_module(f"{_CORE}.get_llm_provider_logic")
    # Its look-ups print a banner to stdout otherwise.
    litellm.suppress_debug_info = True
    source = _Source()
    info = {*router.ModelInfo.model_fields, *_names(utils.ModelInfoBase)}
    return Known(
        version=importlib.metadata.version("litellm"),
        sections=source.keys("config", "proxy/proxy_server.py") | _MORE_SECTIONS,
        router=_router_types(litellm.Router),
        general=dict.fromkeys(source.keys("general_settings"), Any)
        | _fields(proxy.ConfigGeneralSettings),
        litellm=dict.fromkeys(source.keys("litellm_settings") | _MORE_LITELLM, Any)
        | _settable(litellm),
        entry=frozenset(router.Deployment.model_fields),
        params=router.LiteLLM_Params,
        param_names=frozenset(
            {*router.LiteLLM_Params.model_fields, *utils.all_litellm_params}
            | {*constants.DEFAULT_CHAT_COMPLETION_PARAM_VALUES, *_MORE_PARAMS}
            | {"extra_body", "tier"}
        ),
        model_info=frozenset(info),
        credential=frozenset(utils.CredentialItem.model_fields),
        retry_policy=frozenset(router.RetryPolicy.model_fields),
        allowed_fails_policy=frozenset(router.AllowedFailsPolicy.model_fields),
        budget=frozenset({*utils.BudgetConfig.model_fields, *_BUDGET_NAMES}),
        cache_params=frozenset(_cache_params(caching.Cache)),
        cache_types=tuple(kind.value for kind in caching.LiteLLMCacheType),
        providers=frozenset(str(getattr(p, "value", p)) for p in litellm.provider_list),
        find_provider=providers.get_llm_provider,
        callbacks=source.callbacks()
        | set(litellm._known_custom_logger_compatible_callbacks),
        priced=frozenset(_read_prices()),
    )


def _fields(model: Any) -> dict[str, Any]:
    return {name: field.annotation for name, field in model.model_fields.items()}


def _names(typed_dict: Any) -> Iterable[str]:
    return typed_dict.__annotations__


def _router_types(router: Any) -> dict[str, Any]:
    parameters = inspect.signature(router.__init__).parameters
    names = router.get_valid_args()
    return {**{name: parameters[name].annotation for name in names}, **_ROUTER_TYPES}


def _settable(litellm: Any) -> dict[str, Any]:
    """Return its settings: lower-case attributes that are data, with annotations."""
    annotations = litellm.__annotations__
    return {
        name: _SIMPLE.get(annotations.get(name, ""), Any)
        for name in dir(litellm)
        if name == name.lower()
        and not name.startswith("_")
        and _is_data(getattr(litellm, name))
    }


def _is_data(value: Any) -> bool:
    is_code = inspect.isroutine(value) or inspect.isclass(value)
    return not is_code and not inspect.ismodule(value)


def _cache_params(cache: Any) -> Iterable[str]:
    redis = importlib.import_module("litellm._redis")
    mine = set(inspect.signature(cache.__init__).parameters) - {"self", "kwargs"}
    return mine | set(redis._get_redis_kwargs()) | _REDIS_NAMES


def _read_prices() -> Iterable[str]:
    """Return the models of its own price list, apart from what was registered."""
    text = files("litellm").joinpath(_PRICE_LIST).read_text(encoding="utf-8")
    return json.loads(text)


class _Source:
    """LiteLLM's own code, asked for the names that it looks up.

    Its pydantic models name only some: `custom_sso` and 40 others are read with
    `general_settings.get(...)` alone (1.106.2).
    """

    def __init__(self) -> None:
        root = Path(str(files("litellm")))
        self._files = {
            str(file.relative_to(root)): file.read_text(encoding="utf-8")
            for folder in _READ
            for file in (root / folder).rglob("*.py")
        }

    def keys(self, mapping: str, file: str | None = None) -> frozenset[str]:
        """Return the keys that are looked up in a mapping of this name."""
        name = rf"(?<![\w.]){mapping}"
        looked_up = rf"""{name}(?:\.get\(\s*|\[\s*)["']([a-z]\w+)["']"""
        tested = rf"""["']([a-z]\w+)["'] in {mapping}\b"""
        return self._find(looked_up, file) | self._find(tested, file)

    def callbacks(self) -> frozenset[str]:
        """Return the names that a callback is compared with."""
        return self._find(r'callback == "([a-z0-9_]+)"', None)

    def _find(self, pattern: str, file: str | None) -> frozenset[str]:
        texts = [self._files[file]] if file else self._files.values()
        return frozenset(name for text in texts for name in re.findall(pattern, text))
