"""What a plan may say: one frozen struct per table of the TOML file, with its defaults.

It holds no file and looks at no environment; `plan.read` does that.  Every key
stands in `docs/plan.md` under its own heading.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from isolation_checks.plan.units import Duration, Limit, Secret, Size, Span

Template = dict[str, Any]
"""A TOML table that becomes a JSON message; `{name}` in its strings is filled in."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the platform is."""

    websocket: str
    """May have holes, as in `ws://127.0.0.1:8000/ws/{subject}`."""
    http: str | None = None
    auth: str | None = None
    """Base of the auth service, when it is not `http`."""
    allow_hosts: tuple[str, ...] = ()
    frame_limit: Size = Size(5_000_000)
    """The longest message that is taken from the platform."""
    connect_timeout: Duration = Duration(10)
    insecure_tls: bool = False
    """Take any certificate: for a staging platform with one of its own making."""


class Carry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the token travels to the WebSocket: any of four ways, all that are given at once."""

    headers: dict[str, str] = msgspec.field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    query: dict[str, str] = msgspec.field(default_factory=dict)
    message: Template | None = None
    """The first message of a session."""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request of the platform's; what is sent goes as JSON, or else as a form."""

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    send: Template | None = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where principals and their tokens come from."""

    source: Literal["login", "mint", "file"]
    carry: Carry = msgspec.field(default_factory=Carry)
    secrets: dict[str, Secret] = msgspec.field(default_factory=dict)
    """Words for templates whose values are secret: `{api_key}`."""
    # login
    register: Call | None = None
    login: Call | None = None
    refresh: Call | None = None
    logout: Call | None = None
    remove: Call | None = None
    """Removes an account: what `crosstalk cleanup` calls."""
    access: tuple[str, ...] = ("access_token", "token")
    refresh_token: tuple[str, ...] = ("refresh_token",)
    user: tuple[str, ...] = ()
    """Where a login's answer says what the platform calls the user, when that is not the
    token's `sub`."""
    pace: float = 20.0
    """Accounts set up per second at most, for every process."""
    # mint
    secret: Secret | None = None
    algorithm: str = "HS256"
    lifetime: Duration = Duration(900)
    claims: dict[str, Any] = msgspec.field(default_factory=dict)
    subject: str = "{principal}-{run}"
    # file
    path: str | None = None
    """One token a line, and behind it, where it is opaque, what the platform calls its user."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be answered, and with what: `{frame.PLACE}` is taken from the received frame."""

    when: str
    send: Template


class Alive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps a session alive."""

    every: Duration
    send: Template


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which places of a frame things are found: dotted paths, the first hit wins.

    `*` stands for every member; the texts found so are joined.
    """

    type: tuple[str, ...] = ("type", "event")
    query: tuple[str, ...] = ("request_id", "payload.request_id", "data.request_id")
    run: tuple[str, ...] = ("run_id", "payload.run_id", "data.run_id")
    conversation: tuple[str, ...] = ("thread_id", "payload.thread_id", "data.thread_id")
    user: tuple[str, ...] = (
        "user_id",
        "payload.user_id",
        "data.user_id",
        "user_context.user_id",
    )
    sequence: tuple[str, ...] = ("seq", "sequence")
    text: tuple[str, ...] = ("payload.content", "payload.message", "data.content", "content")
    delta: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    """Places of credentials, which are kept out of the run."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event is called that does not say it in one word: by what it holds."""

    name: str
    has: str
    """A place: the event is of this kind when anything stands there."""
    equals: str | None = None
    """… or rather, when this does."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the platform speaks, as data; or `class`, a Python class with the same methods."""

    extends: str | None = None
    """The preset that this one changes; laid under it when the plan is read."""
    names: dict[str, str] = msgspec.field(default_factory=dict)
    """Words of the plan's own that its templates may use: `{environment}`."""
    class_: str | None = msgspec.field(default=None, name="class")
    ask: Template = msgspec.field(default_factory=dict)
    ask_next: Template | None = None
    """For the second and later queries of a conversation, when they differ."""
    conversations: Literal["ours", "theirs", "none"] = "theirs"
    """Who names a conversation: we, in the query; the platform, in its answer; nobody."""
    where: Where = msgspec.field(default_factory=Where)
    kinds: tuple[Kind, ...] = ()
    """Looked at before `where.type`; the first that fits names the event."""
    opens: tuple[str, ...] = ()
    """Events after all of which a session may be used; none: the upgrade suffices."""
    refuses: tuple[str, ...] = ()
    """Events by which the platform turns a session away."""
    first: tuple[str, ...] = ()
    """Events that count as the first sign of an answer; none: any of the query's."""
    ends: dict[str, Literal["ok", "fail", "info"]] = msgspec.field(default_factory=dict)
    protocol: tuple[str, ...] = ()
    """The events that every answered query shows, in this order; none: not asked."""
    repeats: tuple[str, ...] = ()
    """Those of `protocol` that may come several times."""
    answers: tuple[Reply, ...] = ()
    alive: Alive | None = None
    renew: Template | None = None
    """What hands a fresh token to an open session, before the old one runs out."""
    send_limit: Size | None = None
    """The longest message that the platform takes."""
    read_conversation: tuple[Template, ...] = ()
    """WebSocket messages that ask for a conversation's history."""
    read_conversation_http: tuple[Call, ...] = ()
    """HTTP requests that do."""


class Cast(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is there beside the ordinary users, in every driving process."""

    observers: int = 1
    twins: bool = True
    visitors: int = 2
    burst: int = 5
    """How many connect at once in a burst."""
    decoys: int = 1
    tenants: int = 0
    """How many tenants the principals are spread over; 0: the platform knows none."""


class Workload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ordinary user does."""

    concurrent: int = 2
    """Conversations that a user has open at once; 1 where answers do not say which query
    they answer."""
    turns: int = 3
    think: Span = Span(0.2, 0.8)
    timeout: Duration = Duration(15)
    drain: Duration = Duration(3)
    """How long open queries may still finish after the stop."""
    words: int = 12
    """About how many words of chatter a question carries besides its canary."""


class Provocations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the driver does to bring faults out, and how often (in every process); `0s`: never."""

    twins: Duration = Duration(1.5)
    """Two principals ask word for word the same."""
    connect: Duration = Duration(0.5)
    """A connect during another's answer."""
    abandon: Duration = Duration(1)
    """A session dropped in mid-answer, and another's query at once behind it."""
    reconnect: Duration = Duration(1.5)
    """A session dropped in mid-answer, and its own principal back at once."""
    burst: Duration = Duration(5)
    """Several connects within the same moment."""
    tabs: Duration = Duration(2)
    """Two sessions of one principal, each in a conversation of its own."""
    read: Duration = Duration(2)
    """A read of a decoy's conversation; needs the dialect to say how one reads."""


class Allow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that may flow: within which scope, on which channels."""

    scope: Literal["conversation", "user", "tenant", "everyone"]
    channels: tuple[Literal["frame", "http", "row"], ...] = ("frame", "http", "row")


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on an indicator: at a quantile, for every sample, or of a share."""

    indicator: Literal["completion", "first_event", "connect", "error_share"]
    limit: Limit
    quantile: float | None = None
    every: bool = False
    agreement: str | None = None
    """The promise that this quotes; the report then says "SLA breach"."""


class Finished(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which values of a column say that a row's operation is over."""

    column: str
    values: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the platform's.

    A *way* is a column, optionally with a path into its JSON after a dot, reached
    over joins that are written with arrows:
    `thread_id -> threads.id -> metadata_.user_id`.
    """

    name: str
    key: str = "id"
    owner: str | None = None
    conversation: str | None = None
    conversation_owner: str | None = None
    query: str | None = None
    text: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    time: str | None = None
    time_is: Literal["timestamp", "epoch", "iso"] = "timestamp"
    each_query: int | None = None
    """How many rows every query that was answered must have left here."""
    finished: Finished | None = None


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the platform's own rows are read."""

    url: str
    """`sqlite:///PATH`, `postgresql://…` without a password, or a reference to a whole URL."""
    tables: tuple[Table, ...]
    owner_is: Literal["subject", "email"] = "subject"
    settle: Duration = Duration(2)
    settle_limit: Duration = Duration(20)
    limit: int = 2_000_000
    """Rows read of one table at most; what was left is said."""
    placeholders: tuple[str, ...] = ("system", "placeholder", "unknown", "anonymous", "default")


class Isolation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure a PASS must be."""

    bound: float = 0.01


class Lag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How late the generator itself may be before its latencies are not trusted."""

    limit: Duration = Duration(0.25)
    share: float = 0.05


DEFAULT_OBJECTIVES = (
    Objective(indicator="completion", quantile=0.95, limit=Limit.of(5, is_duration=True)),
    Objective(indicator="first_event", quantile=0.95, limit=Limit.of(5, is_duration=True)),
    Objective(indicator="connect", every=True, limit=Limit.of(2, is_duration=True)),
    Objective(indicator="error_share", limit=Limit.of(0.01, is_duration=False)),
)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One whole plan."""

    target: Target
    auth: Auth
    dialect: Dialect
    cast: Cast = msgspec.field(default_factory=Cast)
    workload: Workload = msgspec.field(default_factory=Workload)
    provocations: Provocations = msgspec.field(default_factory=Provocations)
    sharing: tuple[Allow, ...] = (Allow(scope="user"),)
    objectives: tuple[Objective, ...] = DEFAULT_OBJECTIVES
    isolation: Isolation = msgspec.field(default_factory=Isolation)
    lag: Lag = msgspec.field(default_factory=Lag)
    rows: Rows | None = None
    required: tuple[Literal["evidence", "isolation", "objectives"], ...] = (
        "evidence",
        "isolation",
        "objectives",
    )
    seed: int | None = None
