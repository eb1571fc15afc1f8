"""Kimi for LiteLLM: what its SDK, Router and Proxy need, made from the catalogue.

Plain dicts; importing this never imports litellm.
"""

from litellm_config._model_list import model_list

__all__ = ["model_list"]
