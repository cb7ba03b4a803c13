import json
import urllib.request
from collections import Counter

import gevent
import msgspec
import pytest

from isolation_checks.dialects.events import EventDialect
from isolation_checks.errors import HarnessError
from isolation_checks.plan.provoking import NEEDS, every, not_asked
from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.plan.units import Duration
from isolation_checks.records import Opcode
from locustfiles.driving.provocations import PROVOCATIONS, expire, slow_reader
from locustfiles.driving.provocations.abandon import abandon_an_answer
from locustfiles.driving.provocations.alike import ask_nearly_the_same
from locustfiles.driving.provocations.burst import connect_in_a_burst
from locustfiles.driving.provocations.cancel import cancel_an_answer
from locustfiles.driving.provocations.churn import come_and_go
from locustfiles.driving.provocations.connect import connect_during_an_answer
from locustfiles.driving.provocations.depart import leave_for_good
from locustfiles.driving.provocations.expire import let_a_token_run_out
from locustfiles.driving.provocations.fail import fail_on_purpose
from locustfiles.driving.provocations.give_up import stop_waiting
from locustfiles.driving.provocations.logout import log_out_during_an_answer
from locustfiles.driving.provocations.observer import observe
from locustfiles.driving.provocations.read import read_anothers_conversation
from locustfiles.driving.provocations.recall import recall_elsewhere
from locustfiles.driving.provocations.reconnect import reconnect_during_an_answer
from locustfiles.driving.provocations.refresh import refresh_at_once
from locustfiles.driving.provocations.relay import come_behind_another
from locustfiles.driving.provocations.restart import restart_a_process
from locustfiles.driving.provocations.resume import resume_an_answer
from locustfiles.driving.provocations.same_id import ask_under_one_id
from locustfiles.driving.provocations.search import search_for_a_phantoms
from locustfiles.driving.provocations.sizes import ask_long_and_short
from locustfiles.driving.provocations.slow import ask_what_takes_long
from locustfiles.driving.provocations.slow_reader import read_late
from locustfiles.driving.provocations.storm import come_back_all_at_once
from locustfiles.driving.provocations.tabs import ask_in_two_tabs
from locustfiles.driving.provocations.twins import ask_as_twins

ANSWERS = "/agent?answer=started+later+completed"
NEVER = "".join(
    f'\n{name} = "0s"'
    for name in (field.encode_name for field in msgspec.structs.fields(Provocations))
)
NOBODY = "observers = 0\ntwins = false\nvisitors = 0\nburst = 0\ndecoys = 0\ndeparted = 0"


@pytest.fixture
def acting(drive, server):
    """Runs one provocation, every so often, and nothing else."""
    running = []

    def act(provocation, every="100ms", cast="", path=ANSWERS, **options):
        name = WHAT[provocation]
        rates = NEVER.replace(f'\n{name} = "0s"', f'\n{name} = "{every}"') if name else NEVER
        driven = drive(
            server.ws(path), more=f"[provocations]\n{rates}\n[cast]\n{cast}\n", **options
        )
        running.append(gevent.spawn(provocation, driven.rig))
        return driven

    yield act
    gevent.killall(running)
    for each in running:  # what one raised is no silence here either
        assert each.successful(), each.exception


WHAT = {
    observe: "",
    ask_as_twins: "twins",
    connect_during_an_answer: "connect",
    abandon_an_answer: "abandon",
    reconnect_during_an_answer: "reconnect",
    connect_in_a_burst: "burst",
    ask_in_two_tabs: "tabs",
    read_anothers_conversation: "read",
    cancel_an_answer: "cancel",
    fail_on_purpose: "fail",
    ask_nearly_the_same: "alike",
    come_and_go: "churn",
    recall_elsewhere: "recall",
    restart_a_process: "restart",
    search_for_a_phantoms: "search",
    refresh_at_once: "refresh",
    ask_under_one_id: "same_id",
    resume_an_answer: "resume",
    let_a_token_run_out: "expire",
    log_out_during_an_answer: "logout",
    come_back_all_at_once: "storm",
    come_behind_another: "relay",
    ask_long_and_short: "sizes",
    read_late: "slow_reader",
    ask_what_takes_long: "slow",
    stop_waiting: "give_up",
    leave_for_good: "depart",
}


def done(driven, kind):
    """What was noted of a provocation."""
    return [row for row in driven.rows("provocations") if row["kind"] == kind]


def asked(driven):
    """The questions, in the order in which they were asked."""
    return [row for row in driven.rows("queries") if row["step"] == "asked"]


def test_every_provocation_is_tried_here():
    """Whoever adds one says here what it does."""
    assert set(WHAT) == set(PROVOCATIONS)


@pytest.mark.parametrize("provocation", PROVOCATIONS)
def test_what_the_plan_does_not_want_is_not_done(drive, server, provocation):
    """With a rate of nothing, or nobody to do it, a provocation ends at once."""
    more = f"[provocations]\n{NEVER}\n[cast]\n{NOBODY}\n"
    driven = drive(server.ws(ANSWERS), more=more)
    with gevent.Timeout(1):
        provocation(driven.rig)
    assert driven.rig.sessions == {}
    assert driven.rows("provocations") == []


def test_observers_are_connected_and_never_ask(acting, until):
    """As many as the plan says, and again when one was lost."""
    driven = acting(observe, cast="observers = 2")
    until(lambda: len(driven.rig.sessions) == 2)
    assert {s.principal.role for s in driven.rig.sessions.values()} == {"observer"}
    lost = next(iter(driven.rig.sessions.values()))
    lost.abort()
    until(lambda: len(driven.rig.sessions) == 2 and lost.id not in driven.rig.sessions)
    assert asked(driven) == []


def test_twins_ask_the_same_at_the_same_moment(acting, until):
    """After each was told a word of its own; and once more right behind an answer."""
    driven = acting(ask_as_twins)
    until(lambda: len(asked(driven)) >= 5)
    first, second, one, other, behind = asked(driven)[:5]
    assert first["text"] != second["text"]
    assert one["text"] == other["text"] == behind["text"]
    assert one["principal"] != other["principal"] == behind["principal"]
    assert abs(one["sent_ns"] - other["sent_ns"]) < 100_000_000
    noted = done(driven, "twins")[0]
    assert f"(moment {noted['detail']})" in one["text"]
    assert {noted["principal"], noted["other"]} == {one["principal"], other["principal"]}
    planted = [row for row in driven.rows("plantings") if row["kind"] == "token"]
    assert {row["query"] for row in planted} == {first["query"], second["query"]}


def test_visitors_connect_in_the_middle_of_an_answer(acting, until):
    """Somebody else's, which has begun and is not over; then they leave."""
    driven = acting(connect_during_an_answer, cast="visitors = 1")
    user = driven.opened()
    while not done(driven, "connect"):
        query = driven.ask(user, "anything")
        until(query.done.is_set)
    (noted, *_) = done(driven, "connect")
    assert noted["other"] == user.principal.id
    assert noted["detail"] in {row["query"] for row in asked(driven)}
    until(lambda: driven.rig.sessions.keys() == {user.id})
    visits = [row for row in driven.rows("sessions") if row["principal"] == noted["principal"]]
    assert [row["step"] for row in visits].count("ready") >= 2


def test_an_answer_is_abandoned_and_another_asks_behind_it(acting, until):
    """The one drops its connection without a word, the other asks at once; by turns."""
    driven = acting(abandon_an_answer)
    until(lambda: len(done(driven, "abandon")) >= 2)
    one, two = done(driven, "abandon")[:2]
    assert (one["principal"], one["other"]) == (two["other"], two["principal"])
    steps = [r["step"] for r in driven.rows("sessions") if r["session"] == one["session"]]
    assert "closing" not in steps
    assert steps[-1] == "closed"
    ended = [row["reason"] for row in driven.rows("queries") if row["step"] == "ended"]
    assert "session lost" not in ended


def test_somebody_reconnects_in_the_middle_of_an_answer(acting, until):
    """Its session is dropped, and it is back at once."""
    driven = acting(reconnect_during_an_answer)
    until(lambda: len(done(driven, "reconnect")) >= 2)
    until(lambda: len(driven.rig.sessions) == 2)
    who = done(driven, "reconnect")[0]["principal"]
    steps = [row for row in driven.rows("sessions") if row["principal"] == who]
    closed = next(row for row in steps if row["step"] == "closed")
    again = [row for row in steps if row["step"] == "ready"][1]
    assert closed["by"] == "us"
    assert again["at_ns"] - closed["at_ns"] < 1_000_000_000


def test_a_burst_connects_in_the_same_moment(acting, until):
    """Several of them, who stay a little and leave."""
    driven = acting(connect_in_a_burst, cast="burst = 4")
    until(lambda: len(driven.rig.sessions) == 4)
    due = [row["at_ns"] for row in driven.rows("sessions") if row["step"] == "opening"][:4]
    assert max(due) - min(due) < 300_000_000
    assert len(done(driven, "burst")) == 4
    until(lambda: not driven.rig.sessions)


def test_tabs_are_two_sessions_of_one_principal(acting, until):
    """Each has a conversation of its own, and both ask."""
    driven = acting(ask_in_two_tabs)
    until(lambda: len(asked(driven)) >= 2)
    one, other = asked(driven)[:2]
    assert one["principal"] == other["principal"]
    assert one["session"] != other["session"]
    assert one["conversation"] != other["conversation"]


def test_a_reader_asks_for_a_decoys_conversation(acting, accounts, until):
    """One of this run's own, over the WebSocket and over HTTP; what comes back is recorded."""
    driven = acting(read_anothers_conversation, http=f'http = "{accounts}"')
    until(lambda: done(driven, "read"))
    (noted, *_) = done(driven, "read")
    decoy, reader = noted["other"], noted["principal"]
    assert {row["principal"]: row["role"] for row in driven.rows("principals")} == {
        decoy: "decoy",
        reader: "reader",
    }
    assert noted["detail"] == "t-1"
    until(lambda: any(row["opcode"] == Opcode.HTTP for row in driven.rows("frames")))
    (answered, *_) = [row for row in driven.rows("sessions") if row["step"] == "answered"]
    assert (answered["channel"], answered["code"]) == ("http", 200)
    assert answered["principal"] == reader


def test_a_platform_without_http_is_read_over_the_websocket_alone(acting, until):
    """And one that answers nothing there breaks nothing."""
    driven = acting(read_anothers_conversation)
    until(lambda: len(done(driven, "read")) >= 2)
    assert {row["channel"] for row in driven.rows("sessions")} == {"websocket"}


def test_answers_are_cancelled_and_another_asks_behind_them(acting, until):
    """The platform is asked to give them up; the one behind is not."""
    driven = acting(cancel_an_answer, path="/agent?answer=started+later+heard+cancelled")
    until(lambda: len(done(driven, "cancel")) >= 4)
    cancelled = done(driven, "cancel")
    pairs = {(row["principal"], row["other"]) for row in cancelled[:2]}
    for canceller, behind in pairs:
        until(lambda other=behind: other in {row["principal"] for row in asked(driven)})
        first = {row["principal"]: row["kind"] for row in reversed(asked(driven))}
        assert (first[canceller], first[behind]) == ("cancelled", "question")
    assert {row["detail"] for row in cancelled} <= {row["query"] for row in asked(driven)}
    until(lambda: b'"cancel"' in b"".join(row["content"] for row in driven.rows("frames")))


class InOwnWords(EventDialect):
    """A dialect as a class, which asks in words of its own for a query to be given up."""

    def cancel(self, names):
        """What the scripted agent hears as a cancel."""
        return json.dumps({"type": "cancel", "request_id": names["query"], "own": "words"}).encode()


def test_a_class_says_itself_how_a_query_is_given_up(acting, until):
    """The plan says no more than that it can be."""
    said = f'class = "{__name__}:InOwnWords"\ncancel = {{}}'
    path = "/agent?answer=started+later+heard+cancelled"
    driven = acting(cancel_an_answer, path=path, dialect=said)
    until(lambda: b'"own"' in b"".join(row["content"] for row in driven.rows("frames")))
    assert done(driven, "cancel")


def test_queries_are_made_to_fail(acting, until):
    """In the plan's words, each with a canary, several at once."""
    driven = acting(
        fail_on_purpose,
        path="/agent?answer=error",
        workload='failing = ["What is 7 / 0?", "Break!"]',
    )
    until(lambda: len(asked(driven)) >= 4)
    assert {row["kind"] for row in asked(driven)} == {"failing"}
    assert len({row["principal"] for row in asked(driven)}) == 2
    texts = [row["text"] for row in asked(driven)]
    assert texts[0].startswith("What is 7 / 0? It is for reference CX")
    assert texts[1].startswith("Break! ")
    until(lambda: any(row["step"] == "ended" for row in driven.rows("queries")))
    assert not any(name == "completion" for name, *_ in driven.reports)


def test_colliders_are_called_alike_and_ask_alike(acting, until):
    """In their first eight characters, two of them to the letter; so are their questions."""
    driven = acting(ask_nearly_the_same)
    until(lambda: len(asked(driven)) >= 6)
    emails = [row["email"] for row in driven.rows("principals")]
    assert [1, 2] == sorted(Counter(email[:8] for email in emails).values())
    assert len({email[:8].lower() for email in emails}) == 1
    assert len({email.lower() for email in emails}) == 3
    pairs = {frozenset(row["principal"] for row in asked(driven)[n : n + 2]) for n in (0, 2, 4)}
    assert [2, 2, 2] == [len(pair) for pair in pairs]
    one, other = (row["text"].casefold() for row in asked(driven)[:2])
    assert one[:100] == other[:100]
    assert one != other


def test_one_comes_and_goes(acting, until):
    """With a goodbye and without, by turns."""
    driven = acting(come_and_go)
    until(lambda: len(done(driven, "churn")) >= 5)
    assert len({row["principal"] for row in done(driven, "churn")}) == 1
    steps = [row["step"] for row in driven.rows("sessions")]
    assert steps.count("ready") >= 4
    assert steps.count("closing") >= 1


def test_the_departed_end_no_login_that_was_not_made_for_the_run(acting, accounts, until, tmp_path):
    """A token of somebody's file would be good for one run only."""
    path = tmp_path / "tokens"
    path.write_text("the-token-that-was-given-to-a a-user\nthe-token-that-was-given-to-b b-user\n")
    given = f'source = "file"\npath = "{path}"\nlogout = {{ path = "/plain/logout" }}\n'
    driven = acting(leave_for_good, cast="departed = 2", http=f'http = "{accounts}"', auth=given)
    until(lambda: [row["step"] for row in driven.rows("sessions")].count("closed") == 2)
    assert {"websocket"} == {row["channel"] for row in driven.rows("sessions")}


def test_the_departed_ask_log_out_and_never_come_back(acting, accounts, until):
    """Each has one session, which it leaves politely before it logs out."""
    logout = 'logout = { path = "/plain/logout", send = { token = "{token}" } }\n'
    driven = acting(
        leave_for_good, cast="departed = 2", http=f'http = "{accounts}"', auth=LOGIN + logout
    )
    until(lambda: len(done(driven, "depart")) == 2)
    gone = {row["principal"] for row in done(driven, "depart")}
    assert 2 == len(gone)

    def left():
        return [row["principal"] for row in driven.rows("sessions") if row["step"] == "answered"]

    until(lambda: gone == set(left()))
    roles = {row["principal"]: row["role"] for row in driven.rows("principals")}
    assert dict.fromkeys(gone, "departed") == roles
    steps = [(row["principal"], row["step"]) for row in driven.rows("sessions")]
    assert dict.fromkeys(gone, 1) == {who: steps.count((who, "opening")) for who in gone}
    assert all(steps.index((who, "closing")) < steps.index((who, "answered")) for who in gone)
    assert dict.fromkeys(gone, 2) == {
        who: [row["principal"] for row in asked(driven)].count(who) for who in gone
    }


SEEDS = """
[[workload.seeds]]
ask = "Is there a document about {title}?"
call = { path = "/auth/register", send = { email = "{email}", password = "{title}: {text}" } }
"""


def test_phantoms_documents_are_searched_for(acting, accounts, until):
    """They are planted, sent over HTTP, and never connect; others ask for their titles."""
    driven = acting(
        search_for_a_phantoms, cast="phantoms = 1", http=f'http = "{accounts}"', seeds=SEEDS
    )
    until(lambda: len(asked(driven)) >= 2)
    roles = {row["principal"]: row["role"] for row in driven.rows("principals")}
    (phantom,) = [who for who, role in roles.items() if role == "phantom"]
    planted = [row for row in driven.rows("plantings") if row["place"] == "document"]
    assert [row["principal"] for row in planted] == [phantom]
    seen = [row for row in driven.rows("sessions") if row["principal"] == phantom]
    assert {row["channel"] for row in seen} == {"http"}
    assert {row["other"] for row in done(driven, "search")} == {phantom}
    assert {roles[row["principal"]] for row in asked(driven)} == {"seeker"}
    assert asked(driven)[0]["text"].startswith("Is there a document about ")
    assert planted[0]["canary"] not in "".join(row["text"] for row in asked(driven))


REMEMBERS = """
[rows]
url = "sqlite:///never.db"
tables = [{ name = "memories", owner = "user_id", text = ["content"], remembers = true }]
"""


def test_what_was_told_in_one_session_is_asked_for_in_others(acting, until):
    """Each of two principals tells in its session, and recalls in two new ones, which it leaves."""
    driven = acting(recall_elsewhere, cast=f"observers = 0\n{REMEMBERS}")
    until(lambda: len(done(driven, "recall")) >= 8)
    told, recalled = [], []
    for row in asked(driven):
        (told if row["kind"] == "remember" else recalled).append(row)
    assert {row["kind"] for row in recalled} == {"recall"}
    assert len({row["principal"] for row in told}) == 2
    assert not {row["session"] for row in told} & {row["session"] for row in recalled}
    assert not {row["conversation"] for row in told} & {row["conversation"] for row in recalled}
    until(lambda: len(driven.rig.sessions) == 2)


def restarting(drive, server, *command, slot=0):
    """A drive whose plan has this command, and nothing to do but to run it."""
    driven = drive(server.ws(ANSWERS), more=f"[provocations]\n{NEVER}\n[cast]\n{NOBODY}\n")
    target = msgspec.structs.replace(driven.rig.plan.target, restart=command)
    often = msgspec.structs.replace(driven.rig.plan.provocations, restart=Duration(0.05))
    driven.rig.plan = msgspec.structs.replace(driven.rig.plan, target=target, provocations=often)
    driven.rig.slot = slot
    return driven


def test_one_process_has_the_platform_restarted_by_the_plans_command(
    drive, server, until, tmp_path
):
    """Word for word, without a shell; the other driving processes leave it to the first."""
    place = tmp_path / "done $HOME"
    driven = restarting(drive, server, "touch", str(place))
    acting = gevent.spawn(restart_a_process, driven.rig)
    until(lambda: len(done(driven, "restart")) >= 2 and place.exists())
    acting.kill()
    other = restarting(drive, server, "touch", str(place), slot=1)
    with gevent.Timeout(1):
        restart_a_process(other.rig)
    assert done(other, "restart") == []


@pytest.mark.parametrize("command", [("false",), ("/no/such/command",)])
def test_a_restart_that_fails_is_the_harness_own_failure(drive, server, command):
    """The plan asks for something that was not done."""
    driven = restarting(drive, server, *command)
    with pytest.raises(HarnessError, match=r"target\.restart"), gevent.Timeout(5):
        restart_a_process(driven.rig)


LOGIN = """
source = "login"
login = { path = "/auth/login", send = { email = "{email}", password = "{password}" } }
register = { path = "/auth/register", send = { email = "{email}", password = "{password}" } }
refresh = { path = "/auth/refresh", send = { refresh_token = "{refresh_token}" } }
"""


def test_two_refresh_at_once_and_ask_with_what_they_got(acting, accounts, until):
    """With new tokens, on sessions of their own."""
    driven = acting(refresh_at_once, http=f'http = "{accounts}"', auth=LOGIN)
    until(lambda: len(asked(driven)) >= 2)
    assert {row["principal"] for row in asked(driven)[:2]} == {
        done(driven, "refresh")[0]["principal"],
        done(driven, "refresh")[0]["other"],
    }
    ready = [row["at_ns"] for row in driven.rows("sessions") if row["step"] == "ready"]
    assert sum(at > done(driven, "refresh")[0]["at_ns"] for at in ready) >= 2


def test_two_ask_under_one_id(acting, until):
    """The platform hears one; we tell them apart, and each gets its own answer."""
    driven = acting(ask_under_one_id)
    until(lambda: sum(row["step"] == "ended" for row in driven.rows("queries")) >= 2)
    one, other = asked(driven)[:2]
    assert one["named"] == other["named"] == done(driven, "same_id")[0]["detail"]
    assert one["query"] != other["query"]
    assert one["principal"] != other["principal"]
    ended = [row for row in driven.rows("queries") if row["step"] == "ended"]
    assert {row["reason"] for row in ended} == {"completed"}


def test_sessions_are_taken_up_again_in_the_middle_of_their_answers(acting, until):
    """Two at about the same moment; their answers end well over other connections."""
    driven = acting(resume_an_answer, path="/resumable")
    until(lambda: sum(row["step"] == "ended" for row in driven.rows("queries")) >= 2)
    one, other = done(driven, "resume")[:2]
    assert one["principal"] != other["principal"]
    assert {one["detail"], other["detail"]} == {row["query"] for row in asked(driven)[:2]}
    ended = [row for row in driven.rows("queries") if row["step"] == "ended"][:2]
    assert {(row["kind"], row["reason"]) for row in ended} == {("resumed", "completed")}
    assert {row["session"] for row in ended}.isdisjoint({one["session"], other["session"]})
    assert not any(name == "completion" for name, *_ in driven.reports)


def test_a_token_runs_out_while_it_is_used(acting, until, monkeypatch):
    """It is a short one, which nobody renews; behind it the same one asks with a good one."""
    monkeypatch.setattr(expire, "LIFE_SECONDS", 1.0)
    monkeypatch.setattr(expire, "BEHIND_SECONDS", 0.1)
    driven = acting(let_a_token_run_out)
    until(lambda: any(row["kind"] == "question" for row in asked(driven)))
    (noted,) = done(driven, "expire")
    *short, behind = asked(driven)
    assert {(row["kind"], row["session"]) for row in short} == {("outlived", noted["session"])}
    assert len(short) >= 2
    assert behind["session"] != noted["session"]
    assert behind["principal"] == noted["principal"]
    steps = {row["step"] for row in driven.rows("sessions") if row["session"] == noted["session"]}
    assert "refreshed" not in steps


def test_a_token_that_cannot_be_shortened_is_said_and_left(acting, until):
    """An opaque one, or a key of another kind: the set-up says it, and nothing breaks."""
    driven = acting(
        let_a_token_run_out,
    )
    driven.rig.plan = msgspec.structs.replace(
        driven.rig.plan, auth=msgspec.structs.replace(driven.rig.plan.auth, algorithm="XY")
    )
    until(lambda: any(name == "set-up" for name, *_ in driven.reports))
    assert done(driven, "expire") == []


def test_who_takes_no_token_of_our_making_is_not_to_blame(acting, server, until, monkeypatch):
    """Its key may be another: this is said once, recorded as our doing, and no more tried."""

    def refused(rig, _):
        refusing = msgspec.structs.replace(
            rig.plan.target, websocket=server.ws("/refuse?status=401")
        )
        rig.plan = msgspec.structs.replace(rig.plan, target=refusing)
        return "a token by another key"

    monkeypatch.setattr(expire, "_short", refused)
    driven = acting(let_a_token_run_out)
    until(lambda: any(name == "set-up" for name, *_ in driven.reports))
    assert not any(row["step"] == "failed" for row in driven.rows("sessions"))
    assert done(driven, "expire") == []


def test_somebody_logs_out_in_the_middle_of_an_answer(acting, accounts, until):
    """Over HTTP, with its own token; then it logs in again, and asks on a new session."""
    logout = 'logout = { path = "/plain/logout", send = { token = "{token}" } }'
    driven = acting(log_out_during_an_answer, http=f'http = "{accounts}"', auth=LOGIN + logout)
    until(lambda: len(done(driven, "logout")) >= 2)
    one, two = done(driven, "logout")[:2]
    assert one["principal"] == two["principal"]
    assert one["session"] != two["session"]
    assert one["detail"] == asked(driven)[0]["query"]
    assert {row["kind"] for row in asked(driven)} == {"outlived"}
    with urllib.request.urlopen(f"{accounts}/requests", timeout=5) as answer:
        paths = [each["path"] for each in json.load(answer)]
    assert paths.count("/plain/logout") >= 2
    assert paths.count("/auth/login") >= 1


def test_everybody_comes_back_in_a_storm(acting, until):
    """Whoever is held by somebody who opens it again; these connects are marked as our doing."""
    driven = acting(come_back_all_at_once, every="300ms")
    users, alone, back = [driven.opened() for _ in range(3)], driven.opened(), []
    for user in users:
        user.back = lambda: back.append(driven.opened())
    until(lambda: len(back) == 3)
    assert all(user.closed.is_set() for user in users)
    assert alone.is_open
    opened = {row["session"]: row for row in driven.rows("sessions") if row["step"] == "opening"}
    assert {opened[session.id]["detail"] for session in back} == {"storm"}
    assert {opened[session.id]["detail"] for session in (*users, alone)} == {None}
    assert {row["session"] for row in done(driven, "storm")} == {user.id for user in users}
    until(lambda: not driven.rig.storming)


def test_one_comes_when_the_other_has_gone(acting, until):
    """They are never there together, and each is answered."""
    driven = acting(come_behind_another)
    until(lambda: len(done(driven, "relay")) >= 2)
    until(lambda: sum(row["step"] == "ended" for row in driven.rows("queries")) >= 4)
    one, two = done(driven, "relay")[:2]
    assert (one["principal"], one["other"]) == (two["other"], two["principal"])
    there = set()
    for row in driven.rows("sessions"):
        if row["step"] == "opening":
            assert not there
            there.add(row["session"])
        elif row["step"] == "closed":
            there.discard(row["session"])


def test_a_long_question_and_a_short_one_take_turns(acting, until):
    """As long as the plan says, within what the platform takes, and a single word."""
    driven = acting(ask_long_and_short, workload='longest = "9KB"', dialect='send_limit = "6000B"')
    until(lambda: len(asked(driven)) >= 4)
    long, short, again, word = asked(driven)[:4]
    assert 4_300 < len(long["text"]) <= 4_500
    assert 4_300 < len(again["text"]) <= 4_500
    assert " " not in short["text"] + word["text"]
    assert long["principal"] == word["principal"] != short["principal"]


def test_a_session_is_not_read_for_a_while(acting, until, monkeypatch):
    """What came meanwhile is known to have waited for us; it is all there in the end."""
    monkeypatch.setattr(slow_reader, "DEAF_SECONDS", 0.6)
    driven = acting(read_late, workload='longest = "9KB"')
    until(lambda: sum(row["step"] == "ended" for row in driven.rows("queries")) >= 2)
    (noted, *_) = done(driven, "slow_reader")
    assert {row["kind"] for row in asked(driven)} == {"read late"}
    heard = [row for row in driven.rows("frames") if row["session"] == noted["session"]]
    late = [row for row in heard if row["late_ns"] > 300_000_000]
    assert len(late) >= 4
    ended = [row for row in driven.rows("queries") if row["step"] == "ended"]
    assert {row["reason"] for row in ended[:2]} == {"completed"}


def test_somebody_comes_and_asks_while_an_answer_takes_long(acting, until):
    """In the plan's words for what takes long; the other asks and goes in the meantime."""
    driven = acting(
        ask_what_takes_long,
        path="/agent",
        workload='slow = ["later later started later completed"]',
        timeout="2s",
    )
    until(lambda: sum(row["kind"] == "question" for row in asked(driven)) >= 1)
    slow = asked(driven)[0]
    assert (slow["kind"], slow["text"].split()[:3]) == ("slow", ["later", "later", "started"])
    (noted,) = done(driven, "slow")
    other = next(row for row in asked(driven) if row["kind"] == "question")
    assert (noted["detail"], noted["other"]) == (slow["query"], other["principal"])
    over = [
        r for r in driven.rows("queries") if (r["step"], r["query"]) == ("ended", slow["query"])
    ]
    assert not over or other["sent_ns"] < over[0]["at_ns"]


def test_somebody_stops_waiting_and_asks_something_else(acting, until):
    """On the same session, in another conversation; the platform is told nothing."""
    driven = acting(stop_waiting)
    until(lambda: sum(row["kind"] == "question" for row in asked(driven)) >= 2)
    first, second = asked(driven)[:2]
    assert (first["kind"], second["kind"]) == ("impatient", "question")
    assert first["session"] == second["session"]
    assert first["conversation"] != second["conversation"]
    ended = {r["query"]: r["reason"] for r in driven.rows("queries") if r["step"] == "ended"}
    assert ended[first["query"]] == "given up by us"
    assert done(driven, "give_up")[0]["detail"] == first["query"]


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_plan_lacks_is_not_asked(drive, server, name):
    """A provocation that needs a key of the plan's is off without it, and says so."""
    bare = "read_conversation = []\nread_conversation_http = []\nwhere = { query = [] }"
    one = 'concurrent = 1\nlongest = "0B"'
    plan = drive(server.ws(ANSWERS), more=f"[cast]\n{NOBODY}", dialect=bare, workload=one).rig.plan
    lacking = msgspec.structs.replace(plan.dialect, cancel=None, resume=None)
    plan = msgspec.structs.replace(
        plan,
        dialect=lacking,
        auth=msgspec.structs.replace(plan.auth, source="file"),
        provocations=msgspec.structs.replace(plan.provocations, **{name: 1.0}),
    )
    assert every(plan, name) == 0.0
    assert any(why.startswith(f"{name}: the plan has no ") for why in not_asked(plan))
