from __future__ import annotations

import pytest

from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, recorded, told, word

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
FRAMES = "history/p0/frames"


@pytest.mark.parametrize(
    ("script", "verdict", "places"),
    [
        ("", UNKNOWN, ()),  # silence proves nothing
        ("a: b:", UNKNOWN, ()),  # nor do frames in which no canary ever shows
        ("a:- b:-", UNKNOWN, ()),
        ("a:A1 b:B1", PASS, ()),
        ("a:A1 b:", PASS, ()),
        ("a:A1 b:A1", FAIL, (1,)),  # b hears what only a was given
        ("b:A1 a:A1 c:A1", FAIL, (0, 2)),
        ("a:A1 b:B1,A1", FAIL, (1,)),  # among its own
        ("a:A1 b:/presence,A1", FAIL, (1,)),  # in whatever kind of frame
        ("a:A1 b:=b,q1,A1", FAIL, (1,)),  # whatever its labels say
        ("a:A1,A2 b:A1 b:A2", FAIL, (1, 2)),
    ],
)
def test_names_every_foreign_canary_by_its_place(script, verdict, places):
    """Silence is unknown, own canaries pass, a foreign one is pointed at."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert {(FRAMES, index) for index in places} == {p for f in outcome.found for p in f.places}


def test_a_finding_names_victim_and_recipient_and_how_often():
    """One for each pair and channel, however many canaries and frames."""
    outcome = ask(check, "a:A1 b:A1 b:A2 c:A1 b%A1 a:C1")
    assert {
        ("a", "b", "frame", 488, 2),
        ("a", "c", "frame", 488, 1),
        ("a", "b", "http", 639, 1),
        ("c", "a", "frame", 488, 1),
    } == {(f.victim, f.recipient, f.channel, f.cwe, f.times) for f in outcome.found}
    assert (6, 5) == (outcome.examined, outcome.total)


def test_the_witness_is_cause_before_effect():
    """What the victim asked, that the recipient was there and asked, and what it then got."""
    outcome = ask(check, "a?q1,A1 b?q2,B1 b:q2,A1 b:A1")
    [found] = outcome.found
    moments = found.witness()
    assert [("b", "connected"), ("a", "asked"), ("b", "asked"), ("b", "got agent_thinking")] == [
        (m.who, m.did) for m in moments
    ]
    assert [(FRAMES, 0)] == [(m.place.stream, m.place.index) for m in moments[-1:]]
    for moment in (moments[1], moments[-1]):
        start, end = moment.mark
        assert word("A1") == moment.text[start:end]
    assert ("q1", "q2") == (found.victim_query, found.recipient_query)


@pytest.mark.parametrize("part", ["A1<7", "A1<12", "A1<21"])
def test_a_canary_cut_over_streamed_pieces_is_put_together(part):
    """Wherever it was cut; it showed in the piece that completed it."""
    cut = part.partition("<")[2]
    outcome = ask(check, f"a:A1 b?q1 b:q1,/delta,A1<{cut} b:q1,/delta,A1>{cut}")
    [found] = outcome.found
    assert ((FRAMES, 2),) == found.places


def test_the_proof_is_a_frame_in_which_the_words_stand_whole():
    """They showed first in pieces, of which none would convince anybody."""
    [found] = ask(check, "a:A1 b?q1 b:q1,/delta,A1<9 b:q1,/delta,A1>9 b:q1,A1").found
    assert ((FRAMES, 2), (FRAMES, 3)) == found.places
    assert 3 == found.witness()[-1].place.index
    assert 1.4 == pytest.approx(found.first_s)


def test_a_piece_of_a_canary_convicts_nobody():
    """A partial match supports, never convicts."""
    assert PASS == ask(check, "a:A1 b:A1<21 b:A1>1").decided


@pytest.mark.parametrize("canary", ["A1~", "A1^"])
def test_a_canary_without_a_recorded_planting_convicts_nobody(canary):
    """An unplanted one leaves the question open; one of an earlier run is only mentioned."""
    outcome = ask(check, f"b:B1 b:{canary}")
    assert () == outcome.found
    if canary == "A1~":
        assert UNKNOWN == outcome.decided
        assert "1 canaries of this run were seen whose planting nobody wrote down" == outcome.note
    else:
        assert PASS == outcome.decided
        assert "1 canaries of earlier runs were seen; they convict nobody" in outcome.blind


def test_ones_own_canary_without_a_planting_is_no_doubt():
    """Whatever happened to the record, it is where it belongs."""
    assert PASS == ask(check, "b:B1 b:B2~").decided


def test_a_stranger_whom_nobody_wrote_down_convicts_nobody():
    """Without a recorded owner a canary of this run leaves the question open."""
    run = told("b:B1 b:A1~")
    assert None is not run.ownership.by_number.get(2)
    assert None is run.ownership.by_number.get(1)
    assert UNKNOWN == check(run).decided


def test_words_of_ones_own_earlier_conversation_are_ones_own():
    """A user's content is its own in all its conversations, unless the plan says otherwise."""
    assert PASS == ask(check, "a?q1@x,A1 a:q1,A1 a!q1 a?q2@y a:q2,A1").decided


def test_a_conversation_may_be_all_that_is_shared():
    """With `conversation` alone, even one's own words may not come up in another conversation."""
    only = {"sharing": [{"scope": "conversation"}]}
    outcome = ask(check, "a?q1@x,A1 a:q1,A1 a!q1 a?q2@y a:q2,A1", plan=only)
    [found] = outcome.found
    assert ("a", "a", ((FRAMES, 1),)) == (found.victim, found.recipient, found.places)
    assert PASS == ask(check, "a?q1@x,A1 a:q1,A1 a!q1 a?q2@x a:q2,A1", plan=only).decided


def test_tenants_may_share_where_the_plan_says_so():
    """Within a tenant, on the channels that are named; across tenants never."""
    tenants = {"a": "blue", "b": "blue", "c": "red"}
    mates = {"sharing": [{"scope": "user"}, {"scope": "tenant", "channels": ["frame"]}]}
    how = {"tenants": tenants, "plan": mates}
    assert PASS == ask(check, "a:A1 b:A1", **how).decided
    assert FAIL == ask(check, "a:A1 c:A1", **how).decided
    assert FAIL == ask(check, "a:A1 b%A1", **how).decided
    assert FAIL == ask(check, "a:A1 b:A1", tenants=tenants).decided
    assert FAIL == ask(check, "a:A1 b:A1", plan=mates).decided  # nobody is in any tenant


def test_what_everyone_may_see_is_not_asked():
    """Where the plan lets everyone see every frame, nothing that is seen could mean PASS."""
    shared = {"sharing": [{"scope": "user"}, {"scope": "everyone", "channels": ["frame"]}]}
    assert check.not_asked(told("a:A1").history.plan) is None
    assert "everyone" in check.not_asked(told("a:A1", plan=shared).history.plan)


def test_two_tokens_of_one_user_are_one_user():
    """A file may hold several tokens of the same account: what both see is no bleeding."""
    same = {"subjects": {"a": "user-0042", "b": "user-0042"}}
    tokens = {"auth": {"source": "file", "path": "tokens.txt"}}
    assert PASS == ask(check, "a:A1 b:A1", plan=tokens, **same).decided
    assert FAIL == ask(check, "a:A1 c:A1", plan=tokens, **same).decided


def test_two_accounts_that_became_one_user_are_two():
    """Whoever logs two accounts in as the same user has mixed them up."""
    same = {"subjects": {"a": "user-0042", "b": "user-0042"}}
    assert FAIL == ask(check, "a:A1 b:A1", **same).decided


def test_a_frame_of_an_unknown_session_accuses_nobody():
    """Nobody can say who received it; the check of completeness says that it is there."""
    run = told("a:A1 b:A1", unseated="b")
    assert PASS == check(run).decided
    assert 1 == run.unread


APART = {"plan": {"sharing": [{"scope": "conversation"}]}}


def test_what_one_conversation_was_told_may_not_come_up_in_another():
    """Where the plan keeps conversations apart; elsewhere they are one user's."""
    script = "a?q1@x,A1 a:q1,A1 a!q1 a?q2@y,A2 a:q2,A1 a!q2"
    assert Verdict.PASS == ask(check, script).decided
    [found] = ask(check, script, **APART).found
    assert ("stale-context", "a", "a") == (found.kind, found.victim, found.recipient)
    assert "words that a told one conversation came back in another" == found.sentence


def test_what_was_told_in_a_place_goes_by_what_is_said_of_that_place():
    """A user's memories may be shared between conversations that are kept apart."""
    script = "a?q1@x,A1 a:q1,A1 a!q1 a?q2@y,A2 a:q2,A1 a!q2"
    remembered = {"scope": "user", "places": ["memory"]}
    asked = {"scope": "user", "places": ["query"]}
    apart = {"scope": "conversation"}
    assert Verdict.FAIL == ask(check, script, plan={"sharing": [apart, remembered]}).decided
    assert Verdict.PASS == ask(check, script, plan={"sharing": [apart, asked]}).decided


def test_an_answer_without_ids_may_go_to_all_of_a_users_sockets():
    """Whose other question it answers, in a conversation of its own, is no bleed; later it is."""
    tabs = "a?q1,A1 a+ a?q2,A2 a:A1 a!q2 a!q1 "
    assert PASS == ask(check, tabs, **APART).decided
    for script in ("a?q1,A1 a+ a?q2,A2 a:q2,A1 a!q2 a!q1", "a?q1,A1 a!q1 a+ a?q2,A2 a:A1 a!q2"):
        [found] = ask(check, script, **APART).found
        assert ("stale-context", "a", "a") == (found.kind, found.victim, found.recipient)


@pytest.mark.parametrize(
    ("scopes", "missing", "verdict"),
    [
        (("user", "tenant"), "", PASS),
        (("user", "tenant"), "a", PASS),  # whose mate a was is not known
        (("user", "tenant"), "b", PASS),
        (("user",), "a", FAIL),  # whoever a was, its words were its own
    ],
)
def test_a_killed_process_that_could_not_say_who_is_whose_mate_accuses_nobody(
    scopes, missing, verdict
):
    """It hands its words over before they are sent, and everything else within a second."""
    sharing = {"sharing": [{"scope": scope} for scope in scopes]}
    told_of = recorded("a?q1,A1 b:A1", tenants={"a": "blue", "b": "blue"}, plan=sharing)
    principals = told_of.streams["history/p0/principals"]
    principals[:] = [record for record in principals if record["principal"] != missing]
    assert verdict is check(told_of.loaded("duckdb")).decided
