"""What holds for every renderer, those too that are yet to come."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reports.write import RENDERERS
from tests.reports import samples

ROOT = Path(__file__).parents[2]
PICTURES = {"report.pdf", "figures", "parquet"}
"""Renderers whose bytes are no text."""
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
DIGESTS = """
import hashlib, json, sys
from reports.write import OF_CAPACITY, RENDERERS
from tests.reports import samples
from tests.reports.test_planned import capacity

pairs = tuple(samples.pair("ana-07", f"user-{number}", number) for number in range(1, 4))
judgement = samples.failing(objectives=samples.slow().objectives, pairs=pairs)
whole = [(name, render(judgement)) for name, render in RENDERERS.items()]
whole += [(f"capacity/{name}", render(capacity())) for name, render in OF_CAPACITY.items()]
files = {}
for name, content in whole:
    each = {"": content} if isinstance(content, bytes) else content
    files |= {f"{name}/{part}": hashlib.sha256(data).hexdigest() for part, data in each.items()}
json.dump(files, sys.stdout)
"""
PLACES = (
    {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0", "COLUMNS": "60", "TERM": "dumb"},
    {"TZ": "Asia/Kathmandu", "LC_ALL": "C.utf8", "PYTHONHASHSEED": "4711", "COLUMNS": "200",
     "TERM": "xterm-256color", "FORCE_COLOR": "1", "MPLBACKEND": "svg", "SOURCE_DATE_EPOCH": "1"},
)  # fmt: skip


def test_the_same_bytes_whoever_renders_where():
    """Zone, locale, seed of hashes, terminal and matplotlib's settings have no say in any file."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", DIGESTS],
            cwd=ROOT,
            env=os.environ | place,
            stdout=subprocess.PIPE,
        )
        for place in PLACES
    ]
    first, second = (json.loads(process.communicate(timeout=120)[0]) for process in running)
    assert first == second
    assert {name.split("/")[0] for name in first} == {*RENDERERS, "capacity"}


@pytest.mark.parametrize("name", sorted({*RENDERERS} - PICTURES))
def test_nothing_of_the_target_steers_whoever_reads(name):
    """No control character, reordering, line or element is the target's, in no text of a report."""
    shown = RENDERERS[name](samples.hostile()).decode()
    assert not STEERS.search(shown)
    assert not re.search(r"^::error::pwned", shown, re.MULTILINE)
    if name.endswith((".html", ".xml")):  # in the others `<` begins nothing, or only outside code
        assert "<script" not in shown
        assert "</title><" not in shown
