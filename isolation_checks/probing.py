"""What probes there are, and which of them a plan asks for; the driver and the judge agree here.

A probe is an attempt that a sound platform refuses.  This page makes none and judges none.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from isolation_checks.dialects import template
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.tables.target import Template

CHANNEL = "probe"
"""The channel of sessions that a probe opened: nothing that an ordinary user did."""
SOCKET = "websocket"
QUERY = "message of a query"
UNDISTURBED = "an answer that nobody disturbed"
"""The control by which a decoy is answered when no intruder comes between."""
DRESSED = " with test headers"
ANSWER_SECONDS = 5.0
"""How long an answer is waited for that an intruder must not cost its owner."""
OFF = "probes: the plan makes none"


class Family(enum.StrEnum):
    """What is tried: one check judges each."""

    TOKENS = "forged token"
    IDENTITY = "claimed identity"
    CONVERSATION = "another's conversation"
    SESSION = "another's session"
    LOGIN = "ended login"


class Shows(enum.StrEnum):
    """What would show that an attempt was accepted."""

    LET_IN = "let in"
    """The session may be used, or answers with the attempt's own canary."""
    WORDS = "words"
    """Words that only the victim was given."""
    WRITTEN = "written"
    """Those, or the attempt's own canary in what its owner reads in its conversation behind it."""
    ECHO = "echo"
    """An answer with the attempt's own canary."""
    TOKEN = "token"  # noqa: S105 - the word, no password
    """A fresh credential."""
    RESUMED = "resumed"
    """The victim's words, or the event that says that its session was given back."""
    GONE = "gone"
    """What its owner could read before is not there behind it."""
    DONE = "done"
    """The request was answered as done: enough of an owner's own, which shows its way right."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind of attempt by one way; a control when it is the owner's own and must succeed."""

    kind: str
    way: str


KINDS: dict[Family, tuple[str, ...]] = {
    Family.TOKENS: (
        "no token",
        "made-up token",
        "wrong signature",
        "no signature",
        "alg none",
        "unknown kid",
        "kid as a path",
        "kid as SQL",
        "public key as a secret",
        "expired",
        "other audience",
        "other issuer",
    ),
    Family.IDENTITY: (
        "named in the message",
        "named in the query string",
        "named in headers",
        "named in the path",
    ),
    Family.CONVERSATION: ("read", "continue", "change"),
    Family.SESSION: ("resume", "resume on connect"),
    Family.LOGIN: (
        "socket after logout",
        "token after logout",
        "refresh after logout",
        "rotated refresh token",
        "socket after expiry",
    ),
}
FAMILY_OF = {kind: family for family, kinds in KINDS.items() for kind in kinds}
BY_KEY = ("expired", "other audience", "other issuer")
"""Tokens that are wrong in one thing only: whoever makes them must have the key."""

_CLAIMS = {"other audience": "aud", "other issuer": "iss"}
"""What a token must name, to name another."""
_OF_CONVERSATIONS = (Family.IDENTITY, Family.CONVERSATION)
"""Families that ask for a conversation by its id."""


def own(way: str) -> str:
    """The name of the control that says that a good token is taken by a way."""
    return f"own token by {way}"


def name_of(call: Call) -> str:
    """A request, as it is spoken of."""
    return f"{call.method} {call.path}"


def message_name(send: Template, number: int) -> str:
    """A message, as it is spoken of: by its type, where it has one."""
    named = {} if isinstance(send, list) else send
    kind = next((named[key] for key in ("type", "event", "action") if key in named), None)
    return f"message {kind if isinstance(kind, str) else number}"


def reads(plan: Plan) -> tuple[Call, ...]:
    """The HTTP requests that read a conversation."""
    if not plan.target.http or plan.dialect.conversations == "none":
        return ()
    more = (call for call in plan.probes.calls if call.method == "GET")
    return (*plan.dialect.read_conversation_http, *more)


def changes(plan: Plan) -> tuple[Call, ...]:
    """Those that could change or destroy it."""
    calls = plan.probes.calls if plan.target.http else ()
    return tuple(call for call in calls if call.method != "GET")


def tells(call: Call) -> bool:
    """Whether a request says something, so that what it did can be read."""
    return "text" in template.holes((call.path, call.send, call.form))


def messages(plan: Plan) -> tuple[str, ...]:
    """The names of the messages that read a conversation."""
    named = plan.dialect.conversations != "none"
    sent = plan.dialect.read_conversation if named else ()
    return tuple(message_name(send, number) for number, send in enumerate(sent, 1))


def wanted(plan: Plan, family: Family) -> Iterator[Wanted]:
    """Every kind of attempt that a plan asks for, by every way."""
    if not float(plan.probes.every):
        return
    for kind in KINDS[family]:
        if why_not(plan, kind) is None:
            for way in ways(plan, kind):
                yield Wanted(kind, way)


def not_asked(plan: Plan, family: Family) -> Iterator[str]:
    """The kinds of a family that the plan does not ask for, and why."""
    for kind in KINDS[family]:
        why = why_not(plan, kind)
        if why is not None:
            yield f"{kind} ({why})"


def left_out(plan: Plan) -> Iterator[str]:
    """The kinds that a plan does not ask for, of every family of which it asks for others."""
    for family in Family:
        kinds = list(not_asked(plan, family))
        if kinds and any(True for _ in wanted(plan, family)):
            yield f"{family.value}: {'; '.join(kinds)}"


def why_not(plan: Plan, kind: str) -> str | None:
    """Why a plan does not ask for a kind, or None where it does."""
    probes, auth = plan.probes, plan.auth
    resume = plan.dialect.resume
    resumes = resume is not None and (resume.message if kind == "resume" else resume.query)
    by_login = auth.source == "login"
    by_code = auth.oauth2 is not None and auth.oauth2.grant == "authorization_code"
    nameless = plan.dialect.conversations == "none" and FAMILY_OF[kind] in _OF_CONVERSATIONS
    reasons = (
        (kind in probes.skip, "the plan skips it"),
        (
            kind in ("named in the message", "named in the query string") and not probes.claims,
            "the plan names no name to claim, probes.names",
        ),
        (kind == "named in headers" and not probes.headers, "the plan has no probes.headers"),
        (
            kind in (*BY_KEY, "socket after expiry") and probes.key is None,
            "the plan names no key, probes.key",
        ),
        (
            auth.source == "mint" and _CLAIMS.get(kind, "sub") not in {"sub", *auth.claims},
            "the plan's tokens, auth.claims, name none",
        ),
        (
            kind == "public key as a secret" and probes.jwks is None,
            "the plan names no public keys, probes.jwks",
        ),
        (kind == "change" and not changes(plan), "no request of probes.calls changes anything"),
        (kind == "change" and not probes.mutating, "probes.mutating does not allow it"),
        (kind.startswith("resume") and not resumes, "dialect.resume does not say how"),
        (
            kind.endswith("after logout") and not (auth.logout and (by_login or by_code)),
            "the plan knows no logout, auth.logout",
        ),
        ("refresh" in kind and not (auth.refresh and by_login), "the plan knows no auth.refresh"),
        (nameless, "the platform's conversations have no names"),
        (not ways(plan, kind), "the plan describes no way to it"),
    )
    return next((why for so, why in reasons if so), None)


def ways(plan: Plan, kind: str) -> tuple[str, ...]:
    """The ways in which a kind of attempt is made."""
    http, read = tuple(map(name_of, reads(plan))), messages(plan)
    plain = (SOCKET, *http[:1])
    by_kind: dict[str, tuple[str, ...]] = {
        "named in the message": (QUERY, *read),
        "named in the query string": plain,
        "named in headers": plain,
        "named in the path": _with_subject(plan, http),
        "read": (*read, *http),
        "continue": (QUERY,),
        "change": tuple(map(name_of, changes(plan))),
        "token after logout": plain,
        "refresh after logout": ("POST refresh",),
        "rotated refresh token": ("POST refresh",),
    }
    if FAMILY_OF[kind] is Family.TOKENS:
        return (*plain, *(way + DRESSED for way in plain)) if plan.probes.headers else plain
    return by_kind.get(kind, (SOCKET,))


def _with_subject(plan: Plan, http: tuple[str, ...]) -> tuple[str, ...]:
    """The ways on which the address says who speaks."""
    socket = (SOCKET,) if "subject" in template.holes(plan.target.websocket) else ()
    return (*socket, *(way for way in http if "subject" in template.holes(way)))
