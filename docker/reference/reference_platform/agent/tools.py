"""The agent's tools: an order store per user, documents per tenant, a calculator in threads."""

from __future__ import annotations

import asyncio
import contextvars
import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from reference_platform.agent.model import shorten
from reference_platform.nouns import PlatformError, Principal
from reference_platform.storage.belongings import Belongings

_ORDERS_SHOWN = 3
_DOCUMENTS_SHOWN = 2
_SNIPPET_CHARACTERS = 240
_CALCULATOR_THREADS = 4

_ORDER = re.compile(r"\border", re.IGNORECASE)
_DOCUMENT = re.compile(r"\b(?:document|search)", re.IGNORECASE)
_WORD = re.compile(r"\w{4,}")
_DIVISION_BY_ZERO = re.compile(r"\d\s*/\s*0(?![.\w])|\bdivid\w*\s.{0,40}\bby zero\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w-])\d{1,9}(?![\w-])")

Arguments = dict[str, Any]


class Tool(Protocol):
    """Something an agent can use on a user's behalf."""

    name: str

    def plan(self, question: str) -> Arguments:
        """The arguments that this question calls for."""
        ...

    async def use(self, principal: Principal, arguments: Arguments) -> dict[str, Any]:
        """Do it.  Raises PlatformError."""
        ...


class OrderLookup:
    """Finds the user's own orders: those whose code is mentioned, else the latest."""

    name = "order_lookup"

    def __init__(self, belongings: Belongings) -> None:
        """Look in this store."""
        self._belongings = belongings

    def plan(self, question: str) -> Arguments:
        """Look for what the question mentions."""
        return {"query": shorten(question, 200)}

    async def use(self, principal: Principal, arguments: Arguments) -> dict[str, Any]:
        """Read the user's orders and pick."""
        query = arguments["query"].casefold()
        orders = await self._belongings.orders(principal)
        named = [order for order in orders if order["code"].casefold() in query]
        shown = (named or orders)[:_ORDERS_SHOWN]
        return {"orders": [{k: order[k] for k in ("code", "description")} for order in shown]}


class DocumentSearch:
    """Finds documents of the user's tenant that share words with the question."""

    name = "document_search"

    def __init__(self, belongings: Belongings) -> None:
        """Look in this store."""
        self._belongings = belongings

    def plan(self, question: str) -> Arguments:
        """Search for the question itself."""
        return {"query": shorten(question, 200)}

    async def use(self, principal: Principal, arguments: Arguments) -> dict[str, Any]:
        """Rank the tenant's documents by shared words; none shared, none shown."""
        wanted = set(_WORD.findall(arguments["query"].casefold()))
        ranked: list[tuple[int, dict[str, str]]] = []
        for row in await self._belongings.searchable(principal):
            text = f"{row['title']} {row['content']}".casefold()
            shared = len(wanted.intersection(_WORD.findall(text)))
            if shared:
                snippet = shorten(row["content"], _SNIPPET_CHARACTERS)
                ranked.append((shared, {"title": row["title"], "snippet": snippet}))
        ranked.sort(key=lambda hit: -hit[0])
        return {"documents": [document for _, document in ranked[:_DOCUMENTS_SHOWN]]}


class Calculator:
    """Works on a number of the question, in a thread pool, in the caller's context."""

    name = "calculator"

    def __init__(self) -> None:
        """Start no thread before the first use."""
        self._threads = ThreadPoolExecutor(_CALCULATOR_THREADS, thread_name_prefix="calculator")

    def plan(self, question: str) -> Arguments:
        """Take the question's first number that stands alone, else its length."""
        if _DIVISION_BY_ZERO.search(question):
            return {"expression": "1 / 0"}
        number = _NUMBER.search(question)
        return {"expression": f"isqrt({number[0] if number else len(question)})"}

    async def use(self, principal: Principal, arguments: Arguments) -> dict[str, Any]:
        """Compute off the event loop.  Raises PlatformError for what has no result."""
        del principal
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        value = await loop.run_in_executor(
            self._threads, context.run, _compute, arguments["expression"]
        )
        return {"value": value}

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _compute(expression: str) -> int:
    number = re.fullmatch(r"isqrt\((\d+)\)", expression)
    if number is None:
        raise PlatformError("tool_failed", f"the calculator cannot do {expression}")
    return math.isqrt(int(number[1]))


class Toolbox:
    """All tools, and which of them a question calls for."""

    def __init__(self, belongings: Belongings) -> None:
        """Tools over this store."""
        self._calculator = Calculator()
        tools: tuple[Tool, ...] = (
            OrderLookup(belongings),
            DocumentSearch(belongings),
            self._calculator,
        )
        self._tools: Mapping[str, Tool] = {tool.name: tool for tool in tools}

    def choose(self, question: str) -> list[Tool]:
        """At least one tool for every question."""
        names = []
        if _ORDER.search(question):
            names.append(OrderLookup.name)
        if _DOCUMENT.search(question):
            names.append(DocumentSearch.name)
        return [self._tools[name] for name in names or [Calculator.name]]

    def close(self) -> None:
        """Stop what runs in the background."""
        self._calculator.close()
