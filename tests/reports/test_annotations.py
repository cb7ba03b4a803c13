from __future__ import annotations

import re

import pytest

from reports import annotations
from tests.reports import samples


def lines(judgement):
    """The lines of a rendering."""
    return annotations.render(judgement).decode().splitlines()


def test_the_verdict_comes_first_and_each_root_is_an_error():
    """A consequence has no annotation of its own."""
    verdict, root = lines(samples.failing())
    expected = "::error title=Crosstalk%3A FAIL::isolation broken: 38 findings, one root"
    assert expected == verdict
    expected = (
        "::error title=F1%3A foreign canary in a frame::words that only ana-07 was given reached "
        "ben-12 (frame · CWE-488 · 37 times, first at 4.2\u00a0s); looks like the newest socket "
        "wins: all 37 follow a connect within 40 ms. Look for one object, shared by all users, "
        "that keeps the socket to send to: each connect overwrites it, so find the socket by its "
        "session instead."
    )
    assert expected == root


def test_a_missed_objective_is_an_error_and_an_unknown_one_a_warning():
    """Each says what was measured."""
    told = "\n".join(lines(samples.slow()))
    assert "::error title=completion p95 ≤ 5 s::not reached" in told
    assert "::warning title=first event p99 ≤ 5 s%3A UNKNOWN::" in told


def test_silence_is_a_warning():
    """Nothing says notice or pass."""
    told = lines(samples.unknown())
    assert told[0] == "::warning title=Crosstalk%3A UNKNOWN::nothing was examined"
    assert {line.split()[0] for line in told} == {"::warning"}
    assert "::warning title=foreign canary in a frame%3A UNKNOWN::no frame was received" in told


def test_a_pass_is_a_notice():
    """One line, and no other."""
    expected = ["::notice title=Crosstalk%3A PASS::on the wire; probes not asked"]
    assert expected == lines(samples.passing())


def test_no_more_than_the_runner_shows():
    """Ten of a kind; the rest is counted."""
    told = lines(samples.crowded())
    assert len([line for line in told if line.startswith("::error")]) == 10
    assert told[-1] == "… and 11 errors more"


def test_a_command_is_escaped_as_the_runner_reads_it():
    """Percent first; commas and colons only where they would end a property."""
    expected = "::error title=a%3A b%2C 5%25::c: d, 5%25%0A::set-env%0D"
    assert expected == annotations.command("error", "a: b, 5%", "c: d, 5%\n::set-env\r")


@pytest.mark.parametrize("name", samples.EVERY)
def test_no_line_is_the_targets(name):
    """Every line is a command of ours with one title; the same judgement, the same bytes."""
    for line in lines(samples.EVERY[name]()):
        assert re.fullmatch(r"::(error|warning|notice) title=[^:,]*::.+|… and .* more", line)
    first = annotations.render(samples.EVERY[name]())
    assert first == annotations.render(samples.EVERY[name]())
