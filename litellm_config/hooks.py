"""What a proxy's YAML names: `callbacks: [litellm_config.hooks.kimi_hook]`.

Importing it does all of `litellm_config.register()`. LiteLLM may run this file more
than once, beside the import: the imports are absolute, so that there is one hook only.
"""

from litellm_config._registration import register

register()

from litellm_config._hook import KIMI_HOOK  # noqa: E402 - after the check of the version

kimi_hook = KIMI_HOOK
"""The hook that mends what is sent to Kimi."""
