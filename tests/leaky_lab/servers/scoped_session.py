"""Messages are stored by SQLAlchemy's `scoped_session`, whose owner is noted in the session.

A scoped session is one for each thread by default; asyncio runs all its tasks in one.
bad: the default, so that all tasks share a session, and with it whose it is · fixed:
`scopefunc=asyncio.current_task`, a session for each task.  The wire is clean in either case.
"""

import asyncio
import time
import uuid

from sqlalchemy import Float, String, create_engine, event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)
from wire import Lab, Turn

LAB = Lab("bad", "fixed")
LAB.stores = False
WRITING_SECONDS = 0.01


class Base(DeclarativeBase):
    """The tables."""


class Message(Base):
    """A message; its owner is filled in when it is written."""

    __tablename__ = "messages"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str]
    thread_id: Mapped[str]
    request_id: Mapped[str]
    role: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[float] = mapped_column(Float)


engine = create_engine(f"sqlite:///{LAB.folder}/rows.db", connect_args={"timeout": 10})
scope = None if LAB.mode == "bad" else asyncio.current_task
sessions = scoped_session(sessionmaker(engine), scopefunc=scope)


@event.listens_for(Session, "before_flush")
def fill_in_owner(session: Session, *_: object) -> None:
    for message in session.new:
        message.user_id = session.info["user"]
        LAB.confess_row(message.turn, message.user_id, message.content)


def add(turn: Turn, role: str, content: str) -> None:
    ids = {"id": str(uuid.uuid4()), "thread_id": turn.thread, "request_id": turn.request}
    message = Message(**ids, role=role, content=content, created_at=time.time())
    message.turn = turn  # no column; for the confession
    sessions().add(message)


async def answer(turn: Turn) -> str:
    sessions().info["user"] = turn.user
    said = f"As to {turn.text}"
    add(turn, "user", turn.text)
    await asyncio.sleep(WRITING_SECONDS)
    add(turn, "assistant", said)
    sessions().commit()
    if LAB.mode == "fixed":
        sessions.remove()
    return said


asyncio.run(LAB.serve(answer))
