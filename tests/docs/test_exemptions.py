"""Wherever a rule is set aside, the same line says which and why."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

HERE = Path(__file__).parents[2]
ROOMS = ("crosstalk", "docker", "isolation_checks", "locustfiles", "reports", "tests")
MARKS = {
    re.compile(r"#\s*noqa", re.IGNORECASE): re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*"),
    re.compile(r"#\s*type:\s*ignore"): re.compile(r"# type: ignore\[[a-z, -]+\] # \S.*"),
}


def comments(path):
    """The comments of a file, each with its line."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def bare(path):
    """The comments that set a rule aside and do not say which, or why."""
    for line, comment in comments(path):
        for mark, reasoned in MARKS.items():
            found = mark.search(comment)
            if found and not reasoned.fullmatch(comment, found.start()):
                yield f"{path.relative_to(HERE) if path.is_relative_to(HERE) else path.name}:{line}"


def test_every_exemption_says_why():
    """Whoever reads the line can judge whether the reason still holds."""
    files = [path for room in ROOMS for path in (HERE / room).rglob("*.py")]
    assert len(files) > 300
    assert [] == [place for path in files for place in bare(path)]


def test_an_exemption_without_a_reason_is_found(tmp_path):
    """One without a rule too, and one with its reason elsewhere; not one in a text."""
    path = tmp_path / "some.py"
    path.write_text(
        "import a  # noqa\n"
        "import b  # noqa: F401\n"
        "import c  # noqa: F401 (it is slow)\n"
        "import d  # noqa: F401, E402 - it is slow\n"
        "e = f()  # type: ignore\n"
        "g = h()  # type: ignore[no-any-return] # it is a number\n"
        "i = '# noqa'\n",
        encoding="utf-8",
    )
    assert [1, 2, 3, 5] == [int(place.rpartition(":")[2]) for place in bare(path)]
