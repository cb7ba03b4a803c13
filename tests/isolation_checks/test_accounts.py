from __future__ import annotations

from isolation_checks import accounts


def test_a_password_follows_from_the_installation_and_the_address():
    """The same for the same, another for another; long enough to be kept out of a run."""
    one = accounts.password(b"k" * 32, "ana@example.org")
    assert one == accounts.password(b"k" * 32, "ana@example.org")
    others = {accounts.password(b"k" * 32, "ben@example.org")}
    others.add(accounts.password(b"x" * 32, "ana@example.org"))
    assert one not in others
    assert len(others) == 2
    assert len(one) == 32
