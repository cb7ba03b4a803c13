"""PostgreSQL's row-level security by a session variable, on psycopg_pool's connections.

The user of a connection is set where none is set yet, which saves a round trip.  psycopg_pool
ends a transaction when a connection comes back, and no more: a session variable stays, unless
the pool has a `reset` callback that clears it.
bad: no callback, so whoever borrows next is taken for who was there before.
fixed: the callback.  misused: the callback, and nobody sets the user; row-level security then
lets nobody see or write anything, and no question is answered.
"""

import asyncio
import os
import time
import uuid

import psycopg
from psycopg_pool import AsyncConnectionPool
from wire import Lab, Turn

LAB = Lab("bad", "fixed", "misused")
LAB.stores = False
ME = "nullif(current_setting('app.user_id', true), '')"
SCHEMA = f"""
    DROP TABLE IF EXISTS messages;
    CREATE TABLE messages (
        id uuid PRIMARY KEY, user_id text NOT NULL DEFAULT {ME}, thread_id text,
        request_id text, role text, content text, created_at double precision
    );
    ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON messages USING (user_id = {ME});
    DO $$ BEGIN
        CREATE ROLE lab_app;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    GRANT ALL ON messages TO lab_app;
"""


async def reset(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("SELECT set_config('app.user_id', '', false)")
    await connection.commit()


async def configure(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("SET ROLE lab_app")
    await connection.commit()


pool = AsyncConnectionPool(
    os.environ["LAB_POSTGRESQL"],
    min_size=3,
    max_size=3,
    open=False,
    configure=configure,
    reset=None if LAB.mode == "bad" else reset,
)


async def answer(turn: Turn) -> str:
    async with pool.connection() as connection:
        if LAB.mode != "misused":
            await connection.execute(
                f"SELECT set_config('app.user_id', coalesce({ME}, %s), false)", [turn.user]
            )
        last = await connection.execute(
            "SELECT content FROM messages WHERE role = 'user' AND "
            "(%s OR content LIKE 'Remember%%') ORDER BY created_at DESC LIMIT 1",
            [not turn.asks_back],
        )
        row = await last.fetchone()
        said = f"As to {turn.text} You told me before: {row[0] if row else 'nothing'}"
        for role, content in (("user", turn.text), ("assistant", said)):
            ids = (uuid.uuid4(), turn.thread, turn.request)
            written = await connection.execute(
                "INSERT INTO messages (id, thread_id, request_id, role, content, created_at) "
                "VALUES (%s, %s, %s, %s, %s, %s) RETURNING user_id",
                (*ids, role, content, time.time()),
            )
            [owner] = await written.fetchone()
            LAB.confess_row(turn, owner, content)
    return said


async def main() -> None:
    async with await psycopg.AsyncConnection.connect(os.environ["LAB_POSTGRESQL"]) as connection:
        await connection.execute(SCHEMA)
    await pool.open(wait=True)
    await LAB.serve(answer)


asyncio.run(main())
