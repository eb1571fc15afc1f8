"""Kimi for LiteLLM: what its SDK, Router and Proxy need, made from the catalogue.

Plain dicts until `register` or `router` is called: importing this, and `model_list`,
never import litellm.
"""

from litellm_config._connection import connection
from litellm_config._model_list import model_list
from litellm_config._other_hosts import other_host, self_hosted
from litellm_config._registration import register
from litellm_config._router import router

__all__ = [
    "connection",
    "model_list",
    "other_host",
    "register",
    "router",
    "self_hosted",
]
