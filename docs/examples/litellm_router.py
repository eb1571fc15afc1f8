"""Two platforms behind one Router, of which one fails; ChatKimi in front; no key.

Both platforms are local emulators here. With MOONSHOT_API_KEY and MOONSHOT_CN_API_KEY
of your own, `router(regions="both")` is all that is needed.
"""

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from langchain_kimi import ChatKimi
from langchain_kimi.emulator import Emulator
from litellm_config import connection, router


def main() -> None:
    with Emulator() as world, Emulator() as china:
        os.environ |= {
            "MOONSHOT_API_KEY": world.api_key,
            "MOONSHOT_API_BASE": world.base_url,
            "MOONSHOT_CN_API_KEY": china.api_key,
            "MOONSHOT_CN_API_BASE": china.base_url,
        }
        routes = router(regions="both")
        model = ChatKimi(model="kimi-k3-low", **connection(routes))
        print("Both work:", model.invoke("Name a river.").text[:32])
        world.fail("engine_overloaded_error")
        print("One is busy:", model.invoke("Name a lake.").text[:32])
        model.invoke("Name a sea.")  # the busy one rests
        print(f"{len(world.requests)} requests here, {len(china.requests)} there")
        for chunk in model.stream("Why is the sea salt?"):
            print(chunk.additional_kwargs.get("reasoning_content", ""), end="")
        print()
        print("It costs:", model.cost(model.invoke("Name a bay.").usage_metadata).total)


if __name__ == "__main__":
    main()
