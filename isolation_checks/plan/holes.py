"""What the templates of a plan may refer to, and what follows from what they do refer to.

It fills nothing; `dialects.template` does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isolation_checks.dialects import template
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.dialect import Dialect

_PRINCIPAL = frozenset(
    ("principal", "run", "number", "name", "email", "password", "tenant", "subject", "uuid", "now")
)
TOKEN = frozenset(("token", "token_b64url"))
"""What tells the platform who speaks."""
_APART = frozenset(("principal", "number", "uuid", "email"))
"""What differs from principal to principal for certain."""
_QUERY = frozenset(("query", "query_number"))
_ASK = _QUERY | {"text", "conversation", "turn", "subject", "token", "now"}
_RESUME = frozenset(("session", "ticket", "sequence", "query", "subject", "now"))
_READ = _QUERY | {"conversation", "subject", "now"}


def templates(plan: Plan) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """Every template with its place in the plan and the names that are known there."""
    auth, dialect = plan.auth, plan.dialect
    words = frozenset(dialect.names)
    known = _PRINCIPAL | TOKEN | words | frozenset(auth.secrets) | {"refresh_token"}
    connecting = known | {"connection"} | _ticket(plan)
    yield "target.websocket", plan.target.websocket, connecting
    for way in ("headers", "subprotocols", "query", "message"):
        yield f"auth.carry.{way}", getattr(auth.carry, way), connecting
    for name in ("register", "login", "refresh", "logout", "remove", "ticket"):
        call = getattr(auth, name)
        if call is not None:
            yield f"auth.{name}", (call.path, call.send, call.form, call.headers), known
    for seed in plan.workload.seeds:
        parts = (seed.call.path, seed.call.send, seed.call.form, seed.call.headers)
        yield "workload.seeds.call", parts, known | {"title", "text"}
        yield "workload.seeds.ask", seed.ask, frozenset(("title",))
    if auth.oauth2 is not None:
        yield "auth.oauth2.form", auth.oauth2.form, known - TOKEN
    yield "auth.subject", auth.subject, _PRINCIPAL - {"subject"} | words
    yield "auth.claims", auth.claims, _PRINCIPAL | words | {"issued", "expires"}
    yield "dialect.ask", dialect.ask, _ASK | words
    yield "dialect.ask_next", dialect.ask_next, _ASK | words
    for reply in dialect.answers:
        yield f"dialect.answers for {reply.when!r}", reply.send, words | {"frame", "now", "subject"}
    if dialect.alive is not None:
        yield "dialect.alive", dialect.alive.send, known | {"session"}
    yield "dialect.renew", dialect.renew, known
    yield "dialect.cancel", dialect.cancel, _READ | words
    yield "dialect.read_conversation", dialect.read_conversation, _READ | words
    reads = [("dialect.read_conversation_http", call) for call in dialect.read_conversation_http]
    for at, call in (*reads, *(("probes.calls", call) for call in plan.probes.calls)):
        told = frozenset(() if call.method == "GET" else ("text",))
        parts = (call.path, call.send, call.form, call.headers)
        yield at, parts, known | told | {"conversation"}
    yield "probes.names", plan.probes.claims, _PRINCIPAL - {"password"} | words
    resume = dialect.resume
    if resume is not None:
        held = _RESUME | TOKEN | words | frozenset(auth.secrets)
        yield "dialect.resume.message", resume.message, held
        yield "dialect.resume.query", resume.query, _RESUME - {"query", "ticket"}


def unknown(given: Any, known: frozenset[str]) -> frozenset[str]:  # noqa: ANN401 - a template
    """What a template refers to, or seems to, that is not known."""
    return (template.holes(given) - known) | template.strange_holes(given)


def tells_apart(given: Any) -> bool:  # noqa: ANN401 - a template
    """Whether a template becomes something else for every principal."""
    return bool(template.holes(given) & _APART)


def carries_token(plan: Plan) -> bool:
    """Whether the platform is told anywhere which principal speaks."""
    return bool(template.holes((*_shown(plan), plan.dialect.ask)) & (TOKEN | _ticket(plan)))


def carries_ticket(plan: Plan) -> bool:
    """Whether a connection shows the ticket that was got for it."""
    return "ticket" in template.holes(_shown(plan))


def _shown(plan: Plan) -> tuple[Any, ...]:
    """The templates of what a connection shows."""
    carry = plan.auth.carry
    return (plan.target.websocket, carry.headers, carry.subprotocols, carry.query, carry.message)


def _ticket(plan: Plan) -> frozenset[str]:
    """The name of a ticket, where the plan says how one is got."""
    return frozenset(("ticket",)) if plan.auth.ticket is not None else frozenset()


def asks(dialect: Dialect | Mapping[str, Any], word: str = "text") -> bool:
    """Whether a query's message holds this word."""
    ask = dialect.ask if isinstance(dialect, Dialect) else dialect.get("ask", {})
    same = _QUERY if word == "query" else {word}
    return bool(same & template.holes(ask))


def numbers_queries(dialect: Dialect) -> bool:
    """Whether the ids that we give queries must be numbers."""
    return "query_number" in template.holes((dialect.ask, dialect.ask_next or {}))


def names_queries(dialect: Dialect | Mapping[str, Any]) -> bool:
    """Whether answers can say which of several open queries they answer.

    They can by the id that we gave the query, or by that of its conversation where we
    gave that too.  Takes a dialect, or the table that will become one.
    """
    own: object
    naming: object
    if isinstance(dialect, Dialect):
        own, naming, places = (
            dialect.class_,
            dialect.conversations,
            bool(dialect.where.ids("query")),
        )
    else:
        own, naming = dialect.get("class"), dialect.get("conversations")
        where = dialect.get("where")
        places = not isinstance(where, Mapping) or bool(where.get("query", True))
    return own is not None or naming == "ours" or (places and asks(dialect, "query"))
