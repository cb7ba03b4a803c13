"""The command line: what it refuses, and what it keeps to itself."""

from __future__ import annotations

import pytest
from reference_platform.cli import _parser, _settings, main
from reference_platform.faults import Faults
from reference_platform.storage.postgres import PostgresDatabase


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", "0"), "--workers must be at least 1"),
        (("--port", "99999"), "--port must be a number up to 65535"),
        (("--port", "-1"), "--port must be a number up to 65535"),
        (("--access-ttl", "0"), "--access-ttl and --agent-limit must be above 0"),
        (("--agent-limit", "nan"), "--access-ttl and --agent-limit must be above 0"),
        (("--latency", "nan"), "--latency must be MEDIAN_MS"),
        (("--fault", "broadcast=nan"), "must be a number from 0 to 1"),
        (("--database", "env:REFERENCE_NONE"), "env:REFERENCE_NONE, and REFERENCE_NONE is not set"),
        (("--database", "oracle://x"), "the database must be sqlite:///PATH or postgresql://"),
    ],
)
def test_what_makes_no_sense_ends_in_two_and_a_sentence(capsys, options, said):
    """Before anything is started."""
    assert 2 == main(options)
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_address_may_stand_in_a_variable(monkeypatch):
    """A command line is everybody's to read; nor do the settings tell it when they are shown."""
    monkeypatch.setenv("REFERENCE_TEST_URL", "postgresql://me:s3cret@127.0.0.1/x")
    options = ["--database", "env:REFERENCE_TEST_URL", "--fault", "pool_residue"]
    settings = _settings(_parser().parse_args(options), None)
    assert "postgresql://me:s3cret@127.0.0.1/x" == settings.database_url
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:s3cret@host:5432/x", "postgresql://me@host:5432/x"),
        (
            "postgresql://me@host/x?sslmode=require&password=s3cret",
            "postgresql://me@host/x?sslmode=require",
        ),
        ("postgresql://host/x", "postgresql://host/x"),
    ],
)
def test_what_is_announced_holds_no_password(url, shown):
    """Wherever the address says it."""
    assert shown == PostgresDatabase(url, Faults({}, "")).public_url
