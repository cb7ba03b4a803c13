"""GraphQL by Ariadne over graphql-transport-ws: mutations ask, and one subscription answers.

`unfiltered`: the subscription's source gives every event to everybody who subscribed.
"""

import asyncio
import json
import os
import socket

import jwt
import uvicorn
from ariadne import MutationType, SubscriptionType, make_executable_schema
from ariadne.asgi import GraphQL
from ariadne.asgi.handlers import GraphQLTransportWSHandler
from ariadne.exceptions import WebSocketConnectionError
from hosting import options, ready

OPTIONS = options("unfiltered")
SECRET = os.environ["GRAPH_SECRET"]
PIECE = 30
SCHEMA = """
    type Query { version: String }
    type Mutation { ask(text: String!, id: ID!): Boolean! }
    type Event { id: ID!, piece: String, done: Boolean }
    type Subscription { events: Event! }
"""
mutation, subscription = MutationType(), SubscriptionType()
subscribers = []
answers = set()


def publish(user, text, event):
    for theirs, events in subscribers:
        if theirs == user or OPTIONS.bug == "unfiltered":
            OPTIONS.confess(user, theirs, text)
            events.put_nowait(event)


async def answer(user, text, query):
    said = f"You say: {text}"
    for at in range(0, len(said), PIECE):
        publish(user, said, {"id": query, "piece": said[at : at + PIECE]})
        await asyncio.sleep(0.002)
    publish(user, said, {"id": query, "done": True})


@mutation.field("ask")
def asked(_, info, text, id):  # noqa: A002 - the schema's own name
    task = asyncio.ensure_future(answer(info.context["request"].state.user, text, id))
    answers.add(task)
    task.add_done_callback(answers.discard)
    return True


@subscription.source("events")
async def events_of(_, info):
    own = (info.context["request"].state.user, asyncio.Queue())
    subscribers.append(own)
    try:
        while True:
            yield await own[1].get()
    finally:
        subscribers.remove(own)


@subscription.field("events")
def event(what, _info):
    return what


def joins(websocket, shown):
    try:
        token = (shown or {}).get("token", "")
        websocket.state.user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError as error:
        raise WebSocketConnectionError(json.dumps({"message": str(error)})) from None
    OPTIONS.note("secrets", secret=token)


app = GraphQL(
    make_executable_schema(SCHEMA, mutation, subscription),
    websocket_handler=GraphQLTransportWSHandler(on_connect=joins),
)
listening = socket.create_server(("127.0.0.1", 0))
ready(listening.getsockname()[1])
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
