"""Runs an agent's tools, and tells what they do over the bridge to the agent's client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from reference_platform.agent.run import Step
from reference_platform.agent.tools import Arguments, Tool
from reference_platform.nouns import Principal

Emit = Callable[[str, dict[str, Any]], None]


class ToolDispatcher:
    """Uses tools; their events go over the bridge that was set last."""

    bridge: Emit

    async def use(
        self, tool: Tool, principal: Principal, arguments: Arguments, takes_s: float
    ) -> Step:
        """Use a tool.  Raises PlatformError."""
        self.bridge("tool_executing", {"tool": tool.name, "arguments": arguments})
        result = await tool.use(principal, arguments)
        await asyncio.sleep(takes_s)
        self.bridge("tool_completed", {"tool": tool.name, "result": result})
        return Step(tool=tool.name, arguments=arguments, result=result)
