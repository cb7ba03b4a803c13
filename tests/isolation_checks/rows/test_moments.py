from __future__ import annotations

import pytest

from isolation_checks.rows import moments


@pytest.mark.parametrize(
    ("said", "time_is", "seconds"),
    [
        ("1795340460.5", "epoch", 1795340460.5),
        ("2026-11-22T09:41:00+00:00", "iso", 1795340460.0),
        ("2026-11-22T10:41:00+01:00", "iso", 1795340460.0),
        ("2026-11-22 09:41:00.5+00", "timestamp", 1795340460.5),  # as PostgreSQL writes it
        ("2026-11-22 09:41:00", "timestamp", 1795340460.0),  # without a zone: UTC
        ("yesterday", "iso", None),
        ("2026-11-22", "epoch", None),
        ("", "iso", None),
        (None, "epoch", None),
    ],
)
def test_a_rows_time_is_read_as_its_table_writes_it(said, time_is, seconds):
    """What cannot be read is unknown."""
    assert seconds == moments.seconds(said, time_is)
