from __future__ import annotations

import pytest

from isolation_checks.checks.interference import interference
from isolation_checks.loading.history import Provocation, Session
from isolation_checks.probing import UNDISTURBED, Shows
from isolation_checks.records import SessionId
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.checks.test_attempts import OWN, SCRIPT, only
from tests.isolation_checks.trying import ask, control, told, tried

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
ANSWERED = control("a", shows=Shows.ECHO, query="p6", frames=["/completed,p6,A9"])
ANSWERED.way = UNDISTURBED


def watching(cut, at):
    """A refused attempt, and the victim's session that was open meanwhile."""
    kept = control("a", "keeping", shows=Shows.LET_IN, at=at, closed=1008 if cut else None)
    made = tried("b", "a", "no token", shows=Shows.LET_IN, closed=1008, at=at)
    return [kept, made]


@pytest.mark.parametrize(
    ("cuts", "verdict"),
    [
        ((False, False, False), PASS),
        ((True, True, True), FAIL),
        ((True, True, False), FAIL),
        ((True, False, False), UNKNOWN),  # once may be chance
        ((True,), UNKNOWN),
        ((), UNKNOWN),  # nobody tried
    ],
)
def test_a_victim_that_is_cut_off_while_an_intruder_is_refused(cuts, verdict):
    """Twice, and in half of the attempts of a kind, at least."""
    attempts = [OWN]
    for number, cut in enumerate(cuts):
        attempts += watching(cut, at=5 + 5 * number)
        attempts[-1].watched = 99 + len(attempts)
    outcome = ask(interference, SCRIPT, attempts, only("no token"))
    assert verdict == outcome.decided
    assert len(cuts) == outcome.examined


@pytest.mark.parametrize(("behind", "verdict"), [(None, FAIL), ([], PASS)])
def test_a_session_that_gives_way_to_its_owners_next_was_cut_off_by_nobody(behind, verdict):
    """A platform may keep one socket of each user, and its owner looked behind the attempts."""
    attempts = [OWN]
    for number, at in enumerate((5, 10, 15)):
        kept, made = watching(cut=True, at=at)
        made.frames, made.behind, made.looked = [0.2], behind, None
        kept.at += 0.5
        made.watched = 102 + number * (2 if behind is None else 3)
        attempts += [kept, made]
    outcome = ask(interference, SCRIPT, attempts, only("no token"))
    assert (verdict, 3) == (outcome.decided, outcome.examined)


@pytest.mark.parametrize(("kind", "verdict"), [("logout", FAIL), ("twins", PASS)])
def test_sessions_whose_logins_we_end_excuse_nobody(kind, verdict):
    """That the platform closes these is its duty, and no sign that it closes just anybody's."""
    attempts = [OWN, ANSWERED]
    for at in (5, 10, 15):
        attempts += watching(cut=True, at=at)
        attempts[-1].watched = 99 + len(attempts)
    run = told(SCRIPT, attempts, only("no token"))
    for number, at in enumerate((5, 10, 15), 50):
        about = {"session": SessionId(number), "principal": "a"}
        run.history.sessions[about["session"]] = Session(
            id=about["session"],
            principal="a",
            channel="websocket",
            process="p0",
            by="them",
            closed_s=at + 0.1,
        )
        run.history.provocations.append(
            Provocation(kind=kind, other=None, detail=None, at_s=at, **about)
        )
    assert verdict == interference(run).decided


def script(answered, lost):
    """So many ordinary queries that were answered, and others that were not."""
    ends = ["!q{n}"] * answered + ["!q{n}=timeout"] * lost
    return " ".join(f"a?q{n} a{end.format(n=n)}" for n, end in enumerate(ends, 1))


@pytest.mark.parametrize(
    ("answered", "lost", "missed", "verdict"),
    [
        (98, 2, (True, True, True, False), FAIL),
        (98, 2, (True, True, False, False), FAIL),
        (70, 30, (True, True, False, False), UNKNOWN),  # 2 of 4, where 3 of 10 are lost anyway
        (70, 30, (True, True, True, True), FAIL),
        (4, 0, (True, True), UNKNOWN),  # nobody can say what is usual
        (98, 2, (False, False), PASS),
    ],
)
def test_answers_that_are_lost_as_often_when_nobody_intrudes_accuse_nobody(
    answered, lost, missed, verdict
):
    """The rate at which the platform loses answers anyway is what chance is measured by."""
    outcome = ask(interference, script(answered, lost), missing(missed), only("no token"))
    assert verdict == outcome.decided, outcome


def missing(answers):
    """Attempts beside which the victim's answers came, or did not."""
    attempts = [OWN, ANSWERED]
    for number, lost in enumerate(answers):
        at = 5 + 5 * number
        frames = [] if lost else ["/completed,p7,A1"]
        attempts.append(control("a", "keeping", shows=Shows.LET_IN, at=at + 1, frames=frames))
        made = tried("b", "a", "no token", shows=Shows.LET_IN, closed=1008, at=at)
        made.watched, made.watched_query = 100 + len(attempts), "p7"
        attempts.append(made)
    return attempts


def test_a_session_of_which_nothing_was_written_down_lost_nothing_that_is_known():
    """A killed process may have written of the attempt, and not of whom it watched."""
    attempts = missing((True, True, True, False))
    run = told(script(98, 2), attempts, only("no token"))
    assert (FAIL, 4) == (interference(run).decided, interference(run).examined)
    for each in attempts:
        run.history.sessions.pop(each.watched, None)
    assert (UNKNOWN, 0) == (interference(run).decided, interference(run).examined)
