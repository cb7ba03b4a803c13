from __future__ import annotations

from isolation_checks.checks.anothers_sessions import anothers_sessions
from isolation_checks.checks.check import Found, Outcome
from isolation_checks.judging import findings, fingerprints
from isolation_checks.records import PrincipalId
from isolation_checks.verdicts.finding import SHOWN
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks import trying
from tests.isolation_checks.judging.judging import CROWD, Counted, found, outcomes, says
from tests.isolation_checks.language import recorded

MET = "a?q1,A1 b?q2,B1 "


def heads(findings):
    """Id, kind, victim, recipient, and into what it is folded."""
    return [(f.id, f.kind, f.victim, f.recipient, f.folded_into) for f in findings.shown]


def test_silence_finds_nothing():
    """Nothing shown, nothing counted, no root."""
    silent = found("")
    assert ((), 0, 0) == (silent.shown, silent.total, silent.roots)


def test_what_shows_in_the_same_place_is_one_root():
    """A frame with foreign words that also names another's query is one leak, told twice."""
    both = found("a?q1,A1 a:q1,A1 b:q1,A1")
    assert [
        ("F1", "foreign-canary", "a", "b", None),
        ("F2", "foreign-frame", "a", "b", "F1"),
    ] == heads(both)
    assert (2, 1) == (both.total, both.roots)


def test_answers_that_went_astray_are_missing_where_they_belonged():
    """Whoever lost the frames is told of the leak, not of a second fault."""
    astray = found("a?q1,A1 c: d: b+ b:q1,A1 b:q1,/completed a!q1=timeout")
    assert {"foreign-canary": None, "foreign-frame": "F1", "no-answer": "F1"} == {
        f.kind: f.folded_into for f in astray.shown
    }
    assert 1 == astray.roots
    tools = found("a?q1,A1 b?q2 b:q2,/tool_executing,A1 c?q3 c!q3=timeout b!q2 a!q1")
    assert ("foreign-canary", None) == (tools.shown[0].kind, tools.shown[0].folded_into)
    assert {"F1"} == {f.folded_into for f in tools.shown[1:]}


def test_a_row_of_what_was_told_wrongly_is_a_consequence():
    """The same query: what was heard wrongly was stored wrongly."""
    script = MET + "b:q2,A1 a!q1 b!q2 messages|a,q1,A1 messages|b,q2,B1 messages|b,q2,A1"
    rows = found(script, "foreign canary in a frame", "foreign row")
    assert [("F1", "foreign-canary", "a", "b", None), ("F2", "foreign-row", "a", "b", "F1")] == (
        heads(rows)
    )


def test_what_goes_astray_comes_to_intruders_too():
    """An attempt that got words by the way that everybody gets them proves no second fault."""
    way = trying.tried("b", "a", "read", frames=["A1"])
    script = f"{CROWD}a?q1,A1 d: e: b+ b:q1,A1 e+ e:q1,A1 a!q1"
    names = ("foreign canary in a frame", "anothers conversations")

    def folded(script):
        run = trying.told(script, [way, trying.control("a", frames=["A1"])])
        shown = findings.of(run, outcomes(run, *names)).shown
        return [f.folded_into for f in shown if f.kind == "anothers-conversation"]

    assert ["F1"] == folded(script)
    assert [None] == folded("a?q1,A1 b: a!q1")


def test_a_finding_whose_mechanism_cannot_be_told_is_shown_with_its_proof(monkeypatch):
    """A fingerprint that crashes takes nothing but the name."""

    def crashes(*_):
        raise KeyError("b")

    monkeypatch.setattr(fingerprints, "FINGERPRINTS", (crashes,))
    [shown] = found(MET + "b:q2,A1 a!q1 b!q2", "foreign canary in a frame").shown
    assert ("foreign-canary", "unknown") == (shown.kind, shown.mechanism)
    assert "looking for it crashed: KeyError: 'b'" == shown.because
    assert shown.witness


def test_findings_of_different_mechanisms_are_different_roots():
    """Two faults at once are two to be mended."""
    two = found(MET + "b:q2,A1 a!q1 b!q2 c?q3 c!q3=timeout")
    assert 2 == two.roots
    assert {"foreign-canary", "no-answer"} == {f.kind for f in two.shown if f.folded_into is None}


def test_isolation_comes_before_objectives_and_roots_before_what_follows():
    """Whoever reads the first finding reads the gravest."""
    mixed = found("c?q3 c!q3=timeout " + MET + "b:q2,=b,A1 a!q1 b!q2")
    assert "foreign-canary" == mixed.shown[0].kind
    folded = [f.folded_into is not None for f in mixed.shown]
    assert sorted(folded) == folded
    assert [f"F{n}" for n in range(1, len(mixed.shown) + 1)] == [f.id for f in mixed.shown]


def test_only_the_first_are_shown_and_all_are_counted():
    """Twenty whole ones, however many there are."""
    letters = [chr(ord("a") + n) for n in range(26)]
    script = " ".join(f"{letter}:A1 {letter}:A1" for letter in letters)
    many = found(script, "foreign canary in a frame")
    assert (SHOWN, 50) == (len(many.shown), many.total)


def test_a_provocation_shortly_before_is_named():
    """The latest that had to do with either of the two."""
    near = found("b*connect,a a?q1,A1 b:A1 c*twins,d", "foreign canary in a frame")
    assert "b connected while a's answer was under way, 200 ms before" == (
        near.shown[0].provocation
    )
    far = found("b*connect,a a?q1,A1 +3s b:A1", "foreign canary in a frame")
    assert None is far.shown[0].provocation
    others = found("c*connect,d a?q1,A1 b:A1", "foreign canary in a frame")
    assert None is others.shown[0].provocation


def test_the_lanes_of_both_are_drawn_around_the_witness():
    """Sessions and queries that were open about then, and no others."""
    [finding] = found(
        "a?q7 a!q7 +9s b+ a?q1,A1 b?q2 b:A1 a!q1 b!q2 +9s b?q8 b!q8", "foreign canary in a frame"
    ).shown
    assert {("a", "session"), ("a", "query"), ("b", "session"), ("b", "query")} == {
        (span.who, span.kind) for span in finding.spans
    }
    assert 2 == len([span for span in finding.spans if span.kind == "query"])


def test_a_finding_in_a_row_alone_has_no_lanes():
    """A row has no time of ours, and nobody knows when its conversation began."""
    own = "a?q1@x a:q1,@x a!q1 b?q2@y b:q2,@y b!q2 messages|a,q1,@x messages|b,q2,@y "
    [finding] = found(own + "messages|b,@y,>a", "foreign row").shown
    assert () == finding.spans
    assert None is finding.first_s


def test_what_is_done_by_the_id_of_a_session_follows_from_ids_that_two_have():
    """Whose session was taken over nobody can say where several have its id."""
    opens = "/connection_established,$7"
    run = recorded(f"a:{opens} b:{opens}").loaded("duckdb")
    taken = Found(
        kind="anothers-session",
        cwe=639,
        victim=PrincipalId("a"),
        recipient=PrincipalId("c"),
        channel="frame",
        sentence="c took a session of a's over",
        times=1,
        first_s=0.1,
        witness=tuple,
    )
    attempts = Outcome(examined=1, unit="attempts", found=(taken,))
    first, second = findings.of(
        run, [(anothers_sessions, attempts), *outcomes(run, "session ids differ")]
    ).shown
    assert ("shared-session-id", None) == (first.kind, first.folded_into)
    assert "an id that is given twice" == first.mechanism
    assert ("anothers-session", first.id) == (second.kind, second.folded_into)


def test_findings_are_not_compared_each_with_each():
    """Of a hundred users each may have got what is every other's, in two ways."""
    run, names = recorded("").loaded("duckdb"), "abcdef"
    made = tuple(
        Found(
            kind=kind,
            cwe=None,
            victim=PrincipalId(one),
            recipient=PrincipalId(other),
            channel="row",
            sentence=f"{kind} {one} {other}",
            times=1,
            first_s=None,
            witness=tuple,
            places=Counted([("nowhere", number)]),
        )
        for number, kind in enumerate(("foreign-canary", "foreign-fact"))
        for one in names
        for other in names
        if one != other
    )
    told = findings.of(run, [(says(Verdict.FAIL), Outcome(examined=1, unit="", found=made))])
    assert (60, 1) == (told.total, told.roots)
    assert max(found.places.times for found in made) < 5
