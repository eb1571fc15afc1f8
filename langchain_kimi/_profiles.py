"""A model's row -> LangChain's model profile."""

from langchain_core.language_models import ModelProfile

from langchain_kimi._dialects import Dialect
from langchain_kimi.catalogue import Mode, Model


def build_profile(model: Model, mode: Mode, dialect: Dialect) -> ModelProfile:
    """Return what LangChain's agents and middleware ask about a model.

    Args:
        model: The model's row.
        mode: Whether it is asked to think.
        dialect: Who serves it; only Moonshot's own platform fixes settings.
    """
    rules = model.rules(mode)
    profile = ModelProfile(
        name=model.id,
        status="deprecated" if model.retires or model.retired else "active",
        max_input_tokens=model.context_tokens,
        max_output_tokens=model.output_tokens,
        text_inputs=True,
        image_inputs="image" in model.inputs,
        # Kimi fetches no public URL (kimi-api.md 7.1); others do.
        image_url_inputs=dialect.fetches_urls and "image" in model.inputs,
        video_inputs="video" in model.inputs,
        pdf_inputs=False,
        audio_inputs=False,
        image_tool_message="image" in model.inputs,
        pdf_tool_message=False,
        text_outputs=True,
        image_outputs=False,
        audio_outputs=False,
        video_outputs=False,
        reasoning_output=mode == "thinking" and model.thinking is not None,
        tool_calling=True,
        tool_choice=not dialect.hosted or "required" in rules.tool_choices,
        structured_output=model.structured_output,
        temperature=not dialect.hosted or rules.sampling is None,
    )
    if model.released:
        profile["release_date"] = model.released.isoformat()
    if model.efforts and model.effort_default:
        profile["reasoning_effort_levels"] = list(model.efforts)
        profile["reasoning_effort_default"] = model.effort_default
    return profile
