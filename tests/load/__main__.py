"""`python -m tests.load`: a minute at full speed; writes the record and docs/load.md.

It runs with what is installed here; the runs of the other environments stay.
"""

import argparse
import os
import sys

os.environ["LANGSMITH_TRACING"] = "false"

from tests.load.page import write_page
from tests.load.record import write_run
from tests.load.soak import find_variant, run_soak


def main() -> int:
    """Run, and write; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--threads", type=int, default=200)
    parser.add_argument("--fault-rate", type=float, default=0.05)
    variant = find_variant()
    run = run_soak(**vars(parser.parse_args()))
    write_page(write_run(variant, run))
    memory = run["megabytes"]
    print(
        f"{variant}: {run['chunks']} chunks in {run['calls']} calls, "
        f"{run['wrong']} wrong, {run['undocumented']} undocumented errors; "
        f"memory {memory['growth_percent']:+} %; left {run['left']}",
        *run["seen"],
        f"grown {run['grown']}",
        sep="\n",
        flush=True,
    )
    return 1 if run["wrong"] or run["undocumented"] else 0


if __name__ == "__main__":
    sys.exit(main())
