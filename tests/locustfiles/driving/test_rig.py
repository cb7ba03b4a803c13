import json

import gevent
import pytest

from isolation_checks.history.stream import batches
from isolation_checks.records import Ending, Reason
from locustfiles.driving import rig as rigs
from locustfiles.driving import wording


def sealed(driven):
    """The seal, where there is one."""
    path = driven.rig.recorder.folder / "seal.json"
    return json.loads(path.read_bytes()) if path.exists() else None


def test_open_queries_may_finish_for_a_while(drive, server, until):
    """The sockets stay open for the drain: an answer that comes in it counts."""
    driven = drive(server.ws("/agent"), drain="3s")
    session = driven.opened()
    query = driven.ask(session, "started later completed")
    until(lambda: query.first_ns)
    driven.rig.finish("stopped")
    assert (query.ending, session.closed.is_set()) == (Ending.OK, True)
    assert sealed(driven)["how"] == "stopped"


def test_what_does_not_finish_is_cut_off_by_the_runs_end(drive, server):
    """It is nobody's error: Locust does not hear of it, the history does."""
    driven = drive(server.ws("/agent"), drain="100ms")
    query = driven.ask(driven.opened(), "started")
    driven.rig.finish("stopped")
    assert (query.ending, query.reason) == (Ending.INFO, Reason.RUN_ENDED)
    assert query.done.is_set()
    assert "completion" not in [name for name, *_ in driven.reports]
    assert driven.rows("queries")[-1]["reason"] == Reason.RUN_ENDED


def test_a_drain_does_not_wait_for_nothing(drive, server):
    """No open query, no wait."""
    driven = drive(server.ws("/agent"), drain="60s")
    driven.opened()
    with gevent.Timeout(3):
        driven.rig.finish("stopped")


def test_sessions_that_do_not_say_goodbye_are_dropped(drive, server):
    """After a second; every socket is closed before the seal."""
    driven = drive(server.ws("/unanswered"), dialect="opens = []")
    session = driven.opened()
    with gevent.Timeout(4):
        driven.rig.finish("stopped")
    assert session.closed.is_set()
    assert driven.rig.sessions == {}
    assert driven.steps(session)[-2:] == ["closing", "closed"]


def test_a_process_that_broke_keeps_what_it_saw_and_never_seals(drive, server, until):
    """Whoever reads the history must see that something is wrong with it."""
    driven = drive(server.ws("/agent"))
    query = driven.ask(driven.opened(), "started completed")
    until(query.done.is_set)
    driven.rig.broken = True
    driven.rig.finish("stopped")
    assert sealed(driven) is None
    frames = list(batches(driven.rig.recorder.folder / "frames.arrow"))
    assert sum(batch.num_rows for batch in frames) >= 3


def test_queries_end_when_their_time_is_up(drive, server, until):
    """In the order in which they were sent, each at its own time."""
    driven = drive(server.ws("/agent"), timeout="300ms")
    session = driven.opened()
    first = driven.ask(session, "started", "c-1")
    gevent.sleep(0.2)
    second = driven.ask(session, "started", "c-2")
    until(lambda: first.ending)
    assert second.ending is None
    until(lambda: second.ending)
    assert {first.reason, second.reason} == {Reason.TIMEOUT}


def test_the_generators_own_health_is_recorded(drive, server, monkeypatch, until):
    """Every second, and once more at the end: stalls, CPU, what is open."""
    monkeypatch.setattr(rigs, "HEALTH_SECONDS", 0.05)
    driven = drive(server.ws("/agent"))
    driven.ask(driven.opened(), "started")
    until(lambda: len(driven.rows("health")) >= 3)
    row = driven.rows("health")[-1]
    assert (row["sessions"], row["open_queries"]) == (1, 1)
    assert row["frames"] >= 1
    assert row["cpu_ns"] > 0
    assert row["stall_ns"] >= 0


def test_principals_are_planted_with_the_facts_that_are_theirs(drive, server):
    """Before anything is said of them."""
    driven = drive(server.ws("/agent"))
    principal = driven.rig.principal("user")
    facts = {row["canary"]: row["kind"] for row in driven.rows("plantings")}
    persona = principal.persona
    assert facts == {
        persona.name: "fact",
        persona.company: "fact",
        persona.street: "fact",
        persona.motto: "phrase",
    }


def test_numbers_of_sessions_say_which_process_they_are_of(drive, server):
    """So that two processes never give the same."""
    one, other = drive(server.ws("/agent"), slot=0), drive(server.ws("/agent"), slot=3)
    assert one.rig.session_id() >> 32 == 0
    assert other.rig.session_id() >> 32 == 3
    assert one.rig.session_id() != one.rig.session_id()


def said_by(rig):
    """What two users of a rig are called and say, with their pauses, where each speaks in turn."""
    users, workload = [rig.principal("user"), rig.principal("user")], rig.plan.workload
    said = [(user.id, user.tenant, user.persona) for user in users]
    for turn, telling in ((0, None), (1, 1), (2, 1), (0, None)):
        for user in users:
            words = wording.of_turn(user, rig.roster.canary, workload, turn, telling)
            said.append((user.id, words.text, workload.think.draw(user.random)))
    return said


def test_rigs_of_one_seed_say_the_same_and_of_another_do_not(drive, server):
    """A run can be told again: people, words, canaries and pauses follow from seed and slot."""
    address = server.ws("/agent")
    first, again = said_by(drive(address, seed=5).rig), said_by(drive(address, seed=5).rig)
    assert first == again
    assert len(first) == len({str(each) for each in first})
    for other in ({"seed": 6}, {"seed": 5, "slot": 1}):
        strange = said_by(drive(address, **other).rig)
        assert {wording.RECALL} == {each[1] for each in first[2:]} & {e[1] for e in strange[2:]}


@pytest.mark.parametrize(("limit", "words"), [("", 12), ('send_limit = "1600B"', 6)])
def test_questions_fit_what_the_platform_takes(drive, server, limit, words):
    """As many words as the plan wants, unless its dialect says that fewer fit."""
    driven = drive(server.ws("/agent"), dialect=limit)
    assert driven.rig.plan.workload.words == words


def test_what_locust_is_told_holds_no_credential(drive, server):
    """Its tables and its files show what went wrong as it stands."""
    driven = drive(server.ws("/agent"))
    token = driven.opened().principal.access
    driven.rig.report("connect", 1.0, 0, f"unsupported subprotocol: jwt.{token}")
    problem = driven.reports[-1][-1]
    assert problem.startswith("unsupported subprotocol: jwt.credential.ana-01.")
    assert token not in problem
