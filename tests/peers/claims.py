"""What the two source documents say, and what became of each claim.

Seed 000 is a guide to kimi-k2.5's API, seed 004 a research of February 2026. The
verdicts are those of 21 November 2026 (kimi-api.md, section 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["works", "otherwise", "cannot", "no matter of the API"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, in our words."""

    seed: Literal["000", "004"]
    claim: str
    outcome: Outcome
    why: str
    tests: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """Something of the API that ChatKimi does not offer."""

    what: str
    why: str
    tests: Sequence[str] = ()


_SEEDS = "test_seeds.py::"


def _seed(name: str) -> str:
    return f"{_SEEDS}test_{name}"


CLAIMS = (
    Claim(
        "000",
        "two base URLs, a Bearer key, `/chat/completions` and `/files`, the OpenAI SDK",
        "works",
        "ChatKimi is written on the same SDK and takes both regions",
        [
            _seed("the_basic_call_works_with_a_model_of_today"),
            "test_files.py::test_a_file_goes_there_and_back",
        ],
    ),
    Claim(
        "000",
        "keys come from platform.moonshot.ai",
        "otherwise",
        "the console moved to platform.kimi.ai; a refused key is told both regions",
        ["test_errors.py::test_a_refused_key_is_told_with_the_regions"],
    ),
    Claim(
        "000",
        "the model is kimi-k2.5, 256K",
        "otherwise",
        "retired on 2026-08-31; the default is kimi-k3, with 1M; a gateway that still "
        "serves it is reached by `base_url`",
        [
            _seed("the_models_of_the_documents_are_gone"),
            _seed("a_model_that_is_gone_is_told_with_its_successor"),
        ],
    ),
    Claim(
        "000",
        "other models: kimi-k2, kimi-k2-0905, kimi-k2-thinking",
        "cannot",
        "the first two never were hosted ids, the third was retired on 2026-05-25",
        [_seed("the_models_of_the_documents_are_gone")],
    ),
    Claim(
        "000",
        "about USD 0.60 in and 2.50 out per million tokens",
        "otherwise",
        "K2-era prices; today's stand in the catalogue, model by model",
        ["test_catalogue.py::test_prices_are_those_of_the_platform"],
    ),
    Claim(
        "000",
        "temperature from 0 to 1: 0.6 instant, 1.0 thinking",
        "otherwise",
        "fixed at those two values; any other gets 400, so that ChatKimi leaves it out "
        "and says so",
        [_seed("the_recommended_temperature_is_refused_while_thinking")],
    ),
    Claim(
        "000",
        "`top_p` 0.95 is recommended",
        "otherwise",
        "it is the only value that is accepted",
        [_seed("the_basic_call_works_with_a_model_of_today")],
    ),
    Claim(
        "000",
        "up to 4 stops",
        "otherwise",
        "5, of at most 32 bytes each; more are refused before they are sent",
        [_seed("five_stops_are_taken_and_not_four")],
    ),
    Claim(
        "000",
        "`n` and the penalties can be set",
        "cannot",
        "fixed at 1 and 0 by every current model",
        [_seed("other_sampling_settings_are_fixed_too")],
    ),
    Claim(
        "000",
        "`max_tokens`",
        "works",
        "sent as `max_completion_tokens`, its current name",
        ["test_settings.py::test_every_setting_is_sent_by_the_api_s_name"],
    ),
    Claim(
        "000",
        "`tool_choice` required, or a specific function",
        "otherwise",
        "K3 takes required, and a name is sent as the only tool with required; the K2 "
        "models take neither while they think, which is refused with the ways out",
        [
            _seed("forcing_a_tool_is_refused_while_thinking"),
            _seed("k3_can_be_made_to_call_a_tool"),
        ],
    ),
    Claim(
        "000",
        "`response_format` json_object and json_schema",
        "works",
        "also through `with_structured_output`, with schemas adapted to Kimi's dialect",
        [_seed("json_mode_and_json_schema")],
    ),
    Claim(
        "000",
        "thinking by default, in `reasoning_content` beside the text",
        "works",
        "K3 and K2.7 always think",
        [_seed("thinking_is_the_default_and_stands_beside_the_text")],
    ),
    Claim(
        "000",
        "thinking budgets of 8K, 32K and 96K",
        "cannot",
        "the API has no such parameter; `reasoning_effort` (K3) and `max_tokens` are "
        "what there is, and a budget that is given is told not to be sent",
        ["test_settings.py::test_a_field_of_thinking_that_k3_has_not_is_told"],
    ),
    Claim(
        "000",
        'instant mode by `extra_body={"thinking": {"type": "disabled"}}`',
        "works",
        "on kimi-k2.6, as `thinking=False` too; K3 cannot be switched off: lower its "
        "effort",
        [_seed("instant_mode_is_that_of_the_guide")],
    ),
    Claim(
        "000",
        "on vLLM and SGLang by `chat_template_kwargs`",
        "works",
        '`dialect="vllm"` or `"sglang"`, or through `extra_body`',
        ["test_dialects.py::test_the_chat_template_is_told_how_to_think"],
    ),
    Claim(
        "000",
        "instant mode is 60 to 75 % cheaper",
        "no matter of the API",
        "no source; the price of a token is the same, fewer are written",
    ),
    Claim(
        "000",
        "temperature 0.6 in the examples for tools, streams and JSON",
        "cannot",
        "400 while thinking; ChatKimi leaves it out, and the examples run",
        [_seed("the_recommended_temperature_is_refused_while_thinking")],
    ),
    Claim(
        "000",
        "tools, and results sent back as `tool` messages",
        "works",
        "the reasoning has to go back with the call, which ChatKimi sees to",
        [_seed("the_tool_loop_needs_the_reasoning_too")],
    ),
    Claim(
        "000",
        "more than 200 calls in a row",
        "no matter of the API",
        "said of kimi-k2-thinking's skill; an agent of 200 steps loses nothing here",
        ["test_agents.py::test_two_hundred_steps_lose_nothing"],
    ),
    Claim(
        "000",
        'partial mode by `extra_body={"partial": True}`',
        "otherwise",
        "ignored there: the flag stands on the last message, where `partial_message` "
        "puts it; ChatKimi refuses it as a setting",
        [
            _seed("the_partial_flag_belongs_on_the_message"),
            "test_partial.py::test_it_is_no_setting",
        ],
    ),
    Claim(
        "000",
        "streams bring the reasoning first",
        "works",
        "",
        [_seed("a_stream_thinks_first_and_ends_with_a_chunk_without_choices")],
    ),
    Claim(
        "000",
        "a loop over `chunk.choices[0]`",
        "otherwise",
        "breaks on the usage chunk, which has no choices; ChatKimi reads it as usage",
        [_seed("a_stream_thinks_first_and_ends_with_a_chunk_without_choices")],
    ),
    Claim(
        "000",
        "`$web_search` in one call, USD 0.005 each",
        "otherwise",
        "the price is right; the call has to be echoed before there is an answer, and "
        "Moonshot advises the formula `moonshot/web-search` instead",
        [_seed("web_search_is_answered_only_after_an_echo")],
    ),
    Claim(
        "000",
        "pictures by URL or base64, videos as MP4",
        "otherwise",
        "base64 and uploaded files, of more formats than that; Kimi fetches no public "
        "URL: ChatKimi does with `inline_urls`, and refuses it otherwise",
        [
            _seed("a_public_url_of_a_picture_is_refused"),
            "test_inline.py::test_a_url_in_any_form_is_sent_as_data",
            _seed("a_video_is_read_from_base64"),
        ],
    ),
    Claim(
        "000",
        "a conversation that keeps each answer's text",
        "otherwise",
        "K3, K2.7 and every tool loop want the reasoning back too; ChatKimi's messages "
        "hold it",
        [_seed("texts_alone_are_not_the_whole_turn")],
    ),
    Claim(
        "000",
        "retries with growing pauses",
        "works",
        "built in, for what may pass only",
        ["test_errors.py::test_what_may_pass_is_tried_again"],
    ),
    Claim(
        "000",
        "moving from OpenAI: another base URL and model, `extra_body` for instant mode",
        "otherwise",
        "for plain calls; what else is different stands in this table",
        [_seed("the_basic_call_works_with_a_model_of_today")],
    ),
    Claim(
        "004",
        "the open model is K2, and K2.5 a hosted variant",
        "no matter of the API",
        "K2.5's weights were published on 2026-01-30; it is a model of its own",
    ),
    Claim(
        "004",
        "two base URLs, Bearer, 401 with `Incorrect API key provided`",
        "works",
        "",
        [_seed("a_wrong_key_is_refused_in_the_words_that_were_seen")],
    ),
    Claim(
        "004",
        "kimi-k2.5-instant: the name alone tells thinking from instant",
        "otherwise",
        "never a hosted id: the switch is the `thinking` field. ChatKimi takes the "
        "name for it",
        [
            _seed("the_models_of_the_documents_are_gone"),
            _seed("the_instant_name_is_the_model_with_thinking_off"),
        ],
    ),
    Claim(
        "004",
        "system messages, a default prompt, `name`",
        "works",
        "sent as they are given; no prompt is put before yours",
        [_seed("names_and_system_messages_are_sent_as_given")],
    ),
    Claim(
        "004",
        "the form of tools, and the loop over them",
        "works",
        "with the reasoning sent back",
        [_seed("the_tool_loop_needs_the_reasoning_too")],
    ),
    Claim(
        "004",
        "temperature 0.6 for all calls",
        "cannot",
        "400 on every hosted model that thinks",
        [_seed("the_recommended_temperature_is_refused_while_thinking")],
    ),
    Claim(
        "004",
        "`--tool-call-parser kimi_k2` for self-hosted servers",
        "works",
        "with `--reasoning-parser kimi_k2`; their streams are read, recorded ones in "
        "the tests",
        ["test_recordings.py::TestStreams::test_answer"],
    ),
    Claim(
        "004",
        "SSE as OpenAI's, with `[DONE]`",
        "works",
        "plus `reasoning_content`, and usage inside the last choice",
        [
            _seed("events_end_with_done"),
            "test_streaming.py::test_usage_is_counted_once",
        ],
    ),
    Claim(
        "004",
        "an Anthropic-compatible endpoint, which multiplies the temperature by 0.6",
        "otherwise",
        "the endpoint is `/anthropic`; the temperature is fixed there too",
        [
            "test_anthropic.py::TestLangChain::test_an_answer_with_its_thinking_and_usage",
            "test_anthropic.py::TestLangChain::test_another_temperature_is_refused",
        ],
    ),
    Claim(
        "004",
        "a context of 128K",
        "otherwise",
        "true of K2 of July 2025 only; 256K for the K2 models of today, 1M for K3",
        ["test_catalogue.py::test_the_current_models_are_those_of_november_2026"],
    ),
    Claim(
        "004",
        "DeepSeek-V3's architecture, media tokens, no vision in K2",
        "no matter of the API",
        "right for K2; every hosted model of today sees",
        ["test_content.py::test_each_block_becomes_a_part_that_kimi_takes"],
    ),
    Claim(
        "004",
        "LiteLLM with its generic `openai` provider",
        "otherwise",
        "it sends what Kimi refuses; `litellm_config.model_list()` is made for it",
        [_seed("the_generic_provider_of_litellm_sends_what_kimi_refuses")],
    ),
    Claim(
        "004",
        "open: rate limits and prices",
        "works",
        "limits are told by errors with the wait; prices stand in the catalogue",
        [
            "test_retries.py::test_the_wait_is_the_server_s_and_a_little_more",
            "test_catalogue.py::test_prices_are_those_of_the_platform",
        ],
    ),
    Claim(
        "004",
        "open: parameters of thinking",
        "works",
        "`thinking` on K2, `reasoning_effort` on K3, both settings of ChatKimi",
        ["test_settings.py::test_thinking_is_sent_as_the_row_takes_it"],
    ),
    Claim(
        "004",
        "open: the most output tokens",
        "works",
        "32,768 (K2) and 131,072 (K3) unless asked otherwise, at most what the window "
        "leaves",
        [
            "test_emulator_refusals.py::TestWindow::test_a_cap_that_does_not_fit_beside_the_prompt"
        ],
    ),
)

ABSENCES = (
    Absence(
        "the Responses endpoint (`/v1/responses`)",
        "LangChain's chat models speak chat completions, where everything is that it "
        "offers: tools, effort, typed answers, reasoning. It keeps no state "
        "(`store` is always false) and takes `tool_choice` auto only. ChatOpenAI and "
        "ChatLiteLLM can speak it; the emulator does not, so that it was not compared",
    ),
    Absence(
        "the Anthropic-compatible endpoint (`/anthropic/v1/messages`)",
        "for programs that speak nothing else: [langchain-anthropic, Claude "
        "Code](anthropic.md)",
        ["test_anthropic.py::TestLangChain::test_a_tool_loop_takes_the_thinking_back"],
    ),
    Absence(
        "`n`, penalties, `logprobs`, `logit_bias`, other temperatures",
        "every current model refuses them",
        [
            "test_emulator_refusals.py::TestSampling::test_only_the_fixed_values",
            "test_emulator_refusals.py::TestSampling::test_other_settings",
        ],
    ),
    Absence(
        "`seed`, `top_k`, `service_tier`, `metadata` and others of OpenAI",
        "accepted and ignored by the API; what you give is sent",
        ["test_emulator_refusals.py::TestAccepted::test_fields"],
    ),
    Absence(
        "PDF and audio in messages",
        "Kimi reads neither; documents go through file extraction",
        ["test_content.py::test_what_kimi_cannot_read_is_refused"],
    ),
    Absence(
        "`POST /v1/tools/search` and `/v1/signatures/verify`",
        "published in September for the Chinese platform only; search is reached "
        "as the formula `moonshot/web-search`, and the nonce is a header",
        ["test_official_tools.py::test_an_encrypted_output_passes_unchanged"],
    ),
    Absence(
        "`/v1/caching`, the old explicit cache",
        "gone from the API; caching is automatic, `prompt_cache_key` keeps a session "
        "together",
        ["test_official_tools.py::test_the_thread_is_the_cache_key"],
    ),
)
"""What stands outside of the table, and why."""
