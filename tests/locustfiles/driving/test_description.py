import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from locustfiles.driving import description as descriptions

NOW = datetime(2031, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC)
ORDER = {
    "run": "a-run",
    "seed": 7,
    "seed_drawn": False,
    "plan": "[target]",
    "key": "the key of canaries",
    "account_key": "the key of accounts",
    "mark_key": "the key of marks",
    "probe_key": "the key of probes",
}


@pytest.fixture
def described():
    """What a run says of itself, as far as its order goes."""
    return descriptions.description(ORDER, "ws://127.0.0.1:1/ws", NOW)


def test_it_says_what_was_driven_and_when(described):
    """The run, the target, the seed and the plan, in words that JSON can hold."""
    expected = {
        "schema": "crosstalk.run/1",
        "run": "a-run",
        "started_at": "2031-05-06T07:08:09.123+00:00",
        "target": "ws://127.0.0.1:1/ws",
        "seed": 7,
        "seed_drawn": False,
        "plan": "[target]",
    }
    assert expected == {name: described[name] for name in expected}
    assert json.loads(json.dumps(described)) == described


def test_it_says_with_what_and_where_it_was_driven(described):
    """Versions of all that a verdict may hang on, the machine, and which boot of it."""
    assert platform.python_version() == described["python"]
    assert platform.node() == described["host"]
    versions = described["versions"]
    assert {"crosstalk-harness", "locust", "websockets", "gevent"} <= versions.keys()
    assert {name: metadata.version(name) for name in versions} == versions
    assert descriptions.boot_id() == described["boot"]
    assert isinstance(described["started_ns"], int)


def test_it_tells_no_key(described):
    """Of an order it takes what may be read, and leaves every key."""
    said = json.dumps(described)
    assert [] == [value for name, value in ORDER.items() if "key" in name and value in said]


def test_what_cannot_be_known_is_none(monkeypatch, tmp_path):
    """No boot where the system does not say, and no commit where this is no checkout."""
    monkeypatch.setattr(descriptions, "__file__", str(tmp_path / "description.py"))
    assert descriptions._git_head() is None
    monkeypatch.setattr(descriptions, "Path", lambda _: tmp_path / "no-boot-id")
    assert descriptions.boot_id() is None


def test_the_commit_is_that_of_the_checkout(described):
    """Where there is one: forty hexadecimal digits."""
    checkout = Path(descriptions.__file__).parents[2] / ".git"
    if not checkout.exists():
        assert described["git"] is None
        return
    assert len(bytes.fromhex(described["git"])) == 20
