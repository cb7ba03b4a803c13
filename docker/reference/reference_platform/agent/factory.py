"""Makes an agent for each run."""

from __future__ import annotations

import copy

from reference_platform.agent.agent import BLANK, Agent
from reference_platform.agent.cache import AnswerCache
from reference_platform.agent.dispatcher import ToolDispatcher
from reference_platform.agent.memory import Memory
from reference_platform.agent.model import Model
from reference_platform.agent.run import Run
from reference_platform.agent.tools import Toolbox
from reference_platform.faults import Faults

_USES = 6  # a pooled agent retires after so many runs
_WARM_UP_S = 0.04


class AgentFactory:
    """Agents with access to one model, one toolbox, one memory and one cache."""

    def __init__(
        self, model: Model, toolbox: Toolbox, memory: Memory, cache: AnswerCache, faults: Faults
    ) -> None:
        """Make agents with access to these."""
        self._model = model
        self._parts = (model, toolbox, memory, cache)
        self._faults = faults
        self._dispatcher = ToolDispatcher()
        self._template = copy.deepcopy(BLANK)
        self._singleton = self._new()
        self._idle: list[Agent] = []
        self._uses: dict[Agent, int] = {}
        self._configured_for: Run | None = None

    async def create(self, run: Run) -> Agent:
        """An agent that has taken this run.

        Fault singleton_agent: the one that everybody gets.  Fault unreset_agent: one that has
        answered before, as it is.  Fault configured_factory: it takes the run that the factory
        is configured for when it is made.
        """
        if self._faults.strikes("configured_factory"):
            self._configured_for = run
            await self._model.think(_WARM_UP_S)
            run = self._configured_for
        if self._faults.strikes("singleton_agent"):
            agent = self._singleton
            agent.reset()
        elif self._faults.strikes("unreset_agent"):
            agent = self._idle.pop() if self._idle else self._new()
            self._uses[agent] = self._uses.get(agent, 0) + 1
        else:
            agent = self._new()
        agent.take(run)
        return agent

    def release(self, agent: Agent) -> None:
        """An agent's run is over.  A pooled one waits for the next."""
        uses = self._uses.get(agent)
        if uses is None:
            return
        if uses < _USES:
            self._idle.append(agent)
        else:
            del self._uses[agent]

    def _new(self) -> Agent:
        """A new agent.

        Fault shared_tool_dispatcher: its tools run by the dispatcher of all.  Fault
        shallow_state: the lists of its context are the template's own.
        """
        shared = self._faults.strikes("shared_tool_dispatcher")
        shallow = self._faults.strikes("shallow_state")
        return Agent(
            *self._parts,
            dispatcher=self._dispatcher if shared else ToolDispatcher(),
            context=copy.copy(self._template) if shallow else copy.deepcopy(BLANK),
        )
