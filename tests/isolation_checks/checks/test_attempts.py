from __future__ import annotations

import dataclasses

import pytest

from isolation_checks import probing
from isolation_checks.checks.anothers_conversations import anothers_conversations
from isolation_checks.checks.anothers_sessions import anothers_sessions
from isolation_checks.checks.claimed_identities import claimed_identities
from isolation_checks.checks.ended_logins import ended_logins
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.forged_tokens import forged_tokens
from isolation_checks.checks.row_accounting import row_accounting
from isolation_checks.plan import read
from isolation_checks.probing import KINDS, OFF, QUERY, Family, Shows
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks import language
from tests.isolation_checks.trying import PLAN, ask, control, told, tried, welcome

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
OTHERS = [kind for kinds in KINDS.values() for kind in kinds]
SCRIPT = "a:A1 b:B1"


def only(*kinds, **over):
    """A plan that asks for these kinds of probes, by the WebSocket alone."""
    skip = [kind for kind in OTHERS if kind not in kinds]
    probes = {"every": "1s", "skip": skip, "headers": []} | over
    dialect = {"read_conversation": [], "read_conversation_http": []}
    return PLAN | {"probes": probes, "dialect": PLAN["dialect"] | dialect}


GET = {"method": "GET", "path": "/c/{conversation}"}
READING = only("read")
READING = READING | {"dialect": READING["dialect"] | {"read_conversation_http": [GET]}}
BY_GET = "GET /c/{conversation}"
OWN = control("a", shows=Shows.LET_IN, frames=[welcome()])
OWN_READ = control("a", BY_GET, status=200, frames=["A1"])
OWN_QUERY = control("a", QUERY, shows=Shows.WRITTEN, frames=[welcome(), "A1"])


@pytest.mark.parametrize(
    ("attempt", "controls", "verdict"),
    [
        ({"frames": [welcome()]}, [OWN], FAIL),
        ({"frames": [welcome(), "A1"]}, [OWN], FAIL),
        ({"frames": ["/error"], "closed": 1008}, [OWN], PASS),
        ({"frames": [welcome()], "closed": 1008}, [OWN], PASS),  # welcomed, and sent away at once
        ({}, [OWN], PASS),  # silence, where its owner was welcomed
        ({}, [], UNKNOWN),  # silence, where nobody was
        ({"closed": 1008}, [], UNKNOWN),  # it may refuse everybody
        ({"closed": 1008}, [control("a", shows=Shows.LET_IN)], UNKNOWN),
        ({"failed": "no connection within 5 s"}, [OWN], UNKNOWN),
        ({"trouble": "its tokens are no JWTs"}, [OWN], UNKNOWN),
    ],
)
def test_a_forged_token_is_accepted_when_the_session_may_be_used(attempt, controls, verdict):
    """A close behind the welcome is a refusal; what could not be tried is unknown."""
    made = tried("b", "a", "wrong signature", shows=Shows.LET_IN, **attempt)
    outcome = ask(forged_tokens, SCRIPT, [*controls, made], only("wrong signature"))
    assert verdict == outcome.decided
    assert (verdict is UNKNOWN) == (outcome.examined == 0)


@pytest.mark.parametrize(
    ("frames", "verdict"),
    [
        (["/completed,p1,B9"], FAIL),
        (["/error,p1,B9"], PASS),  # an error may repeat what was asked
        (["/presence,B9"], PASS),
        (["/completed,p1"], PASS),
    ],
)
def test_where_nothing_is_said_first_an_answer_shows_it(frames, verdict):
    """It holds the word that the attempt told, and is no error."""
    plan = only("no token")
    plan |= {"dialect": plan["dialect"] | {"opens": []}}
    own = control("a", shows=Shows.LET_IN, query="p0", frames=["/completed,p0,A9"])
    made = tried("b", "a", "no token", shows=Shows.LET_IN, query="p1", frames=frames)
    assert verdict == ask(forged_tokens, SCRIPT, [own, made], plan).decided


@pytest.mark.parametrize(
    ("frames", "verdict"),
    [
        ([welcome(), 1.8, "/logged_out"], PASS),  # its token had run out by then
        ([welcome(), "/logged_out"], UNKNOWN),  # it was not even let in
    ],
)
def test_who_was_let_in_and_sent_away_when_the_token_ran_out_was_let_in(frames, verdict):
    """A platform may say so when it ends a session, in the words by which it refuses one."""
    plan = only("socket after expiry", key="env:KEY")
    plan |= {"dialect": plan["dialect"] | {"refuses": ["logged_out"]}}
    own = control("b", shows=Shows.LET_IN, frames=frames)
    late = tried("b", "b", "socket after expiry", shows=Shows.ECHO, relies_on=own.way, at=7.5)
    assert verdict == ask(ended_logins, SCRIPT, [own, late], plan).decided


@pytest.mark.parametrize(
    ("own", "frames", "verdict"),
    [
        (["/completed,p0,A9"], [], UNKNOWN),  # nobody can say what that hello was worth
        (["/completed,p0,A9"], ["/completed,p1,B9"], FAIL),
        (["/completed,p0,A9"], ["/refused,p1"], PASS),
        ([], [], UNKNOWN),  # its owner gets no more than that either
    ],
)
def test_a_welcome_counts_for_as_much_as_its_owners(own, frames, verdict):
    """A platform may greet before it looks at a token, and answer only who showed a good one.

    Unless it did not greet everybody, or knew by which name.
    """
    mine = control("a", shows=Shows.LET_IN, query="p0", frames=[welcome(), *own])
    how = {"query": "p1", "frames": [welcome("?"), *frames]}
    made = tried("b", "a", "wrong signature", shows=Shows.LET_IN, **how)
    assert verdict == ask(forged_tokens, SCRIPT, [mine, made], only("wrong signature")).decided
    plan = only("wrong signature", "alg none")
    kept_out = (({"failed": "HTTP 401", "code": 401}, True), ({"closed": 1008}, True))
    for kept, found in (*kept_out, ({"failed": "?"}, False), ({}, False)):  # or merely late
        another = tried("b", "a", "alg none", shows=Shows.LET_IN, **kept)
        outcome = ask(forged_tokens, SCRIPT, [mine, made, another], plan)
        assert (verdict is FAIL or (found and not own)) == bool(outcome.found)
    how["frames"] = [welcome("a"), *frames]
    made = tried("b", "a", "wrong signature", shows=Shows.LET_IN, **how)
    outcome = ask(forged_tokens, SCRIPT, [mine, made], only("wrong signature"))
    assert (verdict is FAIL or not own) == bool(outcome.found)


@pytest.mark.parametrize(
    ("frames", "verdict"),
    [
        (["/delta,p1,B9"], FAIL),
        (["/completed,p1,B9"], FAIL),
        (["/unauthorized,p1,B9"], PASS),  # no answer of its owner's was ever of such
        (["/delta,p1,B9", "/refused,p1"], PASS),  # received, and refused
        (["/delta,p1,B9", "/completed,p1"], FAIL),
    ],
)
def test_where_no_events_are_promised_an_answer_is_what_its_owner_gets(frames, verdict):
    """Whatever repeats a question is not yet an answer to it."""
    plan = only("no token")
    plan |= {"dialect": plan["dialect"] | {"opens": [], "protocol": []}}
    own = control("a", shows=Shows.LET_IN, query="p0", frames=["/delta,p0,A9", "/completed,p0"])
    made = tried("b", "a", "no token", shows=Shows.LET_IN, query="p1", frames=frames)
    assert verdict == ask(forged_tokens, SCRIPT, [own, made], plan).decided


@pytest.mark.parametrize(
    ("code", "others", "verdict"),
    [
        (1006, None, PASS),
        (1006, "a timeout", PASS),
        (1006, "no answer", UNKNOWN),  # it hangs up on those with good tokens too
        (None, None, UNKNOWN),  # no connection, or none in time
    ],
)
def test_hanging_up_without_an_answer_is_a_refusal_where_it_is_one_to_forgers_alone(
    code, others, verdict
):
    """As servers do that destroy the socket of whoever asks for an upgrade with a bad token."""
    made = tried("b", "a", "no token", shows=Shows.LET_IN, failed="no answer", code=code)
    good = [] if others is None else [control("a", "keeping", failed=others, code=1006)]
    outcome = ask(forged_tokens, SCRIPT, [OWN, made, *good], only("no token"))
    assert verdict == outcome.decided
    run = told(SCRIPT, [OWN, made, *good], only("no token"))
    for session in run.history.sessions.values():
        session.cut = session.failed is not None  # by us, who had ended one of its processes
    assert (UNKNOWN if code is None else PASS) == forged_tokens(run).decided


@pytest.mark.parametrize(("code", "verdict"), [(1008, PASS), (1012, UNKNOWN), (1013, UNKNOWN)])
def test_a_close_that_means_too_much_at_once_is_no_refusal(code, verdict):
    """As little as a status of 503 or 429 is one."""
    made = tried("b", "a", "no token", shows=Shows.LET_IN, closed=code)
    assert verdict == ask(forged_tokens, SCRIPT, [OWN, made], only("no token")).decided


def test_a_guest_is_not_its_victim():
    """Where the plan says that strangers may come in as somebody without an account."""
    plan = only("no token", guests=True)
    as_guest = tried("b", "a", "no token", shows=Shows.LET_IN, frames=[welcome("?")])
    as_victim = tried("b", "a", "no token", shows=Shows.LET_IN, frames=[welcome("a")])
    reading = tried("b", "a", "no token", shows=Shows.LET_IN, frames=[welcome("?"), "A1"])
    for made, verdict in ((as_guest, PASS), (as_victim, FAIL), (reading, FAIL)):
        assert verdict == ask(forged_tokens, SCRIPT, [OWN, made], plan).decided
    unnamed = control("a", shows=Shows.LET_IN, frames=["/connection_established"])
    outcome = ask(forged_tokens, SCRIPT, [unnamed, as_guest], plan)
    assert UNKNOWN == outcome.decided
    assert "nobody can see as whom" in outcome.note
    reads = plan | {"dialect": plan["dialect"] | {"read_conversation": [{"type": "get_thread"}]}}
    own = control("a", "message get_thread", frames=["A1"])
    assert PASS == ask(forged_tokens, SCRIPT, [unnamed, own, as_guest], reads).decided


def test_who_comes_back_as_a_guest_does_not_go_on_with_a_login_that_ended():
    """With the old token, which is no good one any more."""
    plan = only("token after logout", guests=True)
    login = {"register": {"path": "/r"}, "login": {"path": "/l"}, "logout": {"path": "/o"}}
    plan |= {"auth": {"source": "login", **login}}
    own = control("b", shows=Shows.LET_IN, frames=[welcome("b")])
    for whom, verdict in (("?", PASS), ("b", FAIL)):
        made = tried("b", "b", "token after logout", shows=Shows.LET_IN, frames=[welcome(whom)])
        assert verdict == ask(ended_logins, SCRIPT, [own, made], plan).decided


@pytest.mark.parametrize(
    ("attempt", "controls", "verdict"),
    [
        ({"status": 200, "frames": ["A1"]}, [OWN_READ], FAIL),
        ({"status": 404, "frames": ["A1"]}, [OWN_READ], FAIL),  # whatever it calls it
        ({"status": 200, "frames": ["-"]}, [OWN_READ], PASS),  # 200 and an empty list
        ({"status": 404}, [OWN_READ], PASS),
        ({"status": 500}, [OWN_READ], UNKNOWN),
        ({"status": 429}, [OWN_READ], UNKNOWN),  # too much at once is no refusal
        ({"status": 404}, [], UNKNOWN),
        ({"status": 404}, [control("a", BY_GET, status=200)], UNKNOWN),
        ({"status": 200, "frames": ["B1"]}, [OWN_READ], PASS),  # its own
    ],
)
def test_a_read_is_accepted_when_the_victims_words_come(attempt, controls, verdict):
    """Never by its status; and a refusal counts where the owner gets them by the same way."""
    made = tried("b", "a", "read", BY_GET, about=language.conversation("x"), **attempt)
    outcome = ask(anothers_conversations, SCRIPT, [*controls, made], READING)
    assert verdict == outcome.decided


def test_a_query_in_anothers_conversation_is_accepted_when_its_owner_reads_it():
    """Or when the owner's words come back; an echo under the same id proves nothing."""
    plan = READING | {"probes": only("continue")["probes"]}
    echo = {"query": "p1", "frames": [welcome("b"), "p1,@x,/completed,B9"], "shows": Shows.WRITTEN}
    for behind, verdict in ((["A1"], PASS), (["A1,B9"], FAIL)):
        made = tried("b", "a", "continue", QUERY, behind=behind, about="x", **echo)
        attempts = [OWN, OWN_READ, OWN_QUERY, made]
        assert verdict == ask(anothers_conversations, SCRIPT, attempts, plan).decided


@pytest.mark.parametrize(
    ("own", "frames", "verdict"),
    [
        (["/completed,p0,A9"], ["/completed,p1,B9"], UNKNOWN),  # its owner saw no more of it
        (["/completed,p0,A9,A1"], ["/completed,p1,B9"], PASS),
        (["/completed,p0,A9"], ["/completed,p1,B9,A1"], FAIL),
        (["/completed,p0,A9"], ["/refused,p1"], PASS),  # the platform says that it did nothing
        (["/completed,p0,A9"], ["/error,p1"], UNKNOWN),  # half of it may have been done
        (["/refused,p0"], ["/refused,p1"], UNKNOWN),  # it says so to its owner as well
        ([], [], UNKNOWN),  # nobody was answered in time
    ],
)
def test_where_conversations_cannot_be_read_an_answer_alone_is_no_refusal(own, frames, verdict):
    """It may have been written there; its owner must see in the same way what it would show."""
    mine = control("a", QUERY, shows=Shows.WRITTEN, query="p0", frames=[welcome(), *own])
    how = {"query": "p1", "frames": [welcome("b"), *frames], "shows": Shows.WRITTEN}
    plan = only("continue", "named in the message")
    for check, kind in (
        (anothers_conversations, "continue"),
        (claimed_identities, "named in the message"),
    ):
        made = tried("b", "a", kind, QUERY, **how)
        outcome = ask(check, SCRIPT, [OWN, mine, made], plan)
        assert verdict == outcome.decided
        assert (verdict is UNKNOWN) == ("nobody can say of" in outcome.note)


def test_one_attempt_that_was_not_refused_is_not_forgotten_for_another_that_was():
    """The platform may have been too busy for the first, and have written the second."""
    plan = only("continue")
    own = {"shows": Shows.WRITTEN, "query": "p0", "frames": [welcome(), "/completed,p0,A9"]}
    how = {"shows": Shows.WRITTEN}
    busy = tried("b", "a", "continue", QUERY, query="p1", frames=[welcome("b"), "/refused"], **how)
    told = [welcome("b"), "/completed,p2,B9"]
    made = tried("b", "a", "continue", QUERY, query="p2", frames=told, at=8.0, **how)
    attempts = [OWN, control("a", QUERY, **own), busy]
    assert PASS == ask(anothers_conversations, SCRIPT, attempts, plan).decided
    outcome = ask(anothers_conversations, SCRIPT, [*attempts, made], plan)
    assert (UNKNOWN, 1) == (outcome.decided, outcome.examined)
    assert "nobody can see what it wrote" in outcome.note


@pytest.mark.parametrize(
    ("attempt", "verdict"),
    [
        ({"closed": 1008}, PASS),  # turned away with the name, and let in without it
        ({"frames": [welcome("b")], "query": "p1"}, UNKNOWN),  # let in, and nobody saw as whom
        ({"frames": [welcome("a")], "query": "p1"}, FAIL),
    ],
)
def test_a_name_that_is_claimed_in_connecting_may_be_refused_at_the_door(attempt, verdict):
    """Behind the door a refusal counts where the same would show its owner's words."""
    plan = only("named in the query string")
    made = tried("b", "a", "named in the query string", shows=Shows.WRITTEN, **attempt)
    made.relies_on = OWN_QUERY.way
    assert verdict == ask(claimed_identities, SCRIPT, [OWN, made], plan).decided


@pytest.mark.parametrize("kind", ["read", "continue"])
def test_who_is_not_even_let_in_by_its_own_token_was_not_refused_anothers_conversation(kind):
    """Too many sockets, say: nothing was asked for."""
    shows = {"read": Shows.WORDS, "continue": Shows.WRITTEN}[kind]
    way = {"read": "message get_thread", "continue": QUERY}[kind]
    plan = only(kind)
    plan |= {"dialect": plan["dialect"] | {"read_conversation": [{"type": "get_thread"}]}}
    granted = [OWN, OWN_QUERY, control("a", way, frames=["A1"])]
    made = tried("b", "a", kind, way, shows=shows, closed=1008)
    outcome = ask(anothers_conversations, SCRIPT, [*granted, made], plan)
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert "its own good token was not taken either" in outcome.note


@pytest.mark.parametrize(
    ("attempt", "controls", "verdict"),
    [
        ({"query": "p1", "behind": ["A1"]}, [OWN, OWN_READ], PASS),
        ({"query": "p1", "behind": ["-"]}, [OWN, OWN_READ], PASS),  # gone: whose doing is unknown
        ({"query": "p1", "behind": ["A1,B9"]}, [OWN, OWN_READ], FAIL),
        ({}, [OWN, OWN_READ], UNKNOWN),  # nothing was asked
        ({"query": "p1"}, [OWN, OWN_READ], UNKNOWN),  # nobody looked behind it
        ({"query": "p1", "behind": ["-"], "looked": 429}, [OWN, OWN_READ], UNKNOWN),
        ({"query": "p1", "behind": ["-"]}, [OWN], UNKNOWN),  # a look that never showed anything
    ],
)
def test_a_query_in_anothers_conversation_is_refused_where_its_owner_can_look(
    attempt, controls, verdict
):
    """What was written there and seen by nobody is no refusal."""
    plan = READING | {"probes": only("continue")["probes"]}
    frames = [welcome("b")]
    made = tried("b", "a", "continue", QUERY, shows=Shows.WRITTEN, frames=frames, **attempt)
    attempts = [*controls, OWN_QUERY, made]
    assert verdict == ask(anothers_conversations, SCRIPT, attempts, plan).decided


@pytest.mark.parametrize(
    ("behind", "verdict"),
    [
        ([], UNKNOWN),  # its owner was not answered
        (["/refused"], UNKNOWN),
        (["A1"], PASS),
        (["A1,B9"], FAIL),
    ],
)
def test_a_look_by_a_message_is_one_where_its_owner_sees_its_own_words(behind, verdict):
    """No status says what became of it."""
    messages = {"read_conversation": [{"type": "get_thread"}], "read_conversation_http": []}
    plan = only("continue") | {"dialect": PLAN["dialect"] | messages}
    own = control("a", "message get_thread", frames=["A1"])
    how = {"shows": Shows.WRITTEN, "query": "p1", "behind": behind, "looked": None}
    made = tried("b", "a", "continue", QUERY, frames=[welcome("b"), "/completed,p1,B9"], **how)
    attempts = [OWN, OWN_QUERY, own, made]
    assert verdict == ask(anothers_conversations, SCRIPT, attempts, plan).decided


@pytest.mark.parametrize(
    ("status", "looked", "read", "verdict"),
    [
        (204, 404, "-", FAIL),
        (204, 200, "-", FAIL),  # it is there, and empty
        (403, 200, "A1", PASS),
        (403, 404, "-", UNKNOWN),  # it says no, and it is gone
        (303, 200, "-", UNKNOWN),
        (204, 429, "-", UNKNOWN),  # the owner was turned away for another reason
        (204, 401, "-", UNKNOWN),
        (204, 503, "-", UNKNOWN),
    ],
)
def test_what_its_owner_cannot_read_any_more_was_changed(status, looked, read, verdict):
    """Where the request was taken, and the owner was let look."""
    calls = [GET, {"method": "DELETE", "path": "/c/{conversation}"}]
    made = tried(
        "b",
        "a",
        "change",
        "DELETE /c/{conversation}",
        shows=Shows.GONE,
        status=status,
        frames=["-"],
        behind=[read],
        looked=looked,
    )
    plan = only("change", mutating=True, calls=calls)
    gone = control("a", made.way, shows=Shows.GONE, status=204, frames=["-"], behind=["-"], at=9.0)
    assert verdict == ask(anothers_conversations, SCRIPT, [OWN_READ, made, gone], plan).decided
    if verdict is PASS:  # the way may be wrong by which nobody was tried
        for useless in ([], [dataclasses.replace(gone, status=404)]):
            asked = ask(anothers_conversations, SCRIPT, [OWN_READ, made, *useless], plan)
            assert (UNKNOWN, 0) == (asked.decided, asked.examined)


@pytest.mark.parametrize(
    ("method", "status", "verdict"),
    [
        ("PATCH", 200, UNKNOWN),
        ("POST", 201, UNKNOWN),
        ("PUT", 403, PASS),
        ("DELETE", 204, PASS),  # its owner reads what it could read: it was none
    ],
)
def test_what_was_taken_and_shows_nothing_is_unknown(method, status, verdict):
    """A title may have changed, a flag: the owner's words stand, and nobody looked at those."""
    way = f"{method} /c/{{conversation}}"
    how = {"shows": Shows.GONE, "status": status, "frames": ["-"], "behind": ["A1"]}
    made = tried("b", "a", "change", way, **how)
    calls = [GET, {"method": method, "path": "/c/{conversation}"}]
    plan = only("change", mutating=True, calls=calls)
    done = control("a", way, shows=Shows.DONE, status=200, frames=["-"])
    outcome = ask(anothers_conversations, SCRIPT, [OWN_READ, made, done], plan)
    assert (verdict, verdict is not UNKNOWN) == (outcome.decided, bool(outcome.examined))


@pytest.mark.parametrize(("behind", "verdict"), [(["A1,B9"], FAIL), (["A1"], PASS)])
def test_what_a_request_said_is_looked_for_in_what_its_owner_reads(behind, verdict):
    """Then it does not matter what was answered."""
    call = {"path": "/c/{conversation}/messages", "send": {"content": "{text}"}}
    way, plan = "POST /c/{conversation}/messages", only("change", mutating=True, calls=[GET, call])
    how = {"shows": Shows.WRITTEN, "status": 201, "query": "p9", "behind": behind}
    made = tried("b", "a", "change", way, frames=["-"], **how)
    said = how | {"query": "p8", "behind": ["A1,A9"]}
    own = control("a", way, frames=["-"], **said)
    assert verdict == ask(anothers_conversations, SCRIPT, [OWN_READ, made, own], plan).decided


def test_a_claim_counts_only_where_the_same_is_refused_without_it():
    """Else it is the conversation that is given to anybody, and that is another check's."""
    plan = READING | {"probes": only("read", "named in headers", headers=["X-User"])["probes"]}
    named = tried("b", "a", "named in headers", BY_GET, status=200, frames=["A1"])
    plain = tried("b", "a", "read", BY_GET, status=200, frames=["A1"])
    assert FAIL == ask(claimed_identities, SCRIPT, [OWN_READ, named], plan).decided
    outcome = ask(claimed_identities, SCRIPT, [OWN_READ, named, plain], plan)
    assert (UNKNOWN, 0) == (outcome.decided, outcome.total)
    assert "whoever asks is given it" in outcome.note


def test_who_may_share_with_the_victim_is_no_intruder():
    """What the plan lets flow cannot show that it should not."""
    plan = READING | {"sharing": [{"scope": "tenant"}]}
    made = tried("b", "a", "read", BY_GET, status=200, frames=["A1"])
    tenants = {"a": "t", "b": "t"}
    outcome = ask(anothers_conversations, SCRIPT, [OWN_READ, made], plan, tenants=tenants)
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert "probes.skip" in outcome.note
    forging = plan | {"probes": only("no token")["probes"]}
    stopped = tried("b", "a", "no token", shows=Shows.LET_IN, closed=1008)
    for frames, verdict in ((["A1"], FAIL), (["-"], PASS)):  # a forger is nobody's mate
        made = tried("b", "a", "no token", BY_GET, status=200, frames=frames)
        attempts = [OWN, OWN_READ, stopped, made]
        assert verdict == ask(forged_tokens, SCRIPT, attempts, forging, tenants=tenants).decided


@pytest.mark.parametrize(
    ("status", "frames", "verdict"),
    [
        (200, ["b#key"], FAIL),
        (401, ["b#key"], PASS),
        (200, ["-"], PASS),
    ],
)
def test_a_refresh_token_was_good_when_a_fresh_one_comes(status, frames, verdict):
    """A credential's mark in an answer that is no error."""
    plan = only("rotated refresh token") | {"auth": {"refresh": {"path": "/refresh"}}}
    first = control("b", "POST refresh", shows=Shows.TOKEN, status=200, frames=["b#key"])
    way = "POST refresh"
    made = tried(
        "b", "b", "rotated refresh token", way, shows=Shows.TOKEN, status=status, frames=frames
    )
    assert verdict == ask(ended_logins, SCRIPT, [first, made], plan).decided


@pytest.mark.parametrize(
    ("own", "frames", "verdict"),
    [
        (["/resumed"], [welcome("b")], PASS),
        (["A1"], [welcome("b")], UNKNOWN),  # every socket of its owner's may be told that
        (["/resumed"], [welcome("b"), "A1"], FAIL),
        ([], [welcome("b")], UNKNOWN),  # a message that resumes nothing is refused to nobody
        (["/resumed"], ["/refused"], UNKNOWN),  # it was not let in by its own token either
        (["/resumed"], [welcome("b"), "/resumed"], UNKNOWN),  # nobody can say whose
        (["/resumed"], [f"{welcome('b')},$8", "/resumed,$9"], UNKNOWN),
        (["/resumed"], [f"{welcome('b')},$8", "/resumed,$8"], PASS),  # its own
    ],
)
def test_a_session_is_refused_where_its_owner_gets_it_back(own, frames, verdict):
    """In the same way: the plan may spell it wrong."""
    mine = control("a", "resume", shows=Shows.RESUMED, frames=[welcome(), *own])
    made = tried("b", "a", "resume", shows=Shows.RESUMED, relies_on=mine.way, frames=frames)
    plan = only("resume")
    resume = {
        "session": ["session_id"],
        "message": {"session": "{session}"},
        "accepted": ["resumed"],
    }
    plan |= {"dialect": plan["dialect"] | {"resume": resume}}
    outcome = ask(anothers_sessions, SCRIPT, [OWN, mine, made], plan)
    assert (verdict, verdict is UNKNOWN) == (outcome.decided, "nobody can say" in outcome.note)


def test_a_finding_says_who_was_taken_for_whom_and_shows_it():
    """With the kind's own weakness, and as often as it was accepted."""
    made = [
        tried("b", "a", "no token", shows=Shows.LET_IN, frames=[welcome(), "A1"], at=at)
        for at in (5, 7)
    ]
    outcome = ask(forged_tokens, SCRIPT, [OWN, *made], only("no token"))
    (found,) = outcome.found
    assert ("forged-token", 287, "a", "b", 2) == (
        found.kind,
        found.cwe,
        found.victim,
        found.recipient,
        found.times,
    )
    assert "b was taken for a by what was tried: words that only a was given came back" == (
        found.sentence
    )
    assert [("b", "tried"), ("b", "got agent_thinking")] == [
        (moment.who, moment.did) for moment in found.witness()
    ]


def test_a_kind_that_was_never_decided_leaves_the_question_open():
    """The note says which, by which way, and why; what the plan does not describe is named."""
    plan = only("wrong signature")
    plan["probes"]["skip"].remove("alg none")
    made = tried("b", "a", "wrong signature", shows=Shows.LET_IN, closed=1008)
    failed = tried("b", "a", "alg none", shows=Shows.LET_IN, failed="refused")
    outcome = ask(forged_tokens, SCRIPT, [OWN, made, failed], plan)
    assert (UNKNOWN, 1) == (outcome.decided, outcome.examined)
    assert "nobody can say of alg none by websocket (refused)" == outcome.note
    unmade = ask(forged_tokens, SCRIPT, [OWN, made], plan)
    assert UNKNOWN == unmade.decided
    assert unmade.note.startswith(
        "nobody can say of alg none by websocket (it was never made); what was never made had no "
        "turn: a round of this family's 2 attempts takes 2 s of pauses"
    )
    said = list(probing.left_out(language.told("", plan=plan).history.plan))
    assert 1 == len(said)
    assert said[0].startswith("forged token: no token (the plan skips it); ")
    assert "expired (the plan skips it)" in said[0]


@pytest.mark.parametrize("script", ["a:A1", "a:A1 b:B1"])
def test_what_a_probe_hears_is_its_own_checks_affair(script):
    """It is no foreign canary once more; but an ordinary answer that went astray there is."""
    heard = tried("b", "a", "read", BY_GET, status=200, frames=["A1"])
    assert PASS == ask(foreign_canary_in_a_frame, script, [heard], READING).decided
    astray = tried("b", "a", "read", frames=["q1,A1"])
    outcome = ask(foreign_canary_in_a_frame, f"{script} a?q1,A1", [astray], READING)
    assert FAIL == outcome.decided


def test_queries_of_probes_are_in_no_account_of_rows():
    """Nobody's query, in a conversation of this run's, would be a phantom."""
    script = "a?q1,A1 a:q1,@x,/completed,A1 a!q1 messages|a,q1,@x,A1 messages|a,q9,@x,B9 b:B1"
    script += " b?q2,B2 b:q2,@y,/completed,B2 b!q2 messages|b,q2,@y,B2"
    made = tried("b", "a", "continue", query="q9")
    for attempts, verdict in (([], FAIL), ([made], PASS)):
        assert verdict == ask(row_accounting, script, attempts).decided
    run = language.told(script)  # the run's end cut the attempt off: it is in no record of one
    planted = run.history.plantings[language.word("B9")]
    run.history.plantings[language.word("B9")] = dataclasses.replace(planted, query="q9")
    assert PASS == row_accounting(run).decided


def test_what_cannot_be_tried_on_a_platform_is_said_with_what_to_do():
    """Where the plan makes the tokens it knows beforehand what they do not name."""
    plan = only("other audience", key="env:KEY")
    made = tried("b", "a", "other audience", trouble="the platform's tokens name no audience")
    outcome = ask(forged_tokens, SCRIPT, [made], plan)
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert outcome.note.endswith("what cannot be tried on this platform is left out by probes.skip")
    minting = {"source": "mint", "secret": "env:KEY"}
    for claims, asked in (({}, False), ({"aud": "here"}, True)):
        known = plan | {"auth": minting | {"claims": claims}}
        why = forged_tokens.not_asked(language.recorded("", plan=known)._planned())
        assert asked == (why is None)


def test_where_the_plan_has_nothing_to_claim_nothing_is_claimed():
    """An intruder that says nothing beside its own token would be refused for nothing."""
    for kind, nothing in (
        ("named in headers", {"headers": []}),
        ("named in the query string", {"names": []}),
        ("named in the message", {"names": {}}),
    ):
        probes = only(kind)["probes"] | {"headers": ["X-User"]} | nothing
        plan = language.recorded("", plan=READING | {"probes": probes})._planned()
        (key,) = nothing
        assert f"probes.{key}" in claimed_identities.not_asked(plan)


def test_a_plan_that_makes_no_probes_is_told_so():
    """And one that lacks what a family needs is told what that is."""
    plan = language.recorded("")._planned()
    assert OFF == forged_tokens.not_asked(plan)
    asked = language.recorded("", plan=only("read"))._planned()
    assert "the plan describes no way to it" in anothers_conversations.not_asked(asked)
    assert anothers_conversations.not_asked(language.recorded("", plan=READING)._planned()) is None
    nameless = READING | {"dialect": READING["dialect"] | {"conversations": "none"}}
    why = anothers_conversations.not_asked(language.recorded("", plan=nameless)._planned())
    assert "read (the platform's conversations have no names)" in why
    assert read.decode(read.encode(plan)) == plan
    assert Family.TOKENS.value in forged_tokens.not_asked(asked)
