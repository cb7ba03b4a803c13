"""The agent keeps notes in a Django service behind it, which Channels and Daphne serve.

CVE-2020-35681: Channels 3.0.0 to 3.0.2 made one `AsgiHandler` for all requests, and it kept the
scope of a request and the way back to its client on itself.  A request that comes in while
another is at work takes both over: the other's answer goes to it, and the other waits in vain.
bad: channels 3.0.2 · fixed: 3.0.3, which hands them on as arguments.  The code is the same.
"""

import asyncio
import logging
import socket
import threading
import time
import warnings

import django
import httpx
from channels.routing import ProtocolTypeRouter
from daphne.server import Server
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
WRITING_SECONDS = 0.01
PATIENCE_SECONDS = 1.0


def note(request: HttpRequest) -> HttpResponse:
    """Keep a note; it takes its time."""
    time.sleep(WRITING_SECONDS)
    return HttpResponse(f"noted: {request.body.decode()}")


urlpatterns = [path("notes", note)]


def start_service() -> str:
    """Serve Django in a thread of its own; return its address."""
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
    django.setup()
    warnings.simplefilter("ignore", DeprecationWarning)
    logging.disable(logging.ERROR)  # a connection that is answered twice; the lab notes it
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    endpoint = f"fd:fileno={listening.detach()}"
    service = Server(ProtocolTypeRouter({}), endpoints=[endpoint], signal_handlers=False)
    threading.Thread(target=service.run, daemon=True).start()
    return address


async def main() -> None:
    async with httpx.AsyncClient(
        base_url=start_service(), timeout=PATIENCE_SECONDS, verify=False
    ) as notes:

        async def answer(turn: Turn) -> str:
            said = await notes.post("/notes", content=turn.text)
            said.raise_for_status()
            return f"As to {turn.text} I have {said.text}"

        await LAB.serve(answer)


asyncio.run(main())
