"""What is wrong with a plan whose keys are each right: what they must be together.

Each complaint is one sentence that says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isolation_checks import probing
from isolation_checks.dialects import template
from isolation_checks.plan import framed, holes, hosts, ranges, sampling
from isolation_checks.plan.indicators import INDICATORS, Kind
from isolation_checks.plan.model import Plan
from isolation_checks.plan.nearest import nearest
from isolation_checks.plan.tables.auth import Ticket
from isolation_checks.plan.tables.dialect import Dialect, Resume
from isolation_checks.plan.tables.objectives import Objective
from isolation_checks.plan.tables.rows import Rows, Table
from isolation_checks.plan.tables.workload import Workload
from isolation_checks.rows import patterns

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token, as RFC 9110 has it."""
_APART = "{principal}, {number}, {uuid} or {email}"


def complaints(plan: Plan) -> Iterator[str]:
    """Everything that does not hold together, gravest first."""
    yield from _of_target(plan)
    yield from _of_auth(plan)
    yield from _of_identity(plan)
    yield from _of_dialect(plan)
    yield from framed.complaints(plan.dialect)
    yield from _of_resume(plan.dialect.resume)
    yield from _of_holes(plan)
    for objective in plan.objectives:
        yield from _of_objective(objective, plan.dialect)
    yield from _of_the_rest(plan)
    yield from _of_probes(plan)
    if plan.rows is not None:
        yield from _of_rows(plan.rows)
    if plan.resources is not None:
        yield from sampling.complaints(plan.resources, plan.rows)


def _of_target(plan: Plan) -> Iterator[str]:
    target = plan.target
    if not re.match(r"wss?://", target.websocket):
        yield "target.websocket must begin with ws:// or wss://"
    for name, url in (("http", target.http), ("auth", target.auth)):
        if url is not None and not re.match(r"https?://", url):
            yield f"target.{name} must begin with http:// or https://"


def _of_auth(plan: Plan) -> Iterator[str]:
    auth = plan.auth
    if auth.source == "login" and auth.login is None:
        yield "auth.source = 'login' needs [auth.login] with the path of the login request"
    if auth.source == "login" and not (plan.target.http or plan.target.auth):
        yield "auth.source = 'login' needs target.http or target.auth"
    if auth.source == "oauth2":
        yield from _of_oauth2(plan)
    if auth.source == "mint" and auth.secret is None:
        yield "auth.source = 'mint' needs auth.secret, for example 'env:JWT_SECRET'"
    if auth.ticket is not None:
        yield from _of_ticket(plan, auth.ticket)
    if plan.dialect.framing == "socket.io" and isinstance(auth.carry.message, str):
        yield "auth.carry.message is what io() is given as `auth`: with Socket.IO it is a table"
    if auth.source == "file" and auth.path is None:
        yield "auth.source = 'file' needs auth.path, a file with one token a line"
    if plan.dialect.class_ is None and not holes.carries_token(plan):
        yield (
            "auth.carry must say how the token travels, with {token} or {token_b64url} in headers, "
            "subprotocols, query or message, for example "
            "headers = {Authorization = 'Bearer {token}'}"
        )


def _of_ticket(plan: Plan, ticket: Ticket) -> Iterator[str]:
    if not plan.target.http:
        yield "auth.ticket needs target.http, where tickets are asked for"
    if not template.holes((ticket.path, ticket.send, ticket.form, ticket.headers)) & holes.TOKEN:
        yield (
            "auth.ticket must show the token for which a ticket is given, for example "
            "headers = {Authorization = 'Bearer {token}'}"
        )
    if plan.dialect.class_ is None and not holes.carries_ticket(plan):
        yield (
            "auth.carry must say how the ticket travels, with {ticket} in headers, subprotocols, "
            "query or message, for example query = {ticket = '{ticket}'}"
        )


def _of_oauth2(plan: Plan) -> Iterator[str]:
    asked = plan.auth.oauth2
    if asked is None:
        yield "auth.source = 'oauth2' needs [auth.oauth2] with the path of the token endpoint"
        return
    if not (plan.target.http or plan.target.auth):
        yield "auth.source = 'oauth2' needs target.http or target.auth"
    if asked.grant == "client_credentials" and asked.clients is None:
        yield (
            "auth.oauth2.clients must name a file of clients, one for every principal: an id and "
            "a secret a line"
        )
    if asked.grant == "authorization_code":
        if not (asked.authorize and asked.client_id):
            yield "auth.oauth2 needs authorize, the path where users log in, and client_id"
        if not holes.tells_apart(asked.form):
            yield f"auth.oauth2.form logs everybody in as the same user; it needs one of {_APART}"


def _of_identity(plan: Plan) -> Iterator[str]:
    """Principals who were one account to the platform would seem to bleed into each other."""
    auth = plan.auth
    if auth.source == "mint":
        for name, given in (("subject", auth.subject), ("claims.sub", auth.claims.get("sub"))):
            if given is not None and not holes.tells_apart(given):
                yield f"auth.{name} is the same for every principal; it needs one of {_APART}"
    login = auth.login
    if auth.source == "login" and login is not None:
        sent = (login.path, login.send, login.form, login.headers)
        if not holes.tells_apart(sent):
            yield f"auth.login logs every principal in as the same user; it needs one of {_APART}"


def _of_dialect(plan: Plan) -> Iterator[str]:
    dialect = plan.dialect
    if dialect.class_ is not None:
        return
    if not dialect.ask:
        yield (
            "dialect.ask must say what a query looks like, for example "
            "{type = 'ask', text = '{text}'}"
        )
    elif not holes.asks(dialect):
        yield "dialect.ask must hold {text}, where the words of a query go"
    if not dialect.ends:
        yield (
            "dialect.ends must name the events that end a query, for example "
            "{agent_completed = 'ok'}"
        )
    if plan.workload.concurrent > 1 and not holes.names_queries(dialect):
        yield (
            "workload.concurrent must be 1 here: dialect.ask sends no {query}, or "
            "dialect.where.query is empty, so that answers in one session could not be told apart"
        )


def _of_resume(resume: Resume | None) -> Iterator[str]:
    if resume is not None and not (resume.message or resume.query):
        yield "dialect.resume needs message or query, which holds {session}"
    for name in ("message", "query"):
        given = getattr(resume, name, None)
        if given and "session" not in template.holes(given):
            yield f"dialect.resume.{name} must hold {{session}}"


def _of_holes(plan: Plan) -> Iterator[str]:
    """Templates that refer to what is not known where they are filled."""
    for where, given, known in holes.templates(plan):
        for unknown in sorted(holes.unknown(given, known)):
            yield (
                f"{where} refers to {{{unknown}}}{nearest(unknown, known)}, which is not known "
                f"there; it may refer to {', '.join(sorted(known))}"
            )


_EXAMPLES: Mapping[Kind, str] = {
    "duration": "a duration such as '5s'",
    "rate": "a rate such as '20/s'",
    "share": "a share such as 0.01",
}


def _of_objective(objective: Objective, dialect: Dialect) -> Iterator[str]:
    name = objective.indicator
    indicator = INDICATORS[name]
    timed = indicator.kind == "duration"
    if objective.limit.kind != indicator.kind:
        yield f"the limit of objective {name} must be {_EXAMPLES[indicator.kind]}"
    if timed and objective.every == (objective.quantile is not None):
        yield f"objective {name} needs either quantile or every = true"
    if not timed and (objective.every or objective.quantile is not None):
        yield f"objective {name} is no time, and takes neither quantile nor every"
    if objective.quantile is not None and not 0 < objective.quantile < 1:
        yield f"the quantile of objective {name} lies between 0 and 1"
    if objective.every and objective.window is not None:
        yield f"objective {name}: what holds for every sample holds in every window; leave one out"
    if objective.window is not None and objective.window <= 0:
        yield f"the window of objective {name} must be longer than nothing"
    if objective.cohort is not None and objective.cohort.kind and indicator.of == "sessions":
        yield f"objective {name} is about sessions, and cohort.kind about queries"
    if dialect.class_ is None and name == "authenticated" and not dialect.opens:
        yield "objective authenticated needs dialect.opens, the events that say who we are"
    if name == "tool_call" and dialect.tool is None:
        yield (
            "objective tool_call needs dialect.tool, for example "
            "{begins = ['tool_executing'], ends = ['tool_completed']}"
        )


def _of_the_rest(plan: Plan) -> Iterator[str]:
    yield from ranges.complaints(plan)
    yield from _of_workload(plan.workload)
    if not 0 < plan.isolation.bound < 1:
        yield "isolation.bound lies between 0 and 1"
    if not 0 <= plan.isolation.correlation <= 1:
        yield "isolation.correlation lies between 0 (independent) and 1 (all the same)"
    if not plan.required:
        yield "required must name at least one of evidence, isolation, objectives"
    for channel in ("frame", "http", "row"):
        if not any(channel in a.channels and not a.places for a in plan.sharing):
            yield (
                f"sharing allows nothing on the channel {channel!r}, so that even a user's own "
                "words would be foreign there; write [[sharing]] with scope = 'user'"
            )


def _of_workload(workload: Workload) -> Iterator[str]:
    model, rate = workload.model, workload.rate
    if (model == "closed") != (rate is None):
        yield (
            "workload.rate says how many arrive in an open workload, and a closed one has none"
            if model == "closed"
            else f"workload.model = '{model}' needs workload.rate, for example '20/s'"
        )
    if rate is not None and (rate.most <= 0 or rate.least < 0):
        yield "workload.rate must be more than nothing"
    if rate is not None and rate.least != rate.most and not workload.ramp:
        yield "workload.rate goes from one rate to another, and workload.ramp must say in what time"


def _of_probes(plan: Plan) -> Iterator[str]:
    probes = plan.probes
    for kind in probes.skip:
        if kind not in probing.FAMILY_OF:
            yield (
                f"probes.skip names {kind!r}, which is no kind of probe"
                f"{nearest(kind, probing.FAMILY_OF)}; there are {', '.join(probing.FAMILY_OF)}"
            )
    for name in probes.headers:
        if not _HEADER.fullmatch(name):
            yield f"probes.headers: {name!r} can be no header's name; write it like X-User-Id"
    for call in probes.calls:
        if "conversation" not in template.holes((call.path, call.send, call.form)):
            yield f"probes.calls: {probing.name_of(call)} says nowhere which {{conversation}}"
    if probes.mutating and probing.changes(plan) and not probing.reads(plan):
        yield (
            "probes.mutating needs a request that reads a conversation, in "
            "dialect.read_conversation_http, to see whether anything was changed"
        )


def _of_rows(rows: Rows) -> Iterator[str]:
    if not rows.tables:
        yield "[rows] needs at least one [[rows.tables]]; crosstalk discover PLAN proposes some"
    yield from _of_url("rows.url", rows.url)
    names = [table.name for table in rows.tables]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"table {name} is described twice"
    for table in rows.tables:
        if table.url is not None:
            yield from _of_url(f"the url of table {table.name}", table.url)
        yield from _of_keys(table, rows.url_of(table))


def _of_url(where: str, url: str) -> Iterator[str]:
    if not re.match(r"(sqlite:///|(postgres(ql)?|mysql|mariadb|rediss?)://|env:|file:)", url):
        yield (
            f"{where} must begin with sqlite:///, postgresql://, mysql://, mariadb://, redis://, "
            "rediss://, env: or file:"
        )
    if hosts.holds_password(url):
        yield f"{where} holds a password; refer to it, for example url = 'env:DATABASE_URL'"


def _of_keys(table: Table, url: str) -> Iterator[str]:
    """Tables in Redis are described by patterns of keys, and other tables are not."""
    name, in_redis = table.name, re.match(r"rediss?://", url)
    if in_redis and not table.keys:
        yield f"table {name} lies in Redis and needs keys, for example ['session:{{owner}}:*']"
    if not table.keys:
        return
    if not in_redis and not url.startswith(("env:", "file:")):
        yield f"table {name} has keys, and its url is not of Redis; give it one of its own"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        yield f"table {name!r} has keys; its name is yours to choose, of letters and digits"
    for hole in sorted({hole for pattern in table.keys for hole in patterns.holes(pattern)}):
        if hole not in patterns.HOLES:
            yield (
                f"the keys of table {name} have the hole {{{hole}}}"
                f"{nearest(hole, patterns.HOLES)}; there are {{owner}}, {{conversation}} and "
                "{query}, and * for anything else"
            )
    if table.each_query is not None:
        yield (
            f"table {name} has keys, which expire and are thrown out: how many rows a query "
            "leaves there says nothing, so each_query must go"
        )
    finished = (table.finished.column,) if table.finished else ()
    ways = (table.owner, table.conversation, table.conversation_owner, table.query, table.time)
    for way in filter(None, (*ways, *table.text, *table.json, *finished)):
        if "->" in way:
            yield f"table {name} has keys, which are not joined; {way!r} must be a plain way"
