"""Puts one worker of the platform together, and takes it apart again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import BaseRoute, WebSocketRoute

from reference_platform.agent.cache import AnswerCache, MemoryStore
from reference_platform.agent.memory import Memory
from reference_platform.agent.model import Model
from reference_platform.agent.runs import AgentFactory, Runs
from reference_platform.agent.tools import Toolbox
from reference_platform.auth.accounts import Accounts
from reference_platform.auth.routes import AuthRoutes
from reference_platform.bus import Body, Bus, LocalBus
from reference_platform.faults import Faults
from reference_platform.nouns import PlatformError, Principal
from reference_platform.rest import RestRoutes
from reference_platform.settings import Settings
from reference_platform.sockets.endpoint import SocketEndpoint
from reference_platform.sockets.resume import Resume
from reference_platform.sockets.sessions import Hub
from reference_platform.storage.belongings import Belongings
from reference_platform.storage.conversations import Conversations
from reference_platform.storage.database import open_database
from reference_platform.storage.recorder import Recorder
from reference_platform.web import refuse

_SWEEP_S = 5.0


class Worker:
    """One worker: its parts, wired."""

    def __init__(self, settings: Settings, number: int = 0) -> None:
        """Wire the parts; nothing is opened yet."""
        seed = f"{settings.seed}/{number}"
        self.settings = settings
        self.database = open_database(settings.database_url)
        self.bus: Bus = LocalBus()
        self.faults = Faults(settings.faults, seed)
        self.accounts = Accounts(self.database, settings, self.bus)
        self.hub = Hub(self.faults, settings.resume_window_s)
        self.belongings = Belongings(self.database)
        self.conversations = Conversations(self.database, self.faults)
        self.recorder = Recorder(self.database, self.faults)
        self.toolbox = Toolbox(self.belongings)
        self.runs = Runs(
            hub=self.hub,
            agents=AgentFactory(
                Model(settings.latency, self.faults, seed),
                self.toolbox,
                Memory(self.database, self.belongings),
                AnswerCache(MemoryStore(), self.faults),
                self.faults,
            ),
            recorder=self.recorder,
            faults=self.faults,
            limit_s=settings.agent_limit_s,
            per_user=settings.queries_per_user,
        )
        self.bus.subscribe("revoked", self._hear_revoked)

    def application(self) -> Starlette:
        """The ASGI application of the chosen services."""
        routes: list[BaseRoute] = []
        authenticate = self.accounts.authenticate
        if self.settings.service != "backend":
            routes += AuthRoutes(self.accounts, self.settings.secrets.service_secret).routes()
        if self.settings.service != "auth":
            rest = RestRoutes(
                authenticate, self.conversations, self.belongings, self._forget_user
            )
            sockets = SocketEndpoint(
                hub=self.hub,
                runs=self.runs,
                resume=Resume(self.hub),
                conversations=self.conversations,
                authenticate=authenticate,
                faults=self.faults,
            )
            routes += [*rest.routes(), WebSocketRoute("/ws", sockets.serve)]
        return Starlette(
            routes=routes,
            exception_handlers={PlatformError: refuse},
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, application: Starlette) -> AsyncIterator[None]:
        del application
        await self.database.open()
        await self.bus.open()
        sweeper = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await self.runs.close()
            await self.recorder.close()
            await self.bus.close()
            await self.database.close()
            self.toolbox.close()
            self.accounts.close()

    async def _sweep(self) -> None:
        """Forget what nobody will ask for any more."""
        await self.accounts.forget_expired()
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.hub.sweep()

    def _hear_revoked(self, body: Body) -> None:
        self.hub.close_user(body["user_id"], body["login"], body["reason"])

    async def _forget_user(self, principal: Principal) -> None:
        """End a user's logins, sockets and runs, then delete what they own."""
        await self.accounts.logout(principal)
        await self.runs.cancel_user(principal.user_id)
        await self.belongings.delete_user(principal)
