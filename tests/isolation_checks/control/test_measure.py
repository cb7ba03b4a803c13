from __future__ import annotations

from collections import Counter

import pytest

from isolation_checks.checks.control_found import control_found, measured
from isolation_checks.control import extract, measure
from isolation_checks.control.writing import SWAPPED
from isolation_checks.loading import words
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.judging.meetings import meetings
from tests.isolation_checks.language import told

ASKED = {"plan": {"isolation": {"control": True}}}
ROWS = " messages|a,q1,A1 messages|b,q2,B2 messages|a,q3,A3 messages|b,q4,B4"


@pytest.fixture(scope="module")
def run():
    return told(meetings(30) + ROWS, **ASKED)


def all_of(run):
    """What of a run's evidence might be changed: every batch of every stream."""
    names = [f"history/p0/{s}" for s in ("frames", "plantings", "queries")] + ["rows/1/messages"]
    return [batch.to_pylist() for name in names for batch in run.evidence(name)]


def test_every_kind_of_break_is_found_and_the_run_is_untouched(run):
    """In frames, in rows and in delivery; and the same seed plants the same."""
    before = all_of(run)
    control = measured(run, seed=7)
    assert before == all_of(run)
    assert [kind.planted for kind in control.kinds] == [kind.found for kind in control.kinds]
    planted = Counter()
    for kind in control.kinds:
        planted[kind.channel] += kind.planted
    assert {"frame": 160, "row": 4, "delivery": 30} == planted
    assert 17 == len([kind for kind in control.kinds if kind.channel == "frame"])
    lower = {each.channel: each.lower for each in control.detection}
    assert pytest.approx(0.025 ** (1 / 160)) == lower["frame"]
    assert control == measured(run, seed=7)


def test_a_blind_scan_shows_and_makes_the_evidence_unknown(run, monkeypatch):
    """A scan that reads no encodings finds what is plain; the check says how few it found."""
    monkeypatch.setattr(words, "everywhere", lambda text, **_: words.exact(text))
    outcome = control_found(run)
    found = {kind.kind: (kind.found, kind.planted) for kind in outcome.control.kinds}
    assert found["moved"][0] == found["moved"][1] > 0
    assert 0 == found["hex"][0]
    assert Verdict.UNKNOWN is outcome.decided
    assert outcome.note.startswith("of planted breaks only ")
    assert " of 160 in frames were found" in outcome.note


def test_a_row_is_given_to_another_by_the_name_that_its_own_table_calls_owners():
    """Tables that name owners by their id, and one that names them by their address."""
    rows = [f"messages|{who},{who.upper()}{n}" for n in (1, 2) for who in "ab"]
    rows += [f"notices|!{who}@example.org,{who.upper()}1" for who in "ab"]
    tables = [
        {"name": "messages", "owner": "owner", "text": ["content"]},
        {"name": "notices", "owner": "owner", "owner_is": "email", "text": ["content"]},
    ]
    plan = {"isolation": {"control": True}, "rows": {"url": "sqlite:///x", "tables": tables}}
    control = measured(told(meetings(30) + " " + " ".join(rows), plan=plan), seed=7)
    planted = {kind.kind: kind for kind in control.kinds if kind.channel == "row"}
    assert all(kind.planted == kind.found > 0 for kind in planted.values())
    assert 6 == sum(kind.planted for kind in planted.values())


def test_json_in_binary_frames_is_planted_into_like_text(run):
    """Servers that send buffers give the same chances, of every kind, and all are found."""
    binary = measured(told(meetings(30) + ROWS, packed=bytes, **ASKED), seed=7)
    assert measured(run, seed=7) == binary


def test_into_binary_frames_that_are_no_json_goes_only_what_keeps_their_length():
    """A length may be written in front: what was cut or grew could never have been sent."""
    packings = (
        lambda message: len(message).to_bytes(4, "big") + message,
        lambda message: b"\x81\xa4text\xda" + len(message).to_bytes(2, "big") + message + b"\xc3",
    )
    for packed in packings:
        control = measured(told(meetings(30), packed=packed, **ASKED), seed=7)
        kinds = {each.kind: each for each in control.kinds if each.channel == "frame"}
        assert {"moved", "lower case", SWAPPED} == set(kinds)
        assert all(each.planted == each.found > 0 for each in kinds.values())


def test_binary_parts_of_packets_are_no_messages_that_could_be_split():
    """Of Socket.IO's frames only texts hold messages, whatever the attachments look like."""
    ask = {"event": "ask", "data": {"text": "{text}", "id": "{query}"}}
    where = {"query": ["id"], "text": ["content"]}
    dialect = {"framing": "socket.io", "ask": ask, "where": where, "ends": {"completed": "ok"}}
    plan = {"isolation": {"control": True}, "dialect": dialect}
    control = measured(told(meetings(30), packed=bytes, plan=plan), seed=7)
    assert {"moved", "lower case", SWAPPED} == {each.kind for each in control.kinds}
    assert all(each.planted == each.found > 0 for each in control.kinds)


def test_where_nothing_can_be_planted_nothing_is_known():
    """Silence, one user alone, answers without canaries."""
    for script in ("", "a?q1,A1 a:q1,A1 a!q1", "a?q1,A1 b?q2,B1 a:q1 b:q2 a!q1 b!q2"):
        outcome = control_found(told(script, **ASKED))
        assert Verdict.UNKNOWN is outcome.decided
        assert outcome.note.startswith("none could be planted")


def test_those_who_share_get_nothing_planted():
    """A tenant's mates, where the plan lets them share; else they are strangers."""
    plan = {"isolation": {"control": True}, "sharing": [{"scope": "user"}, {"scope": "tenant"}]}
    mates = {"a": "blue", "b": "blue"}
    shared = control_found(told(meetings(2), tenants=mates, plan=plan))
    assert shared.note.startswith("none could be planted")
    assert Verdict.PASS is control_found(told(meetings(2), tenants=mates, **ASKED)).decided


def test_a_channel_that_gave_no_chance_is_named():
    """Rows that were asked for, and held nothing of this run's."""
    outcome = control_found(told(meetings(2) + " messages|?", **ASKED))
    assert ("no break could be planted in rows",) == outcome.blind


def test_of_a_big_run_some_principals_are_taken_and_found_as_well(run, monkeypatch):
    """The extract is bounded, whatever the size of the run; of few principals, the first frames."""
    monkeypatch.setattr(measure, "FRAMES", 100)
    control = measured(run, seed=1)
    assert [kind.planted for kind in control.kinds] == [kind.found for kind in control.kinds]
    assert 100 < sum(kind.planted for kind in control.kinds if kind.channel == "frame")


def test_an_extract_holds_no_more_than_it_may():
    """Frames of the drawn principals only, at most twice as many as were asked for."""
    run = told(meetings(20) + " " + " ".join(f"{name}:" for name in "cdefgh"))
    drawn = extract.random.Random(1)
    taken = extract.extract(
        run.evidence, processes=["p0"], tables={}, drawn=drawn, frames=10, octets=1 << 20
    )
    principals = {each["principal"] for each in taken.everywhere("principals")}
    sessions = {each["session"] for each in taken.everywhere("sessions")}
    assert 2 <= len(principals) < 8
    assert {each["session"] for each in taken.everywhere("frames")} <= sessions
    assert 20 >= len(list(taken.everywhere("frames")))
    few = extract.extract(
        run.evidence, processes=["p0"], tables={}, drawn=drawn, frames=9999, octets=300
    )
    assert 300 >= sum(len(each["content"]) for each in few.everywhere("frames"))
