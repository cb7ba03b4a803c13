"""An agent: takes one question through thinking, tools and an answer, telling as it goes.

It keeps the run, the question and what it has found so far in fields of its own, as agents
do; so an agent is made for one run and thrown away.
"""

from __future__ import annotations

import asyncio
from typing import Any

from reference_platform.agent.cache import AnswerCache
from reference_platform.agent.dispatcher import Emit, ToolDispatcher
from reference_platform.agent.memory import Memory
from reference_platform.agent.model import Model, Pace, shorten
from reference_platform.agent.run import Answer, Run, Step
from reference_platform.agent.tools import Toolbox
from reference_platform.nouns import Principal

NAME = "assistant"
_THOUGHT_CHARACTERS = 400

Context = dict[str, list[Any]]
BLANK: Context = {"asked": [], "steps": []}  # what an agent's context starts from

_CANNED = "I have looked into this for you and everything is in order."


class Agent:
    """Answers the question that it was given last."""

    run: Run
    principal: Principal
    question: str
    earlier: str | None

    def __init__(
        self,
        model: Model,
        toolbox: Toolbox,
        memory: Memory,
        cache: AnswerCache,
        *,
        dispatcher: ToolDispatcher,
        context: Context,
    ) -> None:
        """An idle agent with access to these."""
        self._model = model
        self._toolbox = toolbox
        self._memory = memory
        self._cache = cache
        self._dispatcher = dispatcher
        self.context = context
        self.draft = ""

    @property
    def steps(self) -> list[Step]:
        """The tools used so far."""
        return self.context["steps"]

    def reset(self) -> None:
        """Forget the answer before."""
        self.draft = ""

    def take(self, run: Run) -> None:
        """Turn to a run's question."""
        self.run = run
        self.principal = run.principal
        self.question = run.question
        self.earlier = None
        self.context["asked"][:] = [run.question]
        self.steps.clear()

    def unfinished(self) -> Answer:
        """The answer as far as it has come."""
        opening = f"You asked: {self.question}"
        written = "\n".join([opening, *(_report(step) for step in self.steps)])
        return Answer(content=self.draft or written, steps=tuple(self.steps))

    async def answer(self, emit: Emit) -> Answer:
        """Answer the run's question, emitting every event but the last.  Raises PlatformError."""
        run = self.run
        self._dispatcher.bridge = emit
        with self._model.answering() as overloaded:
            pace = self._model.pace(self.question)
            emit("agent_started", {"agent": NAME})
            if overloaded:
                return self._make_do(emit)
            await self._model.think(pace.thinking_s)
            thought = shorten(self.question, _THOUGHT_CHARACTERS)
            emit("agent_thinking", {"content": f"I am asked: {thought}"})
            async with self._model.lane():
                return await self._work(run, pace, emit)

    async def _work(self, run: Run, pace: Pace, emit: Emit) -> Answer:
        told = self._memory.told(self.question)
        if told is not None:
            await self._memory.remember(self.principal, run, told)
        self.earlier = await self._memory.earlier(self.principal, run)
        key = await self._cache_key(run) if told is None else None
        known = await self._cache.get(key) if key is not None else None
        if known is not None:
            self._repeat(known, emit)
        else:
            await self._model.think(pace.planning_s + pace.stall_s)
            await self._use_tools(pace)
            await self._compose(run, told)
            if key is not None:
                await self._cache.put(key, Answer(content=self.draft, steps=tuple(self.steps)))
        if self.earlier is not None:
            self.draft += f" Earlier you said: {self.earlier}"
        await self._stream(pace, emit, hurry=known is not None)
        return Answer(content=self.draft, steps=tuple(self.steps))

    def _make_do(self, emit: Emit) -> Answer:
        """Give the answer that is kept for when the model cannot."""
        emit("agent_thinking", {"content": "I am looking into it"})
        tool = self._toolbox.choose("")[0].name
        emit("tool_executing", {"tool": tool, "arguments": {}})
        emit("tool_completed", {"tool": tool, "result": {"value": "done"}})
        emit("agent_delta", {"delta": _CANNED})
        step = Step(tool=tool, arguments={}, result={"value": "done"})
        return Answer(content=_CANNED, steps=(step,))

    async def _cache_key(self, run: Run) -> str:
        """Where the answer would be cached: what is known now is part of the question."""
        version = await self._memory.version(self.principal)
        return self._cache.key(self.principal, run.thread_id, version, self.question)

    def _repeat(self, known: Answer, emit: Emit) -> None:
        """Give an answer from the cache, with the tool calls that led to it."""
        self.draft += known.content
        for step in known.steps:
            emit("tool_executing", {"tool": step.tool, "arguments": step.arguments})
            emit("tool_completed", {"tool": step.tool, "result": step.result})
            self.steps.append(step)

    async def _use_tools(self, pace: Pace) -> None:
        tools = self._toolbox.choose(self.question)
        for tool in tools:
            arguments = tool.plan(self.question)
            step = await self._dispatcher.use(
                tool, self.principal, arguments, pace.tool_s / len(tools)
            )
            self.steps.append(step)

    async def _compose(self, run: Run, told: str | None) -> None:
        """Phrase the answer from the question, the memories and what the tools returned."""
        sentences = [f"You asked: {self.context['asked'][-1]}"]
        if told is not None:
            sentences.append(f"I will remember: {told}")
        elif self._memory.asked(self.question):
            memories = await self._memory.recall(self.principal, run)
            quoted = "; ".join(memories) or "nothing yet"
            sentences.append(f"You told me to remember: {quoted}")
        sentences += [_report(step) for step in self.steps]
        self.draft += "\n".join(sentences)

    async def _stream(self, pace: Pace, emit: Emit, *, hurry: bool) -> None:
        """Tell the answer piece by piece, as a model produces it."""
        stream = self._model.stream(self.draft, len(pace.piece_s))
        pause_s = sum(pace.piece_s) / max(len(stream.parts), 1)
        for part in stream.parts:
            await asyncio.sleep(0 if hurry else pause_s)
            emit("agent_delta", {"delta": stream.buffer.text[part]})


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
