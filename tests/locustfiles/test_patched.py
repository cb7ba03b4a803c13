import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATCHED = """
from gevent import monkey
monkey.patch_all()
import sys, pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("name", ["test_wire.py", "test_tokens.py"])
def test_it_holds_in_a_patched_process_too(name):
    """Locust replaces sockets, TLS and threads before anything of ours runs."""
    done = subprocess.run(
        [sys.executable, "-c", PATCHED, str(HERE / "driving" / name)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
