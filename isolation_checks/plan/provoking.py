"""What each provocation needs of a plan, and whether the plan gives it.

The driver asks it what to do and the judge what was never done; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from isolation_checks.plan.holes import asks
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.workload import Provocations


def _readable(plan: Plan) -> bool:
    dialect = plan.dialect
    over_http = bool(dialect.read_conversation_http) and plan.target.http is not None
    return dialect.class_ is not None or bool(dialect.read_conversation) or over_http


def _remembers(plan: Plan) -> bool:
    """Whether the platform keeps what a user tells it, and may repeat it elsewhere."""
    kept = plan.rows is not None and any(table.remembers for table in plan.rows.tables)
    return kept and any(
        allowed.scope != "conversation"
        and "frame" in allowed.channels
        and (not allowed.places or "memory" in allowed.places)
        for allowed in plan.sharing
    )


NEEDS: Mapping[str, tuple[str, Callable[[Plan], bool]]] = {
    "twins": ("cast.twins", lambda plan: plan.cast.twins),
    "connect": ("cast.visitors", lambda plan: plan.cast.visitors > 0),
    "burst": ("cast.burst", lambda plan: plan.cast.burst > 0),
    "read": (
        "cast.decoys, and dialect.read_conversation or dialect.read_conversation_http",
        lambda plan: plan.cast.decoys > 0 and _readable(plan),
    ),
    "cancel": ("dialect.cancel", lambda plan: plan.dialect.cancel is not None),
    "resume": ("dialect.resume", lambda plan: plan.dialect.resume is not None),
    "search": (
        "workload.seeds, cast.phantoms and target.http",
        lambda plan: (
            bool(plan.workload.seeds) and plan.cast.phantoms > 0 and plan.target.http is not None
        ),
    ),
    "refresh": (
        "auth.refresh",
        lambda plan: plan.auth.source == "login" and plan.auth.refresh is not None,
    ),
    "same_id": (
        "id of ours in dialect.ask that its answers repeat",
        lambda plan: (
            plan.dialect.class_ is None
            and asks(plan.dialect, "query")
            and bool(plan.dialect.where.ids("query"))
        ),
    ),
    "restart": ("target.restart", lambda plan: bool(plan.target.restart)),
    "recall": ("rows.tables.remembers and sharing of memories by user", _remembers),
    "expire": (
        "auth.source = 'mint', or probes.key",
        lambda plan: plan.auth.source == "mint" or plan.probes.key is not None,
    ),
    "logout": (
        "auth.logout, with auth.source = 'login'",
        lambda plan: plan.auth.source == "login" and plan.auth.logout is not None,
    ),
    "sizes": ("workload.longest", lambda plan: int(plan.workload.longest) > 0),
    "slow_reader": ("workload.longest", lambda plan: int(plan.workload.longest) > 0),
    "slow": ("workload.slow", lambda plan: bool(plan.workload.slow)),
    "give_up": (
        "workload.concurrent above 1, so that answers can be told apart",
        lambda plan: plan.workload.concurrent > 1,
    ),
    "depart": ("cast.departed", lambda plan: plan.cast.departed > 0),
    "fail": ("workload.failing", lambda plan: bool(plan.workload.failing)),
}
"""What a provocation needs besides its rate: the keys, and whether a plan has them."""


def every(plan: Plan, name: str) -> float:
    """How many seconds lie between two of its acts; 0: the plan does not ask for it."""
    _, given = NEEDS.get(name, ("", lambda _: True))
    return float(getattr(plan.provocations, name)) if given(plan) else 0.0


def not_asked(plan: Plan) -> Iterator[str]:
    """Why each provocation that is off is off."""
    for field in msgspec.structs.fields(Provocations):
        name = field.encode_name
        if not float(getattr(plan.provocations, name)):
            yield f"{name}: never, by the plan"
        elif not every(plan, name):
            yield f"{name}: the plan has no {NEEDS[name][0]}"


def never_came(plan: Plan, done: Collection[str]) -> Iterator[str]:
    """The provocations that a plan asks for and of which none was made."""
    for field in msgspec.structs.fields(Provocations):
        name = field.encode_name
        if every(plan, name) and name not in done:
            yield name


def in_vain(plan: Plan, named: Collection[str]) -> Iterator[str]:
    """What is wrong where a plan asks, by their names, for provocations that it cannot have."""
    for name in named:
        if float(getattr(plan.provocations, name)) and not every(plan, name):
            yield (
                f"provocations.{name} needs {NEEDS[name][0]}, which the plan has not; "
                f"leave it out, or say {name} = '0s'"
            )
