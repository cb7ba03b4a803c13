"""The lab's pairs: which packages at which versions, and what each needs beside it.

What is wrong with each stands at the top of its server's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    needs: str | None = None
    """`redis` or `postgresql`, when it stands on one."""
    node: bool = False
    """Its packages are npm's."""
    more: tuple[str, ...] = ()
    """Other modes it can be started in."""

    @property
    def modes(self) -> tuple[str, ...]:
        """What it can be started as."""
        return ("bad", "fixed", *self.more)

    def packages(self, mode: str) -> tuple[str, ...]:
        """The packages of a mode."""
        own = self.bad if mode == "bad" or not self.fixed else self.fixed
        return own if self.node else (*WIRE, *own)


PAIRS: Mapping[str, Pair] = {
    pair.name: pair
    for pair in (
        Pair(
            name="redis_cancelled",
            bad=("redis==4.5.1",),
            fixed=("redis==4.5.5",),
            needs="redis",
        ),
        Pair(
            name="pool_unreset",
            bad=("psycopg[binary]==3.3.9", "psycopg-pool==3.3.3"),
            needs="postgresql",
            more=("misused",),
        ),
        Pair(name="method_cache", bad=("dogpile.cache==1.5.0",)),
        Pair(name="shared_cookies", bad=("httpx==0.28.1",)),
        Pair(name="lost_context", bad=("structlog==26.1.0",)),
        Pair(name="shared_memory", bad=("langchain-core==1.7.2",)),
        Pair(name="connection_manager", bad=("starlette==1.10.0", "uvicorn==0.54.0")),
        Pair(name="scoped_session", bad=("sqlalchemy==2.1.9",)),
        Pair(
            name="module_variable",
            bad=("ws@8.18.0", "pg@8.13.1"),
            needs="postgresql",
            node=True,
        ),
    )
}
