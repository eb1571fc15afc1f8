"""`validate`: what LiteLLM swallows is found, and nothing is found in what is right.

In the tables `# !` marks the line that must be reported, and nothing else may be.
"""

import json
import os
import re
import subprocess
import sys
from datetime import date
from importlib.resources import files
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from litellm_config.__main__ import main
from litellm_config._validation import Finding, Known, load_known, validate
from tests.litellm.proxies import ROOT

# litellm's own code warns at every turn; what it does is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore")
_SHOWN_KEY = re.compile("plain text|key of every example")
_TODAY = date(2026, 11, 22)
_ENVIRONMENT = {"MOONSHOT_API_KEY": "sk-test", "LITELLM_MASTER_KEY": "sk-test"}
_RIGHT = """
model_list:
  - model_name: kimi
    litellm_params:
      model: moonshot/kimi-k3
      api_key: os.environ/MOONSHOT_API_KEY
    model_info:
      id: first
"""


@pytest.fixture(scope="module")
def known() -> Known:
    """What the installed LiteLLM accepts."""
    return load_known()


def _find(path: Path, known: Known, text: str) -> list[Finding]:
    path.write_text(text)
    return validate(path, known, environment=_ENVIRONMENT, today=_TODAY)


def _marked(text: str) -> list[int]:
    lines = text.splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("# !")]


_SETTINGS: dict[str, tuple[str, str, str | None, str]] = {
    "misspelt section": (
        "router_setings:  # !\n  num_retries: 2",
        "router_setings",
        "router_settings",
        "not a section",
    ),
    "setting at the top": (
        "num_retries: 2  # !",
        "num_retries",
        "router_settings.num_retries",
        "not a section",
    ),
    "section of the wrong type": (
        "general_settings: []  # !",
        "general_settings",
        None,
        "must be a mapping",
    ),
    "misspelt router key": (
        "router_settings:\n  num_retrys: 2  # !",
        "router_settings.num_retrys",
        "num_retries",
        "ignores it",
    ),
    "misspelt litellm key": (
        "litellm_settings:\n  request_timeoout: 600  # !",
        "litellm_settings.request_timeoout",
        "request_timeout",
        "stores it unread",
    ),
    "misspelt general key": (
        "general_settings:\n  databse_url: x  # !",
        "general_settings.databse_url",
        "database_url",
        "reads no such key",
    ),
    "cooldown under litellm_settings": (
        "litellm_settings:\n  cooldown_time: 20  # !",
        "litellm_settings.cooldown_time",
        "router_settings.cooldown_time",
        "not a setting of litellm_settings",
    ),
    "gap limit under litellm_settings": (
        "litellm_settings:\n  stream_timeout: 180  # !",
        "litellm_settings.stream_timeout",
        "router_settings.stream_timeout",
        "not a setting of litellm_settings",
    ),
    "health checks under router_settings": (
        "router_settings:\n  health_check_interval: 300  # !",
        "router_settings.health_check_interval",
        "general_settings.health_check_interval",
        "not a setting of router_settings",
    ),
    "master key under litellm_settings": (
        "litellm_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY  # !",
        "litellm_settings.master_key",
        "general_settings.master_key",
        "not a setting of litellm_settings",
    ),
    "retries as a word": (
        'router_settings:\n  num_retries: "three"  # !',
        "router_settings.num_retries",
        None,
        "wrong type",
    ),
    "retries as a word, for all": (
        'litellm_settings:\n  num_retries: "three"  # !',
        "litellm_settings.num_retries",
        None,
        "wrong type",
    ),
    "pre-call checks as a word": (
        'router_settings:\n  enable_pre_call_checks: "yes"  # !',
        "router_settings.enable_pre_call_checks",
        None,
        "wrong type",
    ),
    "negative cooldown": (
        "router_settings:\n  cooldown_time: -20  # !",
        "router_settings.cooldown_time",
        None,
        "negative",
    ),
    "misspelt retry policy": (
        "router_settings:\n  retry_policy:\n    RateLimitErrorRetry: 2  # !",
        "router_settings.retry_policy.RateLimitErrorRetry",
        "RateLimitErrorRetries",
        "ignores it in silence",
    ),
    "retries of a policy as a word": (
        "router_settings:\n  retry_policy:\n    TimeoutErrorRetries: one  # !",
        "router_settings.retry_policy.TimeoutErrorRetries",
        None,
        "wrong type",
    ),
    "misspelt policy of failures": (
        "router_settings:\n  allowed_fails_policy:\n    RateLimitErrorFails: 2  # !",
        "router_settings.allowed_fails_policy.RateLimitErrorFails",
        "RateLimitErrorAllowedFails",
        "ignores it in silence",
    ),
    "misspelt policy of a group": (
        "router_settings:\n  model_group_retry_policy:\n    kimi:\n"
        "      TimeoutRetries: 1  # !",
        "router_settings.model_group_retry_policy.kimi.TimeoutRetries",
        "TimeoutErrorRetries",
        "ignores it in silence",
    ),
    "unknown strategy": (
        "router_settings:\n  routing_strategy: simple-shufle  # !",
        "router_settings.routing_strategy",
        "simple-shuffle",
        "not one of the options",
    ),
    "misspelt pre-call check": (
        "router_settings:\n  optional_pre_call_checks:\n"
        "    - enforce_model_rate_limit  # !",
        "router_settings.optional_pre_call_checks[0]",
        "enforce_model_rate_limits",
        "not one of the options",
    ),
    "budget of an unknown provider": (
        "router_settings:\n  provider_budget_config:\n    moonshoot:  # !\n"
        "      budget_limit: 10\n      time_period: 1d",
        "router_settings.provider_budget_config.moonshoot",
        "moonshot",
        "never applies",
    ),
    "misspelt budget": (
        "router_settings:\n  provider_budget_config:\n    moonshot:\n"
        "      budget_limits: 10  # !\n      time_period: 1d",
        "router_settings.provider_budget_config.moonshot.budget_limits",
        "budget_limit",
        "ignores it",
    ),
    "fallback to an unknown group": (
        "router_settings:\n  fallbacks:\n    - kimi: [kimmi]  # !",
        "router_settings.fallbacks[0].kimi[0]",
        "kimi",
        "does not have",
    ),
    "fallback of an unknown group": (
        "router_settings:\n  fallbacks:\n    - kimmi: [kimi]  # !",
        "router_settings.fallbacks[0].kimmi",
        "kimi",
        "does not have",
    ),
    "fallbacks that are no list": (
        "router_settings:\n  fallbacks: {kimi: [kimi]}  # !",
        "router_settings.fallbacks",
        None,
        "wrong type",
    ),
    "default fallback to an unknown group": (
        "litellm_settings:\n  default_fallbacks: [kimi-k9]  # !",
        "litellm_settings.default_fallbacks[0]",
        "kimi",
        "does not have",
    ),
    "alias of an unknown group": (
        "router_settings:\n  model_group_alias:\n    gpt-5: kimmi  # !",
        "router_settings.model_group_alias.gpt-5",
        "kimi",
        "does not have",
    ),
    "hidden alias of an unknown group": (
        "router_settings:\n  model_group_alias:\n"
        "    gpt-5: {model: kimmi, hidden: true}  # !",
        "router_settings.model_group_alias.gpt-5.model",
        "kimi",
        "does not have",
    ),
    "window fallbacks that never fire": (
        "router_settings:\n  context_window_fallbacks: [{kimi: [kimi]}]  # !",
        "router_settings.context_window_fallbacks",
        None,
        "never fire",
    ),
    "drop_params for everything": (
        "litellm_settings:\n  drop_params: true  # !",
        "litellm_settings.drop_params",
        "additional_drop_params",
        "in silence",
    ),
    "unknown callback": (
        "litellm_settings:\n  success_callback: [langfus]  # !",
        "litellm_settings.success_callback[0]",
        "langfuse",
        "no callback",
    ),
    "missing callback": (
        "litellm_settings:\n  callbacks: [my_hooks.tracer]  # !",
        "litellm_settings.callbacks[0]",
        None,
        "cannot be imported",
    ),
    "missing instance of a callback": (
        "litellm_settings:\n  callbacks: litellm_config._model_list.model_lst  # !",
        "litellm_settings.callbacks",
        "model_list",
        "names nothing",
    ),
    "misspelt cache parameter": (
        "litellm_settings:\n  cache: true\n  cache_params:\n    namespce: kimi  # !",
        "litellm_settings.cache_params.namespce",
        "namespace",
        "unknown",
    ),
    "unknown kind of cache": (
        "litellm_settings:\n  cache: true\n  cache_params:\n    type: reddis  # !",
        "litellm_settings.cache_params.type",
        "redis",
        "not a kind of cache",
    ),
    "cache that is neither on nor off": (
        "litellm_settings:\n  cache: redis  # !",
        "litellm_settings.cache",
        None,
        "wrong type",
    ),
    "unset variable": (
        "general_settings:\n  database_url: os.environ/DATABASE_URL  # !",
        "general_settings.database_url",
        None,
        "not set in the environment",
    ),
    "misspelt variable": (
        "general_settings:\n  master_key: os.environ/LITELLM_MASTERKEY  # !",
        "general_settings.master_key",
        "LITELLM_MASTER_KEY",
        "not set in the environment",
    ),
    "variable in another tool's spelling": (
        "general_settings:\n  master_key: ${LITELLM_MASTER_KEY}  # !",
        "general_settings.master_key",
        "os.environ/LITELLM_MASTER_KEY",
        "taken as it is",
    ),
    "master key of the examples": (
        "general_settings:\n  master_key: sk-1234  # !",
        "general_settings.master_key",
        None,
        "refuses to start",
    ),
    "master key in plain text": (
        "general_settings:\n  master_key: sk-8f2c91ab  # !",
        "general_settings.master_key",
        None,
        "plain text",
    ),
    "unknown key of a credential": (
        "credential_list:\n  - credential_name: kimi\n    credential_value: {}  # !",
        "credential_list[0].credential_value",
        "credential_values",
        "ignores it",
    ),
    "key written twice": (
        "router_settings:\n  num_retries: 2\n  num_retries: 5  # !",
        "router_settings.num_retries",
        None,
        "written twice",
    ),
    "deprecated router key": (
        "router_settings:\n  set_verbose: true  # !",
        "router_settings.set_verbose",
        None,
        "deprecated",
    ),
    "missing include": (
        "include:\n  - models.yaml  # !",
        "include[0]",
        None,
        "cannot be read",
    ),
    "include that is no list": (
        "include: models.yaml  # !",
        "include",
        None,
        "must be a list",
    ),
    "not YAML": (
        "router_settings:\n\tnum_retries: 2  # !",
        "",
        None,
        "not YAML",
    ),
}


@pytest.mark.parametrize("name", _SETTINGS)
def test_a_wrong_setting_is_found(name: str, known: Known, tmp_path: Path) -> None:
    """At its line, with its path and the nearest correct name; and nothing else."""
    text, path, nearest, words = _SETTINGS[name]
    _expect(_find(tmp_path / "proxy.yaml", known, _RIGHT + text), _RIGHT + text)(
        path, nearest, words
    )


_DEPLOYMENTS: dict[str, tuple[str, str, str | None, str]] = {
    "no model_name": (
        "- litellm_params: {model: moonshot/kimi-k3}  # !",
        "",
        None,
        "has no model_name",
    ),
    "no model": (
        "- model_name: a\n  litellm_params: {timeout: 600}  # !",
        ".litellm_params",
        None,
        "has no model",
    ),
    "parameter beside litellm_params": (
        "- model_name: a\n  api_base: https://example.com/v1  # !\n"
        "  litellm_params: {model: moonshot/kimi-k3}",
        ".api_base",
        "litellm_params.api_base",
        "not read here",
    ),
    "misspelt parameter": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    reasoning_efort: low  # !",
        ".litellm_params.reasoning_efort",
        "reasoning_effort",
        "field of the body",
    ),
    "field of the body beside extra_body": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    foo_bar_baz: 1  # !",
        ".litellm_params.foo_bar_baz",
        None,
        "field of the body",
    ),
    "limit as a word": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    rpm: many  # !",
        ".litellm_params.rpm",
        None,
        "drops the whole deployment",
    ),
    "price as a word": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    input_cost_per_token: cheap  # !",
        ".litellm_params.input_cost_per_token",
        None,
        "drops the whole deployment",
    ),
    "negative limit": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    tpm: -1  # !",
        ".litellm_params.tpm",
        None,
        "negative",
    ),
    "price as a word in model_info": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k3}\n  model_info:\n"
        "    cache_read_input_token_cost: none  # !",
        ".model_info.cache_read_input_token_cost",
        None,
        "no number",
    ),
    "misspelt model_info": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k3}\n  model_info:\n"
        "    max_input_token: 1048576  # !",
        ".model_info.max_input_token",
        "max_input_tokens",
        "ignores it",
    ),
    "id that is taken": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k3}\n"
        "  model_info: {id: first}  # !",
        ".model_info.id",
        None,
        "is taken",
    ),
    "unknown credential": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    litellm_credential_name: kimi_cn  # !",
        ".litellm_params.litellm_credential_name",
        None,
        "names no credential",
    ),
    "unknown provider": (
        "- model_name: a\n  litellm_params: {model: moonshoot/kimi-k3}  # !",
        ".litellm_params.model",
        "moonshot/kimi-k3",
        "drops the whole deployment",
    ),
    "no provider": (
        "- model_name: a\n  litellm_params: {model: kimi-k3}  # !",
        ".litellm_params.model",
        "moonshot/kimi-k3",
        "drops the whole deployment",
    ),
    "openai for Kimi": (
        "- model_name: a\n  litellm_params:\n    model: openai/kimi-k3  # !\n"
        "    api_base: https://api.moonshot.ai/v1",
        ".litellm_params.model",
        "moonshot/kimi-k3",
        "loses reasoning",
    ),
    "misspelt model": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k3-1-pro}  # !",
        ".litellm_params.model",
        "moonshot/kimi-k3.1-pro",
        "404",
    ),
    "alias for an id": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k2.6-instant}  # !",
        ".litellm_params.model",
        "moonshot/kimi-k2.6",
        "no id of the API",
    ),
    "retired model": (
        "- model_name: a\n  litellm_params: {model: moonshot/kimi-k2.5}  # !",
        ".litellm_params.model",
        "moonshot/kimi-k2.6",
        "retired on 2026-08-31",
    ),
    "thinking as a parameter": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k2.6\n"
        "    thinking: {type: disabled}  # !",
        ".litellm_params.thinking",
        "extra_body.thinking",
        "refused by LiteLLM",
    ),
    "thinking off where it cannot be": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    extra_body: {thinking: {type: disabled}}  # !",
        ".litellm_params.extra_body.thinking.type",
        None,
        "always thinks",
    ),
    "unknown effort": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    reasoning_effort: maximum  # !",
        ".litellm_params.reasoning_effort",
        "max",
        "no effort of kimi-k3",
    ),
    "effort where there is none": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k2.6\n"
        "    reasoning_effort: low  # !",
        ".litellm_params.reasoning_effort",
        None,
        "no effort of kimi-k2.6",
    ),
    "no price": (
        "- model_name: a\n  litellm_params:\n"
        "    model: moonshot/kimi-k2.7-code-highspeed  # !",
        ".litellm_params.model",
        None,
        "counts its cost as 0",
    ),
    "drop_params of a deployment": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    drop_params: true  # !",
        ".litellm_params.drop_params",
        "additional_drop_params",
        "in silence",
    ),
    "key in plain text": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    api_key: sk-8f2c91ab77d0  # !",
        ".litellm_params.api_key",
        None,
        "plain text",
    ),
    "unset key": (
        "- model_name: a\n  litellm_params:\n    model: moonshot/kimi-k3\n"
        "    api_key: os.environ/MOONSHOT_CN_API_KEY  # !",
        ".litellm_params.api_key",
        None,
        "not set",
    ),
}


@pytest.mark.parametrize("name", _DEPLOYMENTS)
def test_a_wrong_deployment_is_found(name: str, known: Known, tmp_path: Path) -> None:
    """At its line, with its path and the nearest correct name; and nothing else."""
    entry, path, nearest, words = _DEPLOYMENTS[name]
    text = _RIGHT + indent(entry, "  ")
    _expect(_find(tmp_path / "proxy.yaml", known, text), text)(
        f"model_list[1]{path}", nearest, words
    )


def _expect(found: list[Finding], text: str) -> Any:
    def check(path: str, nearest: str | None, words: str) -> None:
        assert [(each.line, each.path, each.nearest) for each in found] == [
            (line, path, nearest) for line in _marked(text)
        ]
        assert words in found[0].problem

    return check


def test_a_cooldown_of_an_included_file_is_told_there(
    known: Known, tmp_path: Path
) -> None:
    """Lists are appended; a section that both have is told, with both places."""
    (tmp_path / "more.yaml").write_text(
        dedent("""\
            model_list:
              - model_name: other
                litellm_params: {model: moonshot/kimi-k3, tpm: much}
            router_settings:
              num_retries: 1
        """)
    )
    text = _RIGHT + dedent("""\
        include: [more.yaml]
        router_settings:
          fallbacks: [{kimi: [other]}]
    """)
    found = _find(tmp_path / "proxy.yaml", known, text)
    assert [(Path(each.file).name, each.line, each.path) for each in found] == [
        ("more.yaml", 3, "model_list[0].litellm_params.tpm"),
        ("more.yaml", 4, "router_settings"),
    ]
    assert "proxy.yaml line 10" in found[1].problem


def test_a_variable_may_be_unset_where_there_is_a_public_host(
    known: Known, tmp_path: Path
) -> None:
    """With our hook for every region; a region without a key is left out with it."""
    text = dedent("""\
        model_list:
          - model_name: kimi
            litellm_params:
              model: moonshot/kimi-k3
              api_key: os.environ/MOONSHOT_API_KEY
              api_base: os.environ/MOONSHOT_API_BASE
          - model_name: kimi
            litellm_params:
              model: moonshot/kimi-k3
              api_key: os.environ/MOONSHOT_CN_API_KEY
              api_base: os.environ/MOONSHOT_CN_API_BASE
            model_info: {id: moonshot/china/kimi}
    """)
    found = _find(tmp_path / "bare.yaml", known, text)
    assert [(each.severity, each.line) for each in found] == [
        ("error", 10),
        ("error", 11),
    ]
    hook = "litellm_settings: {callbacks: [litellm_config.hooks.kimi_hook]}\n"
    found = _find(tmp_path / "hooked.yaml", known, text + hook)
    found = [each for each in found if "callbacks" not in each.path]
    assert [(each.severity, each.line) for each in found] == [("warning", 10)]
    assert "leaves its deployments out" in found[0].problem


def test_a_planned_retirement_warns_once_it_has_passed(
    known: Known, tmp_path: Path
) -> None:
    """Not before, and not as an error: a plan is no fact."""
    file = tmp_path / "proxy.yaml"
    text = _RIGHT.replace("kimi-k3", "kimi-k2.6")
    assert _find(file, known, text) == []
    found = validate(file, known, environment=_ENVIRONMENT, today=date(2027, 1, 1))
    assert [each.severity for each in found] == ["warning"]


def test_secrets_are_not_told(known: Known, tmp_path: Path) -> None:
    """The report may be pasted anywhere."""
    text = _RIGHT + "general_settings: {master_key: sk-8f2c91ab77d0}"
    assert "91ab77d0" not in str(_find(tmp_path / "proxy.yaml", known, text))


# What LiteLLM's documentation shows, in words of our own.
_EXAMPLES = {
    "two deployments of a group": """
        model_list:
          - model_name: gpt-4o
            litellm_params:
              model: azure/gpt-4o-eu
              api_base: https://example.openai.azure.com/
              api_key: os.environ/MOONSHOT_API_KEY
              api_version: "2024-08-01-preview"
              rpm: 6
          - model_name: gpt-4o
            litellm_params:
              model: openai/gpt-4o
              api_key: os.environ/MOONSHOT_API_KEY
              rpm: 100
            model_info: {version: 2, team: search}
        router_settings:
          routing_strategy: usage-based-routing-v2
          redis_host: localhost
          redis_password: os.environ/LITELLM_MASTER_KEY
          redis_port: 6379
          enable_pre_call_checks: true
        litellm_settings:
          drop_params: true
          request_timeout: 600
          turn_off_message_logging: true
    """,
    "every kind of fallback": """
        model_list:
          - model_name: zephyr
            litellm_params:
              model: huggingface/HuggingFaceH4/zephyr-7b-beta
              api_base: http://127.0.0.1:8001
              api_key: none
          - model_name: small
            litellm_params: {model: gpt-4o-mini, api_key: os.environ/MOONSHOT_API_KEY}
          - model_name: "anthropic/*"
            litellm_params: {model: "anthropic/*"}
        litellm_settings:
          num_retries: 3
          fallbacks: [{zephyr: [small]}]
          content_policy_fallbacks: [{small: [anthropic/claude-opus-5]}]
          default_fallbacks: [small]
          allowed_fails: 3
        router_settings:
          enable_pre_call_checks: true
          context_window_fallbacks: [{zephyr: [small]}]
          model_group_alias: {gpt-4: small, hidden: {model: small, hidden: true}}
    """,
    "cache, callbacks and alerts": """
        model_list:
          - model_name: embed
            litellm_params: {model: text-embedding-3-small}
            model_info: {mode: embedding}
        litellm_settings:
          set_verbose: false
          success_callback: [langfuse, prometheus]
          failure_callback: [sentry]
          callbacks: [otel]
          cache: true
          cache_params:
            type: redis
            host: localhost
            port: 6379
            ttl: 600
            supported_call_types: [acompletion, aembedding]
          json_logs: true
          max_budget: 100
          budget_duration: 30d
          default_team_settings:
            - {team_id: dev, success_callback: [langfuse]}
        general_settings:
          master_key: os.environ/LITELLM_MASTER_KEY
          database_connection_pool_limit: 10
          proxy_batch_write_at: 60
          disable_spend_logs: false
          alerting: [slack]
          alerting_threshold: 300
          background_health_checks: true
          health_check_interval: 300
          custom_auth: custom_auth.user_api_key_auth
          pass_through_endpoints:
            - {path: /v1/rerank, target: https://example.com/rerank, headers: {}}
        environment_variables:
          LANGFUSE_HOST: https://langfuse.example.com
    """,
    "credentials, guardrails and servers of one's own": """
        credential_list:
          - credential_name: shared
            credential_values: {api_key: os.environ/MOONSHOT_API_KEY}
            credential_info: {description: for everyone}
        model_list:
          - model_name: llama
            litellm_params:
              model: hosted_vllm/meta-llama/Llama-3.1-8B-Instruct
              api_base: http://127.0.0.1:8000/v1
              extra_body: {chat_template_kwargs: {enable_thinking: false}}
          - model_name: claude
            litellm_params:
              model: bedrock/anthropic.claude-opus-5-v1:0
              aws_region_name: us-east-1
              litellm_credential_name: shared
              tags: [paid]
              top_k: 5
        guardrails:
          - guardrail_name: pii
            litellm_params: {guardrail: presidio, mode: pre_call}
        router_settings:
          enable_tag_filtering: true
          allowed_fails_policy: {BadRequestErrorAllowedFails: 1000}
          provider_budget_config:
            bedrock: {budget_limit: 0.5, time_period: 1d}
          optional_pre_call_checks: [prompt_caching, router_budget_limiting]
    """,
    "anchors": """
        model_list:
          - model_name: a
            litellm_params: &shared
              model: moonshot/kimi-k3
              api_key: os.environ/MOONSHOT_API_KEY
          - model_name: b
            litellm_params: {<<: *shared, reasoning_effort: low}
    """,
    "nothing": "",
}


@pytest.mark.parametrize("name", _EXAMPLES)
def test_a_right_config_is_left_alone(name: str, known: Known, tmp_path: Path) -> None:
    """Configs for other providers too."""
    assert _find(tmp_path / "proxy.yaml", known, dedent(_EXAMPLES[name])) == []


# An older release's form, which this one does not start with.
_BROKEN = ("langfuse_config.yaml",)
_OF_LITELLM = [
    path
    for path in sorted(Path(str(files("litellm"))).rglob("*config*.yaml"))
    if path.name not in _BROKEN
]


@pytest.mark.parametrize("path", _OF_LITELLM, ids=lambda path: path.name)
def test_litellms_own_examples_are_left_alone(path: Path, known: Known) -> None:
    """Where the installed package has them; but for the keys that they show."""
    variables = re.findall(r"os\.environ/(\w+)", path.read_text())
    environment = dict.fromkeys(variables, "set")
    found = validate(path, known, environment=environment, today=_TODAY)
    told = (each for each in found if not _SHOWN_KEY.search(each.problem))
    assert list(told) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_list: []\nx: 2026-13-45\n", "month must be in 1..12"),
        ("x: \0\n", "special characters are not allowed"),
        ("a: &a\n  b: *a\n", "contains itself"),
        ("a: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
    ],
    ids=["date", "character", "loop", "depth"],
)
def test_what_cannot_be_read_is_told(
    text: str, words: str, known: Known, tmp_path: Path
) -> None:
    """Never by a traceback."""
    (found,) = _find(tmp_path / "proxy.yaml", known, text)
    assert found.problem.startswith("this is not YAML")
    assert words in found.problem


def test_an_id_of_any_type_is_compared(known: Known, tmp_path: Path) -> None:
    """A list is no id, and 1 and "1" are the same one to LiteLLM."""
    entry = "\n".join(_RIGHT.splitlines()[2:-1])
    ids = ("1", "'1'", "[1]")
    text = "model_list:\n" + "".join(f"{entry}\n      id: {id}\n" for id in ids)
    taken = [each for each in _find(tmp_path / "x.yaml", known, text) if each.given]
    assert [(each.path, each.given) for each in taken][:1] == [
        ("model_list[1].model_info.id", "1")
    ]


def test_the_command_tells_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line a finding, as compilers write it, and 1 for errors."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-test")
    file = tmp_path / "proxy.yaml"
    file.write_text(_RIGHT + "router_settings:\n  num_retrys: 2\n")
    assert main(["validate", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{file}:10: error: router_settings.num_retrys is unknown: LiteLLM ignores it "
        "with a warning; given: num_retrys; did you mean num_retries?",
        f"{file}: 1 error, 0 warnings",
    ]


def test_the_command_tells_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 for a config without errors, though there be a warning."""
    monkeypatch.setenv("MOONSHOT_API_KEY", "sk-test")
    file = tmp_path / "proxy.yaml"
    file.write_text(_RIGHT + "router_settings:\n  set_verbose: true\n")
    assert main(["validate", "--json", str(file)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["errors"], report["warnings"]) == (0, 1)
    assert report["findings"][0] == {
        "severity": "warning",
        "file": str(file),
        "line": 10,
        "path": "router_settings.set_verbose",
        "problem": "is deprecated: use the variable LITELLM_LOG=DEBUG",
        "given": True,
        "accepted": "",
        "nearest": None,
    }


def test_a_malicious_release_is_told_before_it_is_imported(tmp_path: Path) -> None:
    """By what is installed: here, by the metadata that Python finds first."""
    metadata = tmp_path / "litellm-1.107.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: litellm\nVersion: 1.107.0\n")
    (tmp_path / "litellm.py").write_text("raise SystemExit('it ran')\n")
    file = tmp_path / "proxy.yaml"
    file.write_text(_RIGHT)
    ran = subprocess.run(
        [sys.executable, "-m", "litellm_config", "validate", str(file)],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "litellm 1.107.0 is a compromised release" in ran.stderr
    assert "it ran" not in ran.stderr


def test_the_command_refuses_a_file_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2, as for any wrong use."""
    assert main(["validate", str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml" in capsys.readouterr().err
