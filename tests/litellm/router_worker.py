"""A process with a Router of its own, which asks what it is told to, a line a call.

python -m tests.litellm.router_worker '{"tier": 0}'
"""

import asyncio
import json
import os
import sys

from litellm_config import router


async def main() -> None:
    """Answer each line of JSON, the arguments of a call, by a line of JSON."""
    # Inside the loop: LiteLLM starts what keeps counts in step only there.
    shared = router(
        regions="both",
        redis_url=os.environ["REDIS_URL"],
        optional_pre_call_checks=["enforce_model_rate_limits"],
        cache_responses=True,
        num_retries=0,
        retry_policy=None,
        fallbacks=[],
        **json.loads(sys.argv[1]),
    )
    _say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            answer = await shared.acompletion(**json.loads(line))
        except Exception as error:  # noqa: BLE001 - it is told
            _say({"error": type(error).__name__})
        else:
            _say({"text": answer.choices[0].message.content})


def _say(told: dict[str, object]) -> None:
    sys.stdout.write(f"@{json.dumps(told)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
