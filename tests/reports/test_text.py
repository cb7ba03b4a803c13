from __future__ import annotations

import re
import subprocess
import sys

import pytest
from rich.cells import cell_len

from reports import text
from tests.reports import samples

WIDTHS = (48, 60, 80, 100, 120)


def plain(judgement, width=100):
    """The text as a log gets it."""
    return text.render(judgement, width=width, colour=False)


def test_a_failure_says_what_whose_where_and_how_often():
    """The head, the verdict, the finding with its witness, the mechanism, the exit code."""
    shown = plain(samples.failing())
    expected = """\
Crosstalk - run 1122-0941-k3v - 20 users - 1,184 queries - 9,402 frames - 2,361 rows - 60 s

FAIL  isolation broken: 38 findings, one root

  for whom    It happened to ana-07.
  since when  It was first seen 4.20 s into the run, with about 5 sessions open of 40 at most.

  F1  words that only ana-07 was given reached ben-12     frame - CWE-488 - 37 times, first at 4.2 s
        4.180 s  ana-07  asked           "... check my order CX7Q2M8R4KXW0V9TB3HN for Port ..."
        4.191 s  ben-12  connected
        4.203 s  ben-12  agent_thinking  "... asks for order CX7Q2M8R4KXW0V9TB3HN for Port ..."
                                                             ^^^^^^^^^^^^^^^^^^^^  <- ana-07's
      looks like  the newest socket wins: all 37 follow a connect within 40 ms
      to do       Look for one object, shared by all users, that keeps the socket to send to: each
                  connect overwrites it, so find the socket by its session instead.
      more        crosstalk explain 1122-0941-k3v F1
"""
    assert shown.startswith(expected)
    assert "\n  foreign canary in a frame   FAIL           9,402      37\n" in shown
    assert "\n  foreign row                 PASS           2,361       0   under 0.13 % at" in shown
    assert "\n  completion p95 <= 5 s   PASS      1.31 s (at most 1.38 s; n = 1,140)\n" in shown
    assert "\n  isolation   FAIL      37 findings on the wire, one root\n" in shown
    assert re.search(r"\n  F2  an answer .*  once, follows from F1\n", shown)
    assert "\n  not asked: probes\n" in shown
    assert "more\n" not in shown
    assert "\n  what this run could not see: no two queries overlapped in" in shown
    assert shown.endswith("\nexit 1\n")


def test_where_no_mechanism_tells_the_driver_says_what_it_had_done():
    """It is where to begin to look; where the mechanism is known, `explain` says it."""
    nameless = samples.shared_socket(mechanism="unknown", because="it tells no one mechanism")
    shown = plain(samples.failing(findings=(nameless,)))
    assert "\n      when        connect during somebody's answer\n" in shown
    assert "      when " not in plain(samples.failing())


def test_on_a_terminal_the_foreign_words_are_pointed_at_in_their_line():
    """With colours the mark is underlined and the arrow stands behind it."""
    shown = text.render(samples.failing(), width=110, colour=True)
    line = next(line for line in shown.splitlines() if "agent_thinking" in line)
    assert "\x1b[1;4;31mCX7Q2M8R4KXW0V9TB3HN\x1b[0m" in line
    assert "← ana-07's" in line
    assert "^^^" not in shown


@pytest.mark.parametrize("name", ["passing", "failing", "crowded", "unknown", "slow"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_log_gets_ascii_and_no_line_is_too_wide(name, width):
    """Without a terminal there are no escape codes, no signs beyond ASCII, no trailing blanks."""
    lines = plain(samples.EVERY[name](), width).splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_hostile_target_neither_steers_nor_floods_the_terminal(width, colour):
    """Nothing of the target arrives as a control, an escape or a reordering character."""
    shown = text.render(samples.hostile(), width=width, colour=colour)
    own = re.sub(r"\x1b\[[0-9;]*m", "", shown) if colour else shown
    assert not set(own) & {chr(code) for code in (*range(10), *range(11, 32), 0x7F, 0x9B)}
    assert not set(own) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f")
    assert "\x1b]" not in shown
    assert r"\x1b[31mred" in shown.replace("\n      ", "")
    assert "[red]red[/red]" in own
    assert own.count("\n") < 220
    if not colour:
        assert max(cell_len(line) for line in shown.splitlines()) <= width + 1  # one emoji


@pytest.mark.parametrize("width", WIDTHS)
def test_all_pass_takes_at_most_thirty_six_lines(width):
    """However many checks there are, a passing run stays calm and says what it left out."""
    many = tuple(samples.check(f"check {number} of many", 10) for number in range(60))
    unseen = tuple(f"thing {number} that could not be seen at all" for number in range(40))
    crowd = samples.changed(samples.passing(), checks=many, blind=unseen)
    shown = plain(crowd, width)
    assert shown.count("\n") <= 36
    assert re.search(r"\.\.\. and \d+ checks more, PASS or not asked\n", shown)
    assert "and 37 more" in " ".join(shown.split())
    assert shown.endswith("exit 0\n")
    assert plain(samples.passing(), width).count("\n") <= 36
    assert "95 times in 100" in " ".join(plain(samples.passing(), width).split())


def test_a_pass_that_does_not_gate_a_failure_hides_nothing():
    """Rows are folded away only when every one of them is fine."""
    many = [samples.check(f"check {number}", 10) for number in range(60)]
    many[59] = samples.check("check 59", 10, verdict=samples.FAIL, found=1)
    shown = plain(samples.changed(samples.passing(), checks=tuple(many)))
    assert "check 59" in shown


def test_three_findings_are_whole_ten_are_named_all_are_counted():
    """Of 300 findings F1 to F3 have a witness, F4 to F10 a line, and the rest is a number."""
    shown = plain(samples.crowded())
    expected = 3
    assert expected == shown.count("looks like")
    lines = re.findall(r"^  (F\d+) +words", shown, flags=re.MULTILINE)
    expected = [f"F{number}" for number in range(1, 11)]
    assert expected == lines
    assert "\n  ... and 245 more\n" in shown


def test_what_follows_from_a_root_does_not_take_its_place():
    """A folded finding comes after the roots and names its root."""
    folded = samples.shared_socket(id="F1", folded_into="F2", sentence="echo")
    roots = tuple(samples.shared_socket(id=f"F{number}") for number in range(2, 5))
    shown = plain(samples.failing(findings=(folded, *roots), findings_total=148))
    assert "\n  F1  echo  37 times, follows from F2\n" in shown


def test_a_sentence_wraps_under_its_own_beginning():
    """A long sentence hangs beside its id, and its place and count get a line of their own."""
    finding = samples.shared_socket(sentence="words that only ana-07 was given reached " * 3)
    lines = plain(samples.failing(findings=(finding,)), 80).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("  F1"))
    assert lines[start + 1].startswith("      reached words that only")
    assert "      frame - CWE-488 - 37 times, first at 4.2 s" in lines


def test_silence_is_said_to_be_unknown():
    """Nothing asked and nothing seen: UNKNOWN, why, and exit 3."""
    shown = plain(samples.unknown(), 80)
    assert "\nUNKNOWN  nothing was examined\n" in shown
    assert "no frame was received" in shown
    assert "nothing measured (59 would do)" in shown
    assert "rows not read" in shown
    assert shown.endswith("\nexit 3\n")


def test_unfinished_queries_are_named_in_an_objective():
    """A quantile among queries that never finished was not reached; its lower bound stands."""
    shown = plain(samples.slow())
    assert "FAIL      not reached (at least 7.91 s; n = 1,140, 142 unfinished)" in shown


def test_several_unseen_things_stand_one_below_the_other():
    """A list is read faster than a paragraph; one thing stays in its line."""
    shown = plain(samples.unknown(), 80)
    expected = "  not asked:\n    - rows\n    - probes\n    - resume\n"
    assert expected in shown
    assert "  what this run could not see: no answer arrived in 60 s\n" in shown


def test_a_part_that_does_not_gate_says_so():
    """Its verdict is shown and does not decide the exit code."""
    parts = samples.parts(samples.PASS, samples.PASS, samples.UNKNOWN)
    loose = samples.changed(parts[2], gates=False)
    shown = plain(samples.changed(samples.passing(), parts=(*parts[:2], loose)))
    assert "objectives (does not gate)   UNKNOWN" in shown


def test_explain_tells_one_finding_whole():
    """The full excerpt, the place in the evidence, the provocation, what follows from it."""
    shown = text.explain(samples.failing(), "F1", width=100, colour=False)
    flat = " ".join(shown.split())
    assert shown.startswith("F1  words that only ana-07 was given reached ben-12\n")
    assert "for order >>CX7Q2M8R4KXW0V9TB3HN<< for Port Kellsworth, so I look it up" in flat
    assert "history/w2/frames, record 1871" in flat
    assert "brought out by connect during somebody's answer" in flat
    assert "leads to F2" in flat
    assert "what to do Look for one object, shared by all users" in flat
    follower = text.explain(samples.failing(), "F2", width=80, colour=False)
    assert "follows from F1" in " ".join(follower.split())
    assert " -  ana-07  row of run r-88 absent in messages\n" in follower


def test_explain_of_an_unknown_finding_names_those_that_are_kept():
    """The mistake is the reader's, so one sentence says what would have been right."""
    with pytest.raises(LookupError, match="no finding F9 in this judgement; it keeps F1, F2"):
        text.explain(samples.failing(), "F9", width=80, colour=False)


@pytest.mark.parametrize("name", samples.EVERY)
def test_the_same_judgement_gives_the_same_bytes(name):
    """Rendering looks at nothing but the judgement."""
    build = samples.EVERY[name]
    assert text.summary(build()) == text.summary(build())


def test_importing_the_text_renderer_loads_no_heavy_library():
    """A verdict in the terminal does not wait for matplotlib, pandas or a template engine."""
    code = "import sys, reports.text; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"matplotlib", "pandas", "numpy", "jinja2"}.isdisjoint(done.stdout.split())
