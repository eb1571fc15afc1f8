"""The model list and the Router's settings -> the configs that are shipped."""

from typing import Any

from langchain_kimi.catalogue import MODELS
from litellm_config._claude_code import claude_code_list
from litellm_config._model_list import model_list
from litellm_config._other_hosts import self_hosted
from litellm_config._preset import Preset, Section
from litellm_config._regions import REGIONS
from litellm_config._router_settings import router_settings

MODELS_FILE = "models.include.yaml"
HOOK = "litellm_config.hooks.kimi_hook"
"""Our callback, as `litellm_settings.callbacks` names it."""
_REDIS = "os.environ/REDIS_URL"


def list_presets() -> tuple[Preset, ...]:
    """Return the shipped configs."""
    return (
        _platform("proxy.yaml", "global", "Kimi on the international platform."),
        _platform("proxy.china.yaml", "china", "Kimi on the platform in China."),
        _platform(
            "proxy.multi-region.yaml",
            "both",
            "Kimi on both platforms: the international one first, China when it fails. "
            "A region without a key is left out.",
        ),
        _self_hosted(),
        _claude_code(),
        _models(),
        _redis(),
        _database(),
    )


_MASTER = {
    "LITELLM_MASTER_KEY": "the proxy's own key, such as sk-$(openssl rand -hex 32)"
}
_GLOBAL = {
    "MOONSHOT_API_KEY": "the key of platform.moonshot.ai",
    "MOONSHOT_API_BASE": "an address with /v1, if not the public one",
}
_CHINA = {
    "MOONSHOT_CN_API_KEY": "the key of platform.moonshot.cn",
    "MOONSHOT_CN_API_BASE": "an address with /v1, if not the public one",
}
_VARIABLES = {"global": _GLOBAL, "china": _CHINA, "both": _GLOBAL | _CHINA}
_REDIS_VARIABLES = {
    "REDIS_URL": "the Redis of all instances, such as redis://host:6379"
}
_SETTINGS_REASONS = {
    "retry_policy": "The same again gets the same answer; what timed out may have been "
    "paid for.",
    "allowed_fails": "The first failure sends what follows to the other deployments: "
    "an overload is a region's, and lasts for seconds.",
    "timeout": "Seconds. A whole answer arrives only when it is finished.",
    "stream_timeout": "Seconds between two chunks, in which a model may think.",
    "enable_pre_call_checks": "Keeps a prompt from a window that is too small.",
    "fallbacks": "Who answers while a group cannot. Instant groups have none: nothing "
    "else can answer without thinking.",
    "context_window_fallbacks": "Who takes a prompt that is too long for 256K.",
    "optional_pre_call_checks": "Together the instances keep to the rpm and tpm of a "
    "deployment, where it has any.",
    "redis_url": "Shares cooldowns and counts of requests between the instances.",
}


def _platform(file: str, regions: Any, purpose: str) -> Preset:
    return Preset(
        file=file,
        purpose=purpose,
        variables=_VARIABLES[regions] | _MASTER,
        sections=(
            _models_section(model_list(regions=regions)),
            _litellm_section(),
            _router_section(router_settings()),
            _general_section(),
        ),
    )


def _models_section(models: list[dict[str, Any]]) -> Section:
    return Section(
        name="model_list",
        value=models,
        why="Ids are fixed, so that every instance counts on the same deployment. What "
        "a model fixes is dropped by name: the global drop_params would drop thinking "
        "and the effort too, in silence.",
    )


def _litellm_section(**more: Any) -> Section:
    return Section(
        name="litellm_settings",
        value={"callbacks": [HOOK], **more},
        reasons={
            "callbacks": "Mends what LiteLLM loses of Kimi: thinking, efforts, errors, "
            "costs; and leaves out a region without a key.",
            "cache": "A connection for a cache of answers, off until a request says "
            "cache: {use-cache: true}: the same prompt need not get the same answer.",
        },
    )


def _router_section(settings: dict[str, Any]) -> Section:
    return Section(name="router_settings", value=settings, reasons=_SETTINGS_REASONS)


def _general_section(**more: Any) -> Section:
    return Section(
        name="general_settings",
        value={
            "master_key": "os.environ/LITELLM_MASTER_KEY",
            "background_health_checks": False,
            **more,
        },
        reasons={
            "background_health_checks": "Each check would be a paid request to each "
            "deployment, from each instance.",
            "database_url": "Keys, teams, budgets and spend of all instances.",
            "use_redis_transaction_buffer": "Instances add up spend in Redis, and one "
            "of them writes it: without, they lock each other's rows.",
            "proxy_batch_write_at": "Seconds between two writes of spend.",
            "allow_requests_on_db_unavailable": "A key that cannot be looked up is "
            "refused: otherwise no budget would hold while the database is away.",
        },
    )


def _self_hosted() -> Preset:
    model = next(model for model in MODELS if model.weights)
    models = [
        entry
        for server in ("VLLM", "SGLANG")
        for entry in self_hosted(
            model.id,
            served_as=str(model.weights),
            name=server.lower(),
            api_base=f"os.environ/KIMI_{server}_BASE",
            api_key=f"os.environ/KIMI_{server}_API_KEY",
        )
    ]
    return Preset(
        file="proxy.selfhosted.yaml",
        purpose="The open weights on servers of your own, vLLM and SGLang side by "
        "side. With one server, delete the entries of the other.",
        variables={
            "KIMI_VLLM_BASE": "vLLM's address with /v1",
            "KIMI_VLLM_API_KEY": "its key, if it wants one",
            "KIMI_SGLANG_BASE": "SGLang's address with /v1",
            "KIMI_SGLANG_API_KEY": "its key, if it wants one",
            **_MASTER,
        },
        sections=(
            Section(
                name="model_list",
                value=models,
                why="Thinking is switched by the chat template, since the server has "
                "no switch. Nothing is billed.",
            ),
            _litellm_section(),
            _router_section(
                {**_without_fallbacks(), "model_group_alias": {"kimi": model.id}}
            ),
            _general_section(),
        ),
    )


def _claude_code() -> Preset:
    return Preset(
        file="proxy.claude-code.yaml",
        purpose="Claude Code, and whatever else speaks Anthropic's API, on Kimi: "
        "/v1/messages goes to Kimi's own /anthropic as it is, thinking and prompt "
        "caching with it.",
        variables={
            "MOONSHOT_API_KEY": _GLOBAL["MOONSHOT_API_KEY"],
            "MOONSHOT_ANTHROPIC_BASE": "an address, if not the public one",
            "MOONSHOT_CN_API_KEY": _CHINA["MOONSHOT_CN_API_KEY"],
            "MOONSHOT_CN_ANTHROPIC_BASE": "the same for China",
            **_MASTER,
        },
        sections=(
            Section(
                name="model_list",
                value=claude_code_list(),
                why="The names that Claude Code asks for by itself are patterns here. "
                "Its small model goes to one that can answer without thinking, which "
                "Claude Code asks of it. The hook adds address and Bearer header.",
            ),
            _litellm_section(),
            _router_section(_without_fallbacks()),
            _general_section(),
        ),
    )


def _without_fallbacks() -> dict[str, Any]:
    """Return the Router's settings where the groups that they name are not."""
    settings = router_settings()
    named = ("fallbacks", "context_window_fallbacks")
    return {key: value for key, value in settings.items() if key not in named}


def _models() -> Preset:
    return Preset(
        file=MODELS_FILE,
        purpose="Kimi's models for a config of your own: include: "
        f"[{MODELS_FILE}]. Only lists, since LiteLLM replaces any other section by an "
        f"included one. Your config's litellm_settings.callbacks must name {HOOK}.",
        variables=_GLOBAL | _CHINA,
        sections=(
            _models_section(model_list(regions="both")),
            Section(
                name="credential_list",
                value=_credentials(),
                why="For deployments of your own: litellm_credential_name: kimi_global."
                " The hosts are the public ones: a key works on one of them only.",
            ),
        ),
    )


def _credentials() -> list[dict[str, Any]]:
    return [
        {
            "credential_name": f"kimi_{region.name}",
            "credential_values": {"api_key": region.api_key, "api_base": region.host},
            "credential_info": {"custom_llm_provider": "moonshot"},
        }
        for region in REGIONS
    ]


def _cache() -> dict[str, Any]:
    parameters = {"type": "redis", "url": _REDIS, "mode": "default_off", "ttl": 600}
    return {"cache": True, "cache_params": parameters}


def _redis() -> Preset:
    return Preset(
        file="proxy.redis.yaml",
        purpose="Several instances behind a balancer, which share cooldowns, limits "
        "and a cache through one Redis.",
        variables=_GLOBAL | _CHINA | _REDIS_VARIABLES | _MASTER,
        sections=(
            Section(name="include", value=[MODELS_FILE]),
            _litellm_section(**_cache()),
            _router_section(_shared_settings()),
            _general_section(),
        ),
    )


def _shared_settings() -> dict[str, Any]:
    return router_settings(
        redis_url=_REDIS, optional_pre_call_checks=["enforce_model_rate_limits"]
    )


def _database() -> Preset:
    return Preset(
        file="proxy.database.yaml",
        purpose="As proxy.redis.yaml, with keys, teams and budgets in Postgres.",
        variables=_GLOBAL
        | _CHINA
        | _REDIS_VARIABLES
        | {
            "DATABASE_URL": "postgresql://user:password@host:5432/litellm",
            "LITELLM_SALT_KEY": "encrypts what is stored; never change it afterwards",
        }
        | _MASTER,
        sections=(
            Section(name="include", value=[MODELS_FILE]),
            _litellm_section(**_cache()),
            _router_section(_shared_settings()),
            _general_section(
                database_url="os.environ/DATABASE_URL",
                database_connection_pool_limit=10,
                use_redis_transaction_buffer=True,
                proxy_batch_write_at=60,
                allow_requests_on_db_unavailable=False,
                maximum_spend_logs_retention_period="30d",
            ),
        ),
    )
