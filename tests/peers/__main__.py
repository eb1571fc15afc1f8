"""`python -m tests.peers [client ...]` probes clients, and writes results and page.

Without names it probes all that are installed here, each in a process of its own. The
results of the others stay: two of them install the same module, so that no environment
has all. With `--page` only the page is written.
"""

import os
import subprocess
import sys

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LANGSMITH_TRACING", "false")

from tests.peers.clients import CLIENTS
from tests.peers.page import PAGE, build_page
from tests.peers.probing import FEATURES
from tests.peers.results import find_missing, read_results, run_probes, write_results


def main(names: list[str]) -> None:
    """Probe, and write results and page."""
    if not names:
        for client in CLIENTS:
            if client.version:
                command = [sys.executable, "-m", "tests.peers", client.title]
                subprocess.run(command, check=True)
        return
    results = read_results()
    for client in CLIENTS:
        if client.title in names:
            print(
                f"{client.title} {client.version}: {len(FEATURES)} probes", flush=True
            )
            results[client.title] = run_probes(client)
    write_results(results)
    missing = find_missing(results)
    if missing:
        print(f"{PAGE.name} waits for {', '.join(missing)}", flush=True)
    else:
        PAGE.write_text(build_page(results), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
