import subprocess
import sys

import pytest

PROGRAM = """
import sys
from types import SimpleNamespace
from locustfiles.driving import refused
refused.expect(SimpleNamespace(worker={worker}, list_commands={listing}))
{then}
"""


@pytest.mark.parametrize(
    ("then", "of", "code"),
    [
        ("sys.exit(1)", {}, 2),
        ("sys.exit(-1)", {}, 2),
        ("raise RuntimeError('Locust itself')", {}, 4),
        ("refused.begun(); sys.exit(1)", {}, 1),
        ("refused.begun()", {}, 0),
        ("sys.exit(0)", {"listing": True}, 0),
        ("sys.exit(3)", {"worker": True}, 3),
    ],
)
def test_what_ends_before_it_begins_was_refused(then, of, code):
    """The user's mistake is 2, a crash is 4; whoever began, or was only asked, has its own code."""
    program = PROGRAM.format(**{"worker": False, "listing": False, "then": then} | of)
    done = subprocess.run(
        [sys.executable, "-c", "print('said', flush=False)" + program],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert code == done.returncode, done.stderr
    assert b"said" in done.stdout
