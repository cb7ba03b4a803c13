"""What probes share: a decoy with a conversation, an intruder, and how an attempt is recorded.

Victims are decoys of this run's own cast, and what is asked for was learned from their own
answers: no id is guessed.  Whether an attempt was accepted is for the judge to say.
"""

from __future__ import annotations

import contextlib
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gevent
import msgspec
import orjson
from websockets.client import backoff

from isolation_checks import probing
from isolation_checks.dialects import template
from isolation_checks.dialects.correlate import our_conversation
from isolation_checks.dialects.reading import Ask
from isolation_checks.plan.tables.auth import Call
from isolation_checks.records import ConversationLabel, Opcode
from locustfiles.driving import wording
from locustfiles.driving.opening import Shown
from locustfiles.driving.principals import Principal
from locustfiles.driving.probes.line import Line
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import AuthError, Http, names_of

AGAIN_S = 0.2
"""The pause before an owner looks once more for what it told."""


class Ground:
    """Where a family of probes is tried: who tries, and on whom."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.decoy = Actor(rig, "decoy")
        self.intruder = rig.principal("intruder")
        target = rig.plan.target
        self.auth = Http(target.auth or target.http, rig.words, insecure=target.insecure_tls)
        self.word = ""
        """What its owner told last in the conversation that is asked for."""
        self.lag_s = 0.0
        """How long behind an answer it can be read in its conversation, as far as was seen."""
        self._lines: list[Line] = []

    def until(self, done: Callable[[], bool]) -> float | None:
        """Try until it is done; how long that took, nought at the first try.  None: it never was.

        A platform may write down what it has answered some time behind the answer.
        """
        began_s = time.monotonic()
        if done():
            return 0.0
        while time.monotonic() - began_s < float(self.rig.plan.probes.patience):
            gevent.sleep(AGAIN_S)
            if done():
                return time.monotonic() - began_s
        return None

    def pause(self) -> None:
        """Pace the attempts."""
        gevent.sleep(float(self.rig.plan.probes.every))

    def token(self, principal: Principal) -> str:
        """A principal's own token, got with a back-off where the platform gives none."""
        known = principal.access is not None
        for delay in backoff():
            try:
                token = self.rig.tokens.token(principal)
                break
            except AuthError as error:
                self.rig.report("set-up", 0.0, 0, str(error))
                gevent.sleep(min(delay, 10.0))
        if not known:
            self.rig.introduce(principal)
        return token

    def conversation(self, turn: int) -> str | None:
        """A conversation of the decoy's, with a word of its own in it; None: it got none."""
        who = self.decoy.principal
        label = ConversationLabel(f"{who.id}/{turn}")
        told = self.question(who)
        self.word = _word(told)
        self.decoy.session().ask(told, label, 0).done.wait()
        return who.conversations.get(label)

    def question(self, principal: Principal) -> wording.Wording:
        """A question with a canary of this principal's in it."""
        canary = self.rig.roster.canary(principal)
        return wording.question(principal, canary, self.rig.plan.workload.words)

    @contextlib.contextmanager
    def trying(self, tried: Trying) -> Iterator[Trying]:
        """Record an attempt when it is over, and hang up whatever line it had."""
        try:
            yield tried
            self.rig.recorder.note(
                "probes",
                at_ns=tried.began_ns,
                over_ns=time.monotonic_ns(),
                kind=tried.kind,
                way=tried.way,
                principal=tried.by.id,
                victim=tried.victim.id if tried.victim is not None else None,
                said=tried.said,
                expected=tried.expected,
                shows=tried.shows.value,
                relies_on=tried.relies_on,
                session=tried.session,
                query=tried.query,
                about=tried.about,
                behind=tried.behind,
                watched=tried.watched,
                watched_query=tried.watched_query,
                trouble=tried.trouble,
            )
        finally:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def line(self, tried: Trying, shown: Shown, *, kept: bool = False) -> Line:
        """Connect as an attempt says; a line that is not kept is hung up behind it."""
        line = Line(self.rig, tried.by)
        tried.session = line.id
        if not kept:
            self._lines.append(line)
        line.open(shown)
        tried.trouble = tried.trouble or line.trouble
        return line

    def claims(self) -> dict[str, str]:
        """What says, under each name of the plan, that it is the decoy who speaks.

        None where all that is said is said of the intruder too: it would claim nothing.
        """
        said, own = (
            template.fill(
                self.rig.plan.probes.claims,
                {
                    **self.rig.words,
                    **names_of(who, self.rig.run),
                    "subject": who.subject or who.email,
                },
            )
            for who in (self.decoy.principal, self.intruder)
        )
        return {name: str(value) for name, value in said.items()} if said != own else {}

    def watch(self, tried: Trying) -> None:
        """Have the decoy's open session watched: it must not suffer from what is tried."""
        tried.watched = self.decoy.session().id

    def ask(
        self,
        tried: Trying,
        line: Line,
        conversation: str | None = None,
        *,
        claim: str | None = None,
        victim: Principal | None = None,
    ) -> str:
        """Ask over a line, with a canary of the asker's; returns the id of the query.

        Without a conversation it begins one, which we name where the platform leaves it to us.
        `claim` is whom the message says that it speaks for, where that is not the asker.
        """
        rig, who = self.rig, victim or tried.by
        text = self._told(tried, who)
        assert tried.query is not None
        turn = 0 if conversation is None else 1
        if conversation is None and rig.plan.dialect.conversations == "ours":
            label = ConversationLabel(f"{who.id}/{tried.query}")
            conversation = tried.begun = our_conversation(rig.run, label)
        content = rig.dialect.ask(
            Ask(
                query=tried.query,
                text=text,
                conversation=conversation,
                turn=turn,
                subject=claim or tried.by.subject or tried.by.id,
                token=tried.by.access or "",
                now_s=time.time(),
            )
        )
        line.send(content if claim is None else self.claimed(tried, content))
        return tried.query

    def _told(self, tried: Trying, who: Principal) -> str:
        """Words with a canary of somebody's, planted as those of this attempt's own query."""
        told, identity = self.question(who), self.rig.query_id()
        tried.query, tried.word = identity, _word(told)
        self.rig.recorder.plant(told.plantings(who, query=identity))
        return told.text

    def claimed(self, tried: Trying, content: bytes) -> bytes:
        """A message that says that the decoy speaks, wherever a message could."""
        message = self.rig.framing.message(content)
        if not isinstance(message, dict | list):
            tried.trouble = "the platform's messages are no JSON"
            return content
        parts = list(message.values() if isinstance(message, dict) else message)
        for part in (message, *parts):
            if isinstance(part, dict):
                part.update(self.claims())
        sealed = self.rig.framing.sealed(message)
        if sealed == content:
            tried.trouble = "the platform's messages have no place for whom they speak for"
        return sealed

    def reading(self, conversation: str, subject: str | None) -> list[tuple[str, bytes]]:
        """The messages that ask for a conversation, each with the query id in it."""
        found: list[tuple[str, bytes]] = []
        for number in range(len(self.rig.plan.dialect.read_conversation)):
            query = self.rig.query_id()
            names = {"conversation": conversation, "query": query, "subject": subject}
            sent = self.rig.dialect.read_conversation({**names, "now": time.time()})
            found.append((query, sent[number]))
        return found

    def call(
        self,
        tried: Trying,
        call: Call,
        conversation: str | None,
        shown: Shown,
    ) -> tuple[int, bytes] | None:
        """Make a request, and record its answer in a session of its own; None: there was none.

        What it says, where it says anything, holds a canary of whoever makes it.
        """
        names = shown.names(tried.by, self.rig.run) | {"conversation": conversation}
        if probing.tells(call):
            names["text"] = self._told(tried, tried.by)
        return self._called(tried, self.rig.http, self._dressed(call, shown), names)

    def auth_call(self, tried: Trying, call: Call) -> tuple[int, bytes] | None:
        """The same for a request to the auth service."""
        names = names_of(tried.by, self.rig.run)
        return self._called(tried, self.auth, call, names)

    def _called(
        self, tried: Trying, http: Http, call: Call, names: Mapping[str, Any]
    ) -> tuple[int, bytes] | None:
        rig = self.rig
        tried.session = rig.session_id()
        about = {
            "session": tried.session,
            "principal": tried.by.id,
            "channel": probing.CHANNEL,
        }
        try:
            status, body = http.call(call, names)
        except AuthError as error:
            tried.trouble = str(error)
            rig.recorder.note("sessions", step="failed", detail=str(error), by="them", **about)
            return None
        now = time.monotonic_ns()
        for place in (*rig.plan.auth.access, *rig.plan.auth.refresh_token):
            secret = template.first_text(_json(body), (place,))
            if secret is not None:
                rig.credentials.know(secret, tried.by.id)
        rig.recorder.note("sessions", step="answered", code=status, detail=call.path, **about)
        rig.recorder.frames(tried.session, now, 0, [Opcode.HTTP], [body])
        return status, body

    @staticmethod
    def _dressed(call: Call, shown: Shown) -> Call:
        """A request with what is shown besides, and without a token where none is."""
        kept = {name: value for name, value in call.headers.items() if shown.carries(value)}
        pairs = urllib.parse.urlencode(shown.query)
        sign = "&" if "?" in call.path else "?"
        path = f"{call.path}{sign}{pairs}" if pairs else call.path
        return msgspec.structs.replace(call, path=path, headers={**kept, **shown.headers})


def _word(told: wording.Wording) -> str:
    """The canary in a text."""
    return next((value for kind, value in told.planted if kind == "token"), "")


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON has no better type
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
