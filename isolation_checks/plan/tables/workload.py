"""Who is there, what they do, and what is done to bring faults out."""

from __future__ import annotations

from typing import Literal

import msgspec

from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Duration, Pause, Rates, Size


class Cast(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is there beside the ordinary users, in every driving process."""

    observers: int = 1
    twins: bool = True
    visitors: int = 2
    burst: int = 5
    """How many connect at once in a burst."""
    decoys: int = 1
    phantoms: int = 2
    """Whose documents are there, and who never connect; needs `workload.seeds`."""
    departed: int = 3
    """Who ask early in the run, log out and never come back."""
    tenants: int = 0
    """How many tenants the principals are spread over; 0: the platform knows none."""


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a document of a user's is put into the platform, and how one searches for it."""

    call: Call
    ask: str


class Workload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ordinary user does."""

    model: Literal["closed", "open", "partly open"] = "closed"
    """Who decides when the next query comes: the answer before it, or the clock."""
    rate: Rates | None = None
    """How many queries (or, partly open, visits) arrive each second."""
    arrivals: Literal["poisson", "constant", "burst"] = "poisson"
    burst: int = 10
    """How many arrive at once where they arrive in bursts."""
    ramp: Duration = Duration(0)
    """How long the rate takes from its least to its most."""
    pool: int = 50
    """How many sessions every process may open besides its users' to keep up with arrivals."""
    concurrent: int = 2
    """Conversations that a user has open at once; 1 where answers do not say which query
    they answer."""
    turns: int = 3
    think: Pause = Pause("uniform", 0.2, 0.8)
    timeout: Duration = Duration(15)
    drain: Duration = Duration(3)
    """How long open queries may still finish after the stop."""
    words: int = 12
    """About how many words of chatter a question carries besides its canary."""
    seeds: tuple[Seed, ...] = ()
    """What phantoms put into the platform, for others' searches not to find."""
    longest: Size = Size(0)
    """How long a question may be that is asked to mix it with short ones; 0: none is."""
    slow: tuple[str, ...] = ()
    """Texts that make the platform take long over a question that holds one of them."""
    failing: tuple[str, ...] = ()
    """Texts that make the platform fail to answer a question that holds one of them."""


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
    resume: Duration = Duration(1.5)
    """A connection lost in mid-answer, and its session taken up again; needs `dialect.resume`."""
    burst: Duration = Duration(5)
    """Several connects within the same moment."""
    tabs: Duration = Duration(2)
    """Two sessions of one principal, each in a conversation of its own."""
    read: Duration = Duration(0.5)
    """A read of a decoy's conversation; needs the dialect to say how one reads."""
    cancel: Duration = Duration(0.4)
    """Queries cancelled in mid-answer, and others' behind them; needs `dialect.cancel`."""
    fail: Duration = Duration(0.5)
    """Queries that must fail, among others that must not; needs `workload.failing`."""
    alike: Duration = Duration(0.5)
    """Questions that begin alike, of principals whose names do."""
    search: Duration = Duration(0.5)
    """A search for a phantom's document; needs `workload.seeds`."""
    refresh: Duration = Duration(1)
    """Two tokens refreshed at once, and used; needs `auth.refresh`."""
    same_id: Duration = Duration(0.5)
    """Queries of two principals with one id at once; needs `{query}` in `dialect.ask`."""
    expire: Duration = Duration(10)
    """A token that runs out in mid-session; needs tokens of our making, or `probes.key`."""
    logout: Duration = Duration(10)
    """A logout in mid-answer; needs `auth.logout`."""
    storm: Duration = Duration(60)
    """All users' connections dropped at once, and all of them back at once."""
    relay: Duration = Duration(1.5)
    """Two who come by turns, each when the other has been answered and has gone."""
    sizes: Duration = Duration(2)
    """A long question, and one of one word behind it; needs `workload.longest`."""
    slow_reader: Duration = Duration(10)
    """A session that is not read for a while, and whose answers wait at the platform; needs
    `workload.longest`."""
    slow: Duration = Duration(2)
    """What takes the platform long, and others meanwhile; needs `workload.slow`."""
    give_up: Duration = Duration(1.5)
    """An answer that nobody waits for any more, and another question at once."""
    depart: Duration = Duration(1)
    """One of the departed comes, asks, logs out and goes for good; each once."""
    churn: Duration = Duration(0.3)
    """One principal that connects and leaves, again and again."""
    restart: Duration = Duration(6)
    """One of the platform's processes ended (by one driving process); needs `target.restart`."""
    recall: Duration = Duration(0)
    """Something told in one session and asked for in a new one; needs a table that
    `remembers`, and `sharing` of memories by user.  Whoever asks for it promises that what a
    user told last is in the answer: many a memory gives back what looks alike, and no more."""
