"""What the driver provokes happens on the wire of a real platform, and an honest one stands it.

Two processes drive the reference platform by its own plan, with seldom things made frequent.
"""

from __future__ import annotations

import os
import statistics
from importlib import resources

import pytest

from isolation_checks.history.directory import RunDirectory
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.platforms import platform
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
KEY = "a key of forty characters for a platform"
USERS = 6
OFTEN = """
expire = "1s"
logout = "0.7s"
storm = "4s"
relay = "0.5s"
sizes = "1s"
slow_reader = "1s"
give_up = "0.5s"
"""
TOGETHER_SECONDS = 0.25
"""Two processes that meet are no further apart, most of the time, on a machine that is busy."""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDirectory:
    """One drive that is over and judged."""
    folder = tmp_path_factory.mktemp("provoked")
    text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    plan = folder / "plan.toml"
    plan.write_text(text.replace('every = "150ms"', 'every = "0s"') + OFTEN, encoding="utf-8")
    keys = {"REFERENCE_JWT_SECRET": KEY, "CROSSTALK_PROBE_KEY": KEY}
    with platform(env={**os.environ, **keys}) as announced:
        drive = drives.headless(
            folder / "drive",
            *("--plan", str(plan), "--host", announced["http"], "--processes", "2"),
            *("-u", str(USERS), "-r", str(USERS), "-t", "14s"),
            env={**keys, "CROSSTALK_ROWS_URL": announced["database"]},
        )
        with drives.side_by_side(drive):
            drive.ended()
    return drive.run


def acts(run: RunDirectory, kind: str) -> list[dict]:
    """What was done of one kind."""
    found = [act for act in drives.records(run, "provocations") if act["kind"] == kind]
    assert found, f"nothing was done of {kind}"
    return found


def steps(run: RunDirectory, step: str) -> dict[int, dict]:
    """The sessions that came to a step of their lives, with the record of it."""
    return {row["session"]: row for row in drives.records(run, "sessions") if row["step"] == step}


def ended(run: RunDirectory) -> dict[str, dict]:
    """How queries ended."""
    return {row["query"]: row for row in drives.records(run, "queries") if row["step"] == "ended"}


def test_an_honest_platform_stands_all_of_it(run):
    """Nothing is found, and no objective is missed by what we did ourselves."""
    judgement = drives.judgement_of(run)
    assert judgement.findings == ()
    assert [o for o in judgement.objectives if o.verdict is Verdict.FAIL] == []
    failed = [check.name for check in judgement.checks if check.verdict is Verdict.FAIL]
    assert failed == []


def test_sessions_are_given_back_and_their_answers_go_on(run):
    """On the wire: the platform's own word for it, and the end of the answer behind it."""
    lost = {act["session"]: act["detail"] for act in acts(run, "resume")}
    resumes = {session: int(row["detail"]) for session, row in steps(run, "resumes").items()}
    said = {
        row["session"]
        for row in drives.records(run, "frames")
        if b'{"type":"resumed"' in row["content"]
    }
    assert set(resumes) & said
    assert set(resumes.values()) <= set(lost)
    answers = ended(run)
    given_back = [answers[lost[resumes[session]]] for session in set(resumes) & said]
    whole = [row for row in given_back if row["ending"] == "ok"]
    assert len(whole) >= len(given_back) / 2
    assert all(row["session"] in resumes for row in whole)


@pytest.mark.parametrize("kind", ["expire", "logout"])
def test_the_platform_closes_sessions_whose_login_ended(run, kind):
    """With 1008, in the middle of what is asked over them; and it lets the principal in again."""
    over = {act["session"]: act["principal"] for act in acts(run, kind)}
    closed = {s: row for s, row in steps(run, "closed").items() if s in over}
    assert {1008} == {row["code"] for row in closed.values() if row["by"] == "them"}
    ready = steps(run, "ready").values()
    again = {r["principal"] for r in ready for row in closed.values() if r["at_ns"] > row["at_ns"]}
    assert set(over.values()) <= again


def test_a_storm_drops_everybody_and_brings_everybody_back(run):
    """In both processes at the same moment, within a second or little more."""
    storms: dict[str, list[dict]] = {}
    for act in acts(run, "storm"):
        storms.setdefault(act["detail"], []).append(act)
    full = [each for each in storms.values() if len(each) == USERS]
    assert full
    opened, ready = steps(run, "opening"), steps(run, "ready")
    for storm in full:
        at = min(act["at_ns"] for act in storm)
        assert max(act["at_ns"] for act in storm) - at < TOGETHER_SECONDS * 1e9
        back = {
            row["principal"]: ready[session]["at_ns"] - at
            for session, row in opened.items()
            if row["detail"] == "storm" and session in ready and 0 <= row["at_ns"] - at < 2e9
        }
        assert {act["principal"] for act in storm} <= set(back)


def test_long_questions_and_words_are_answered(run):
    """As long as the plan says, and short."""
    long = {act["principal"] for act in acts(run, "sizes")}
    texts = {
        row["query"]: row["text"]
        for row in drives.records(run, "queries")
        if row["step"] == "asked" and row["principal"] in long
    }
    answers = ended(run)
    whole = [len(text) for query, text in texts.items() if answers[query]["ending"] == "ok"]
    assert max(whole) > 15_900
    assert min(whole) < 40


def test_what_is_not_read_waits_and_comes(run):
    """It is known that it waited for us, and the answer is whole."""
    deaf = {act["session"] for act in acts(run, "slow_reader")}
    heard = [row for row in drives.records(run, "frames") if row["session"] in deaf]
    assert max(row["late_ns"] for row in heard) > 1e9
    answers = [row for row in ended(run).values() if row["kind"] == "read late"]
    assert "completed" in {row["reason"] for row in answers}


def test_what_nobody_waits_for_comes_while_the_next_is_answered(run):
    """On the same session, and nobody takes it for the other's answer."""
    given_up = {act["detail"]: act["at_ns"] for act in acts(run, "give_up")}
    answers = ended(run)
    assert {"given up by us"} == {answers[query]["reason"] for query in given_up}
    still = [
        row
        for row in drives.records(run, "frames")
        for query, at_ns in given_up.items()
        if query.encode() in row["content"] and row["received_ns"] > at_ns
    ]
    assert still


def test_one_goes_before_the_next_one_comes(run):
    """Of the two, whoever comes has its session when the other's is over."""
    ready, closed = steps(run, "ready"), steps(run, "closed")
    for act in acts(run, "relay"):
        before = [
            closed[s]["at_ns"]
            for s, row in ready.items()
            if row["principal"] == act["other"] and row["at_ns"] < act["at_ns"]
        ]
        assert max(before) <= act["at_ns"]


def test_the_twins_of_two_processes_ask_together(run):
    """Word for word the same, at the same moment, though no process asked the other."""
    asked: dict[str, list[dict]] = {}
    for row in drives.records(run, "queries"):
        if row["step"] == "asked" and "(moment " in (row["text"] or ""):
            asked.setdefault(row["text"], []).append(row)
    apart = []
    for rows in asked.values():
        first = {}
        for row in sorted(rows, key=lambda row: row["sent_ns"], reverse=True):
            first[row["session"] >> 32] = row["sent_ns"]
        if len(first) == 2:
            apart.append((max(first.values()) - min(first.values())) / 1e9)
    assert len(apart) >= 3
    assert statistics.median(apart) < TOGETHER_SECONDS
