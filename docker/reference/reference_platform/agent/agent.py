"""An agent: takes one question through thinking, tools and an answer, telling as it goes.

It keeps the question, the asker and what it has found so far in fields of its own, as agents
do; so an agent is made for one run and thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from reference_platform.agent.cache import AnswerCache
from reference_platform.agent.memory import Memory
from reference_platform.agent.model import Model, Pace, shorten
from reference_platform.agent.run import Answer, Run, Step
from reference_platform.agent.tools import Toolbox
from reference_platform.nouns import Principal

NAME = "assistant"
_THOUGHT_CHARACTERS = 400

Emit = Callable[[str, dict[str, Any]], None]


class Agent:
    """Answers the question that it was given last."""

    principal: Principal
    question: str
    earlier: str | None
    steps: list[Step]
    draft: str

    def __init__(self, model: Model, toolbox: Toolbox, memory: Memory, cache: AnswerCache) -> None:
        """An idle agent with access to these."""
        self._model = model
        self._toolbox = toolbox
        self._memory = memory
        self._cache = cache

    def take(self, run: Run) -> None:
        """Turn to a run's question, forgetting the one before."""
        self.principal = run.principal
        self.question = run.question
        self.earlier = None
        self.steps = []
        self.draft = ""

    async def answer(self, run: Run, emit: Emit) -> Answer:
        """Answer a run's question, emitting every event but the last.  Raises PlatformError."""
        self.take(run)
        pace = self._model.pace()
        emit("agent_started", {"agent": NAME})
        await self._model.think(pace.thinking_s)
        thought = shorten(self.question, _THOUGHT_CHARACTERS)
        emit("agent_thinking", {"content": f"I am asked: {thought}"})

        told = self._memory.told(self.question)
        if told is not None:
            await self._memory.remember(self.principal, told)
        if not run.opens_thread:
            self.earlier = await self._memory.earlier(self.principal, run.thread_id, run.id)
        key = await self._cache_key(run) if told is None else None
        known = await self._cache.get(key) if key is not None else None
        if known is not None:
            self._repeat(known, emit)
        else:
            await self._model.think(pace.planning_s + pace.stall_s)
            await self._use_tools(pace, emit)
            await self._compose(told)
            if key is not None:
                await self._cache.put(key, Answer(content=self.draft, steps=tuple(self.steps)))
        if self.earlier is not None:
            self.draft += f" Earlier you said: {self.earlier}"
        await self._stream(pace, emit, hurry=known is not None)
        return Answer(content=self.draft, steps=tuple(self.steps))

    async def _cache_key(self, run: Run) -> str:
        """Where the answer would be cached: what is known now is part of the question."""
        version = await self._memory.version(self.principal)
        return self._cache.key(self.principal.user_id, run.thread_id, version, self.question)

    def _repeat(self, known: Answer, emit: Emit) -> None:
        """Give an answer from the cache, with the tool calls that led to it."""
        self.draft = known.content
        for step in known.steps:
            emit("tool_executing", {"tool": step.tool, "arguments": step.arguments})
            emit("tool_completed", {"tool": step.tool, "result": step.result})
            self.steps.append(step)

    async def _use_tools(self, pace: Pace, emit: Emit) -> None:
        tools = self._toolbox.choose(self.question)
        for tool in tools:
            arguments = tool.plan(self.question)
            emit("tool_executing", {"tool": tool.name, "arguments": arguments})
            result = await tool.use(self.principal, arguments)
            await asyncio.sleep(pace.tool_s / len(tools))
            emit("tool_completed", {"tool": tool.name, "result": result})
            self.steps.append(Step(tool=tool.name, arguments=arguments, result=result))

    async def _compose(self, told: str | None) -> None:
        """Phrase the answer from the question, the memories and what the tools returned."""
        sentences = [f"You asked: {self.question}"]
        if told is not None:
            sentences.append(f"I will remember: {told}")
        elif self._memory.asked(self.question):
            memories = await self._memory.recall(self.principal)
            quoted = "; ".join(memories) or "nothing yet"
            sentences.append(f"You told me to remember: {quoted}")
        sentences += [_report(step) for step in self.steps]
        self.draft = "\n".join(sentences)

    async def _stream(self, pace: Pace, emit: Emit, *, hurry: bool) -> None:
        """Tell the answer piece by piece, as a model produces it."""
        for part in self._model.pieces(len(self.draft), len(pace.piece_s)):
            await asyncio.sleep(0 if hurry else pace.piece_s[0])
            emit("agent_delta", {"delta": self.draft[part]})


def _report(step: Step) -> str:
    """One sentence on what a tool returned."""
    match step.result:
        case {"orders": orders}:
            found = "; ".join(f"{o['code']} ({o['description']})" for o in orders)
            return f"Your orders: {found or 'none'}."
        case {"documents": documents}:
            found = "; ".join(f"{d['title']}: {d['snippet']}" for d in documents)
            return f"Documents: {found or 'none'}."
        case result:
            return f"The {step.tool} says {result.get('value')}."
