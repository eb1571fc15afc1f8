"""`python -m tests.reliability`: run all cases, and write docs/reliability.md.

What does not come out as expected is told, and nothing is written.
"""

import os
import sys
import tempfile

from tests.reliability.cases import CASES
from tests.reliability.elsewhere import run_elsewhere
from tests.reliability.page import PAGE, write_page
from tests.reliability.running import run_all
from tests.reliability.verdicts import tell_wrong, tell_wrong_elsewhere


def main() -> int:
    """Return the exit code."""
    with tempfile.TemporaryDirectory() as empty:
        # As tests/conftest.py does: the certificates take longer than the calls.
        os.environ.pop("SSL_CERT_FILE", None)
        os.environ["SSL_CERT_DIR"] = empty
        found, elsewhere = run_all(CASES), run_elsewhere()
    wrong = [*tell_wrong(found), *tell_wrong_elsewhere(elsewhere)]
    sys.stdout.write("\n".join([*wrong, f"{len(found) + len(elsewhere)} runs\n"]))
    if not wrong:
        PAGE.write_text(write_page(found, elsewhere), "utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
