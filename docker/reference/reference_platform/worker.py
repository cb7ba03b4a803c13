"""Puts one worker of the platform together, and takes it apart again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine

from starlette.applications import Starlette
from starlette.routing import BaseRoute, WebSocketRoute

from reference_platform.agent.cache import AnswerCache, AnswerStore, MemoryStore
from reference_platform.agent.factory import AgentFactory
from reference_platform.agent.memory import Memory, Turns
from reference_platform.agent.model import Model
from reference_platform.agent.runs import Runs
from reference_platform.agent.slots import Slots
from reference_platform.agent.tools import Toolbox
from reference_platform.auth.accounts import Accounts
from reference_platform.auth.guard import Authenticate
from reference_platform.auth.identity import Identity
from reference_platform.auth.logins import Logins
from reference_platform.auth.oauth import OAuthRoutes
from reference_platform.auth.remote import RemoteAuthentication
from reference_platform.auth.routes import AuthRoutes
from reference_platform.bus import Body, Bus
from reference_platform.faults import Faults
from reference_platform.nouns import PlatformError, Principal
from reference_platform.rest import RestRoutes
from reference_platform.settings import Settings
from reference_platform.sockets.admission import Admission
from reference_platform.sockets.endpoint import SocketEndpoint
from reference_platform.sockets.resume import NoRegistry, Registry, Resume
from reference_platform.sockets.routing import Router
from reference_platform.sockets.sessions import Hub
from reference_platform.storage.belongings import Belongings
from reference_platform.storage.conversations import Conversations
from reference_platform.storage.database import SERVICE
from reference_platform.storage.interrupted import sweep_interrupted, worker_name
from reference_platform.storage.opening import open_database
from reference_platform.storage.recorder import Recorder
from reference_platform.web import refuse

_SWEEP_S = 5.0
_PARTS = 2  # of which a readiness check asks each


class Worker:
    """One process of the platform: the services it was told to run, over shared storage."""

    def __init__(self, settings: Settings, bus: Bus, number: int) -> None:
        """Wire the parts; nothing is opened before the application's lifespan begins.

        A Redis, when there is one, takes the place of the given bus.
        """
        self._settings = settings
        self._seed = f"{settings.seed}/{number}"
        self._faults = Faults(settings.faults, self._seed)
        self._closing = contextlib.AsyncExitStack()
        self._chores: list[Callable[[], Coroutine[None, None, None]]] = []
        self._database = open_database(settings.database_url, self._faults)
        self._bus = bus
        self._number = number
        self._first: list[Callable[[], Coroutine[None, None, None]]] = []
        self._answers: AnswerStore = MemoryStore()
        self._turns: Turns | None = None
        self._registry: Registry = NoRegistry()
        if settings.redis_url is not None:
            self._use_redis(settings.redis_url)
        self._closing.push_async_callback(self._database.close)
        self._closing.push_async_callback(self._bus.close)
        self._logins = Logins(self._database, self._bus)
        self._chores.append(self._logins.forget_expired)
        self._routes: list[BaseRoute] = []
        if settings.service == "backend":
            self._backend(self._remote_authentication())
        elif settings.service == "auth":
            self._auth()
        else:
            self._backend(self._auth())

    def application(self) -> Starlette:
        """The ASGI application; its lifespan opens and closes everything."""
        return Starlette(
            routes=self._routes,
            exception_handlers={PlatformError: refuse},
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, application: Starlette) -> AsyncIterator[None]:
        del application
        await self._database.open()
        async with self._closing:
            await self._bus.open()
            for prepare in self._first:
                await prepare()
            chores = [asyncio.create_task(chore()) for chore in self._chores]
            try:
                yield
            finally:
                for chore in chores:
                    chore.cancel()
                await asyncio.gather(*chores, return_exceptions=True)

    def _use_redis(self, url: str) -> None:
        """Share messages, answers and sessions with the other workers through Redis."""
        from reference_platform import shared

        client = shared.connect(url)
        prefix = shared.namespace(self._settings.secrets.service_secret)
        self._bus = shared.RedisBus(client, prefix)
        self._answers = shared.RedisStore(client, prefix)
        self._registry = shared.RedisRegistry(client, prefix)
        if self._faults.on("desynced_connection"):
            from reference_platform.lines import LinePool, RedisTurns

            pool = LinePool(url, self._faults)
            self._turns = RedisTurns(pool, prefix)
            self._closing.callback(pool.close)

    def _auth(self) -> Authenticate:
        """Serve accounts; a backend beside them calls them directly."""
        accounts = Accounts(self._database, self._settings, self._logins, self._faults)
        self._closing.callback(accounts.close)
        secret = self._settings.secrets.service_secret
        self._routes += AuthRoutes(accounts, secret).routes()
        self._routes += OAuthRoutes(accounts, secret).routes()
        return accounts.authenticate

    def _remote_authentication(self) -> Authenticate:
        """Ask a separate auth service; without a bus to it, look for logouts in the database."""
        settings = self._settings
        if settings.auth_url is None:
            raise ValueError("--service backend needs --auth-url")
        remote = RemoteAuthentication(settings.auth_url, settings.secrets.service_secret)
        self._closing.callback(remote.close)
        if settings.redis_url is None:
            self._chores.append(self._logins.watch)
        return remote.authenticate

    def _backend(self, authenticate: Authenticate) -> None:
        """Serve agents over WebSockets, and what users own over HTTP."""
        settings, faults = self._settings, self._faults
        authenticate = Identity(authenticate, faults).authenticate
        hub = Hub(faults, settings.resume_window_s)
        router = Router(hub, faults)
        belongings = Belongings(self._database, faults)
        conversations = Conversations(self._database, faults)
        name = worker_name(self._settings.supervisor or os.getpid(), self._number)
        recorder = Recorder(self._database, faults, name)
        self._first.append(functools.partial(sweep_interrupted, self._database, name))
        toolbox = Toolbox(belongings)
        agents = AgentFactory(
            Model(settings.latency, faults, self._seed),
            toolbox,
            Memory(self._database, belongings, faults, self._turns_before()),
            AnswerCache(self._answers, faults),
            faults,
        )
        runs = Runs(
            router=router,
            agents=agents,
            recorder=recorder,
            faults=faults,
            limit_s=settings.agent_limit_s,
            per_user=settings.queries_per_user,
        )
        self._closing.callback(toolbox.close)
        self._closing.push_async_callback(recorder.close)
        self._closing.push_async_callback(runs.close)
        sockets = SocketEndpoint(
            hub=hub,
            router=router,
            admission=Admission(faults, [self._look] * _PARTS),
            runs=runs,
            resume=Resume(hub, self._bus, self._registry, faults),
            conversations=conversations,
            authenticate=authenticate,
            faults=faults,
        )

        async def forget_user(principal: Principal) -> None:
            await self._logins.end(principal.user_id, None, "account_deleted")
            await runs.cancel_user(principal.user_id)
            await belongings.delete_user(principal)

        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_S)
                hub.sweep()

        def hear_revoked(body: Body) -> None:
            if faults.strikes("outlives_logout"):
                return
            hub.close_user(body["user_id"], body["login"], body["reason"])

        self._chores.append(sweep)
        self._bus.subscribe("revoked", hear_revoked)
        rest = RestRoutes(authenticate, conversations, belongings, forget_user)
        self._routes += [*rest.routes(), WebSocketRoute("/ws", sockets.serve)]

    async def _look(self) -> None:
        """Whether the database answers."""
        await self._database.read(SERVICE, "SELECT 1 AS ready")

    def _turns_before(self) -> Turns | None:
        """Where turns are found without the rows: nowhere, but for two faults."""
        if self._turns is None and self._faults.on("restart_mixup"):
            slots = Slots(self._database, self._number, self._faults)
            self._first.append(slots.restore)
            self._turns = slots
        return self._turns
