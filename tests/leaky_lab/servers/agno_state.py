"""One agno agent for everybody, which is given each user's state with each run, as agno teaches.

CVE-2025-64168: agno before 2.2.2 keeps the functions that a model may call on the agent, and a
run writes its session state on them.  While its model thinks, another run writes its own there;
the tool that is called then sees that one's state.
bad: agno 2.2.1 · fixed: 2.2.2, where each run has functions of its own.  The code is the same.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from agno.agent import Agent
from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
MODEL_SECONDS = 0.02


@dataclass
class StandIn(Model):
    """In a model's place, without a network: it looks at its notes, and says what they are."""

    id: str = "stand-in"

    async def ainvoke(self, messages: list[Message], **_: Any) -> ModelResponse:
        """Call the tool, or answer with what it said."""
        await asyncio.sleep(MODEL_SECONDS)
        last = messages[-1]
        if last.role == "tool":
            return ModelResponse(role="assistant", content=f"Your notes: {last.content}")
        call = {"id": "1", "type": "function", "function": {"name": "notes", "arguments": "{}"}}
        return ModelResponse(role="assistant", tool_calls=[call])

    def invoke(self, **_: Any) -> ModelResponse:
        """Not used."""
        raise NotImplementedError

    def invoke_stream(self, **_: Any) -> Iterator[ModelResponse]:
        """Not used."""
        raise NotImplementedError

    def ainvoke_stream(self, **_: Any) -> AsyncIterator[ModelResponse]:
        """Not used."""
        raise NotImplementedError

    def _parse_provider_response(self, response: ModelResponse, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: ModelResponse) -> ModelResponse:
        return response


def notes(session_state: dict[str, Any]) -> str:
    """What this run's user noted."""
    return str(session_state["note"])


agent = Agent(model=StandIn(), tools=[notes], telemetry=False)


async def answer(turn: Turn) -> str:
    run = await agent.arun(
        turn.text,
        user_id=turn.user,
        session_id=turn.thread,
        session_state={"note": turn.text},
    )
    return f"As to {turn.text} {run.content}"


asyncio.run(LAB.serve(answer))
