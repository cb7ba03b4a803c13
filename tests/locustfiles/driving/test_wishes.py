import argparse
import errno
import os

import pytest

from isolation_checks.errors import HarnessError, UsageError
from locustfiles.driving import wishes

PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/ws"
[auth]
source = "mint"
secret = "env:CROSSTALK_TEST_SECRET"
carry = { headers = { Authorization = "Bearer {token}" } }
"""


@pytest.fixture
def options(tmp_path, monkeypatch):
    """What somebody typed, with a plan that can be driven."""
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", "a secret that is long enough for HS256")
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")

    def typed(**over):
        given = {
            "plan": str(path),
            "fault": None,
            "replicas": None,
            "database": None,
            "redis": None,
        }
        return argparse.Namespace(**given | over)

    return typed


def test_a_plan_is_driven_at_the_host_that_is_typed(options):
    """Without one at its own address; nothing is started for it."""
    plan, platform = wishes.planned(options(), None)
    assert ("ws://127.0.0.1:1/ws", None) == (plan.target.websocket, platform)
    plan, platform = wishes.planned(options(), "https://127.0.0.1:8443")
    assert ("wss://127.0.0.1:8443/ws", None) == (plan.target.websocket, platform)


def test_a_host_alone_is_taken_for_a_reference_platform(options):
    """Somebody else started it: whether its rows can be read is not known."""
    plan, platform = wishes.planned(options(plan=None), "http://127.0.0.1:8000")
    assert ("reference", "ws://127.0.0.1:8000/ws") == (plan.dialect.extends, plan.target.websocket)
    assert (None, None) == (platform, plan.rows)


@pytest.mark.parametrize(
    ("over", "host", "said"),
    [
        ({"plan": "nowhere.toml"}, None, "nowhere.toml"),
        ({}, "http://192.0.2.1", "allow_hosts"),
        ({"plan": None, "fault": "shared_sock"}, None, "shared_socket"),
        ({"plan": None, "database": "oracle://x"}, None, "database"),
        ({"plan": None, "redis": "http://x"}, None, "--redis: write it like redis://"),
        ({"plan": None, "redis": "redis://:pw@x"}, None, "--redis holds a password"),
        ({"plan": None, "database": "postgresql://a:pw@x/y"}, None, "example --database env:NAME"),
        ({"plan": None, "database": "env:CROSSTALK_NONE"}, None, "CROSSTALK_NONE is not set"),
        ({"fault": "shared_socket"}, None, "--fault is the embedded platform's"),
        ({"plan": None, "database": "sqlite:///x"}, "http://127.0.0.1:1", "--database is the embe"),
    ],
)
def test_what_cannot_be_driven_is_the_users_mistake(options, over, host, said):
    """It is said in one sentence, before anything is driven."""
    with pytest.raises(UsageError, match=said) as refused:
        wishes.planned(options(**over), host)
    assert "\n" not in str(refused.value)
    assert ":pw@" not in str(refused.value)


def test_a_secret_that_is_not_there_is_missed_before_the_drive(options, monkeypatch):
    """Not when the first user logs in."""
    monkeypatch.delenv("CROSSTALK_TEST_SECRET")
    with pytest.raises(UsageError, match="CROSSTALK_TEST_SECRET"):
        wishes.planned(options(), None)


@pytest.mark.parametrize("name", [None, "mine", "1122-1915-8ec0", "a.b_c-d", "_x"])
def test_a_run_has_the_name_that_is_wished_for(tmp_path, name):
    """Or one that is made up."""
    assert name == wishes.free_name(tmp_path, name)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-x", ".hidden", "latest", "a b"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    """It would be a path, an option, or the newest run's."""
    with pytest.raises(UsageError, match="letters, digits, dots and dashes"):
        wishes.free_name(tmp_path, name)


def test_a_name_that_is_taken_is_refused(tmp_path):
    """A run is evidence, and nothing is written over it."""
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="a run is evidence; name another"):
        wishes.free_name(tmp_path, "mine")


@pytest.mark.parametrize("users", [None, 1, 50])
def test_so_many_users_can_be_driven(users):
    """Where nothing is said Locust has its own word."""
    wishes.sensible(argparse.Namespace(num_users=users))


@pytest.mark.parametrize("users", [0, -3])
def test_without_a_user_nothing_can_be_seen(users):
    """Locust would take the number, and the verdict would be UNKNOWN after all that time."""
    with pytest.raises(UsageError, match="at least one user is needed"):
        wishes.sensible(argparse.Namespace(num_users=users))


def test_the_folder_of_runs_is_made_for_its_owner_alone(tmp_path):
    """And those above it."""
    runs = wishes.folder(str(tmp_path / "a" / "runs"))
    assert tmp_path / "a" / "runs" == runs
    assert 0o700 == runs.stat().st_mode & 0o777
    assert runs == wishes.folder(str(runs))


@pytest.mark.parametrize("below", ["", "/runs"])
def test_a_file_is_no_folder_of_runs(tmp_path, below):
    """Nor can there be one below it."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="there can be no folder"):
        wishes.folder(f"{tmp_path}/file{below}")


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, HarnessError), (errno.EROFS, UsageError)]
)
def test_a_full_disk_is_no_mistake_of_the_users(monkeypatch, number, kind):
    """A disk that is full, or that may only be read, is nothing that a test can have anywhere."""

    def refuses(_):
        raise OSError(number, os.strerror(number), "/there")

    monkeypatch.setattr(wishes.directory, "make", refuses)
    with pytest.raises(kind, match=os.strerror(number)):
        wishes.folder("runs")


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_drive():
    """No right suffices there, not even root's."""
    with pytest.raises(UsageError, match="nothing can be written there"):
        wishes.folder("/proc/self")
