"""The platform on PostgreSQL, and what row-level security does and does not hold there."""

import asyncio

import asyncpg
import pytest

from tests.reference_platform.driving import FAST, platform
from tests.reference_platform.test_honesty import QUERIES, USERS, converse
from tests.servers.postgres import postgres_server

ROLE = "reference_application"
SLOW = ("--latency", "300:600")


@pytest.fixture(scope="module")
def server():
    with postgres_server() as url:
        yield url


@pytest.fixture
def url(server, request):
    """A database of the test's own."""
    name = f"test_{abs(hash(request.node.name))}"
    rows(server, f"CREATE DATABASE {name}")
    return server.rpartition("/")[0] + f"/{name}"


def rows(url, *statements):
    """Run statements in one transaction-free connection; the last one's rows."""

    async def run():
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return [tuple(row) for row in await connection.fetch(statements[-1])]
        finally:
            await connection.close()

    return asyncio.run(run())


def test_two_workers_are_honest_on_postgres(url):
    """Both create the schema at once, and again on a database with rows."""
    for starts in (1, 2):
        with platform(*FAST, "--workers", "2", "--database", url) as running:
            assert running.database == url
            people, frames, _ = converse(running)
            for n, person in enumerate(people):
                words = str([f["payload"] for f in frames[person.id]])
                assert [m for m in range(USERS) if m != n and f"word-{m}-" in words] == []
        counted = rows(url, "SELECT status, COUNT(*) FROM runs GROUP BY status")
        assert counted == [("completed", starts * USERS * (QUERIES + 1))]
        orphans = "SELECT * FROM messages WHERE user_id NOT IN (SELECT id FROM users)"
        assert rows(url, orphans) == []


def test_a_worker_that_is_started_anew_waits_for_no_table(url):
    """Whoever alters a table while it is used waits, and two who do lock each other out."""
    with platform(*FAST, "--database", url):
        pass

    async def used():
        connection = await asyncpg.connect(url)
        async with connection.transaction():
            await connection.execute("LOCK TABLE messages, runs, documents IN ROW EXCLUSIVE MODE")
            await asyncio.to_thread(again)
        await connection.close()

    def again():
        with platform(*FAST, "--database", url) as running, running.person().line() as line:
            assert line.answer(line.ask("anything"))["type"] == "agent_completed"

    asyncio.run(used())


def test_the_application_role_sees_and_writes_one_users_rows(url):
    """The owner of the database sees all of them, so that an auditor can."""
    with platform(*FAST, "--database", url) as running:
        ann, ben = running.person(), running.person()
        for person in (ann, ben):
            with person.line() as line:
                line.answer(line.ask("anything"))
    owners = "SELECT DISTINCT user_id FROM messages"
    become = f"SET ROLE {ROLE}"
    act = f"SET app.user_id = '{ann.id}'"
    assert {owner for (owner,) in rows(url, owners)} == {ann.id, ben.id}
    assert rows(url, become, owners) == []
    assert rows(url, become, act, owners) == [(ann.id,)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        rows(
            url,
            become,
            act,
            "INSERT INTO memories (id, user_id, content, created_at) "
            f"VALUES ('m', '{ben.id}', 'planted', 0) RETURNING id",
        )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        rows(url, become, act, "SELECT * FROM users")


def test_row_faults_get_past_row_level_security(url):
    """As the real ones do: by way of the service's own connection."""
    faults = ("--fault", "wrong_owner_row", "--fault", "missing_owner_check")
    with platform(*SLOW, *faults, "--database", url) as running:
        ann, ben = running.person(), running.person()
        with ann.line() as anns, ben.line() as bens:
            request = anns.ask("my word is AMBER")
            anns.hear_until(lambda f: f["type"] == "agent_thinking")
            other = bens.ask("my word is BEIGE")
            final = anns.answer(request)
            bens.answer(other)
        path = f"/threads/{final['thread_id']}/messages"
        assert "AMBER" in ben.http("GET", path).text
    stored = rows(url, f"SELECT role, user_id FROM messages WHERE run_id = '{final['run_id']}'")
    assert sorted(stored) == [("assistant", ben.id), ("user", ann.id)]


@pytest.mark.parametrize(
    ("fault", "owner"), [("placeholder_owner=1", "system"), ("lost_row=1", None)]
)
def test_write_faults_work_on_postgres(url, fault, owner):
    options = ("--fault", fault, "--database", url)
    with platform(*FAST, *options) as running, running.person().line() as line:
        assert line.answer(line.ask("anything"))["type"] == "agent_completed"
    stored = rows(url, "SELECT user_id FROM messages WHERE role = 'assistant'")
    assert stored == ([(owner,)] if owner else [])


def test_a_password_is_not_announced(url):
    with platform(*FAST, "--database", url.replace("tester@", "tester:secret@")) as running:
        assert running.database == url
