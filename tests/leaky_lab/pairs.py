"""The lab's pairs: which packages at which versions, and what each needs beside it.

What is wrong with each stands at the top of its server's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SHARED = "one agent object shared by overlapping runs"
LEFT = "state that another's run had left behind"
REPLIES = (
    "a reply left on a connection for whoever borrows it next",
    "what a run that broke off had left behind",
)
WIRE = ("websockets==17.4", "pyjwt==2.15.1")
"""What every Python server speaks the lab's wire with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One server, leaking and not."""

    name: str
    bad: tuple[str, ...]
    """The packages with which it leaks, besides those of the wire."""
    fixed: tuple[str, ...] = ()
    """The packages with which it does not; none: the same, used as they should be."""
    beside: tuple[str, ...] = ()
    """What both versions stand on."""
    needs: str | None = None
    """`redis` or `postgresql`, when it stands on one."""
    node: bool = False
    """Its packages are npm's."""
    wrong: str
    """What leaks, in a few words."""
    looks_like: tuple[str, ...]
    """The mechanisms that fit it, as far as they can be told apart from outside."""
    taken_for: tuple[str, ...] = ()
    """What it is wrongly taken for where a short drive shows too little of it."""
    more: tuple[str, ...] = ()
    """Other modes it can be started in."""

    @property
    def modes(self) -> tuple[str, ...]:
        """What it can be started as."""
        return ("bad", "fixed", *self.more)

    def packages(self, mode: str) -> tuple[str, ...]:
        """The packages of a mode."""
        own = self.bad if mode == "bad" or not self.fixed else self.fixed
        return (*(() if self.node else WIRE), *own, *self.beside)


PAIRS: Mapping[str, Pair] = {
    pair.name: pair
    for pair in (
        Pair(
            name="redis_cancelled",
            wrong="a cancelled command leaves its reply for the next borrower (CVE-2023-28859)",
            looks_like=REPLIES,
            taken_for=(LEFT,),
            bad=("redis==4.5.3",),
            fixed=("redis==4.5.5",),
            needs="redis",
        ),
        Pair(
            name="redis_pipeline",
            wrong="a cancelled pipeline leaves its replies for the next borrower (CVE-2023-28858)",
            looks_like=REPLIES,
            taken_for=(LEFT,),
            bad=("redis==4.5.1",),
            fixed=("redis==4.5.3",),
            needs="redis",
        ),
        Pair(
            name="agno_state",
            wrong="one agent's functions hold the state of whichever run came last "
            "(CVE-2025-64168)",
            looks_like=(SHARED,),
            bad=("agno==2.2.1",),
            fixed=("agno==2.2.2",),
        ),
        Pair(
            name="channels_handler",
            wrong="one handler for all requests keeps each one's scope and way back on itself "
            "(CVE-2020-35681)",
            looks_like=(SHARED,),
            bad=("channels==3.0.2",),
            fixed=("channels==3.0.3",),
            beside=(
                "daphne==3.0.2",
                "django==5.2.19",
                "httpx==0.28.1",
                "legacy-cgi==2.6.4; python_version >= '3.13'",
            ),
        ),
        Pair(
            name="vary_cookie",
            wrong="a session's cookie goes out without `Vary: Cookie`, and a shared cache hands it "
            "to others (CVE-2023-30861)",
            looks_like=(LEFT, SHARED),
            bad=("flask==2.2.4",),
            fixed=("flask==2.2.5",),
            beside=("werkzeug==2.2.3", "hishel[async]==1.1.10", "httpx==0.28.1"),
            more=("misused",),
        ),
        Pair(
            name="pool_unreset",
            wrong="a session variable under row-level security outlives its user on a pooled "
            "connection",
            looks_like=(LEFT, SHARED),
            bad=("psycopg[binary]==3.3.9", "psycopg-pool==3.3.3"),
            needs="postgresql",
            more=("misused",),
        ),
        Pair(
            name="method_cache",
            wrong="a cached method, whose key leaves `self` out, is given a user in `self`",
            looks_like=("a cache of answers without the user in its key",),
            bad=("dogpile.cache==1.5.0",),
        ),
        Pair(
            name="shared_cookies",
            wrong="one client for all has one jar of cookies",
            looks_like=(SHARED, LEFT),
            bad=("httpx==0.28.1",),
        ),
        Pair(
            name="lost_context",
            wrong="`run_in_executor` does not carry context variables into its thread",
            looks_like=(SHARED, LEFT),
            bad=("structlog==26.1.0",),
        ),
        Pair(
            name="shared_memory",
            wrong="one history of a conversation for everybody",
            looks_like=(LEFT, SHARED),
            bad=("langchain-core==1.7.2",),
        ),
        Pair(
            name="connection_manager",
            wrong="answers go out by `broadcast`",
            looks_like=("a targeted send became a send to all",),
            bad=("starlette==1.10.0", "uvicorn==0.54.0"),
        ),
        Pair(
            name="scoped_session",
            wrong="a scoped session is one for each thread, and asyncio runs all its tasks in one",
            looks_like=("a row written with the id of whoever came last",),
            bad=("sqlalchemy==2.1.9",),
        ),
        Pair(
            name="module_variable",
            wrong="the request is a variable of the module, read again behind an `await`",
            looks_like=(SHARED,),
            bad=("ws@8.18.0", "pg@8.13.1"),
            needs="postgresql",
            node=True,
        ),
    )
}
