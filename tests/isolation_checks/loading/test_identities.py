from __future__ import annotations

import pytest

from isolation_checks.loading.history import Principal
from isolation_checks.loading.identities import Identities

KNOWN = Identities(
    [
        Principal(id="ana-07", owner=1, role="user", subject="user-0042", email="ana@example.org"),
        Principal(id="ben-p1.12", owner=2, role="user", subject="17", email=None),
        Principal(id="eva-01", owner=3, role="user", subject=None, email=None),
        Principal(id="jan-02", owner=4, role="user", subject="user-0042-b", email=None),
        Principal(id="kim-03", owner=5, role="user", subject="customer", email=None),
    ]
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("user-0042", [("ana-07", "subject")]),
        ("(user-0042)", [("ana-07", "subject")]),
        ("user-00421", []),  # part of a longer id
        ("superuser-0042", []),
        ("user-0042_x", []),
        ("write to ana@example.org.", [("ana-07", "email")]),
        ("joana@example.org", []),
        ("user 17 of 17", []),  # too short: it stands everywhere by chance
        ("dear customer", []),  # a word like any other
        ("user-0042-b", [("jan-02", "subject")]),  # not the one that it begins like
        ("user-0042-b, user-0042", [("jan-02", "subject"), ("ana-07", "subject")]),
        ("user-0042 user-0042", [("ana-07", "subject"), ("ana-07", "subject")]),
    ],
)
def test_ids_and_emails_are_found_as_words_of_their_own(text, found):
    """Whole, and long enough not to stand there by chance."""
    assert found == [(named.principal, named.how) for _, named in KNOWN.by_name([text])]


def test_each_name_is_found_in_its_own_text():
    """Many texts are looked at together; what one ends with does not go on in the next."""
    texts = ["user-", "0042", "", "caf\u00e9 user-0042", "\ud800", "user-0042-b", "\u00e9user-0042"]
    assert [(3, "ana-07"), (5, "jan-02")] == [
        (which, named.principal) for which, named in KNOWN.by_name(texts)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no credential at all", []),
        ("Bearer credential.ana-07.0123456789abcdef", ["ana-07"]),
        ("credential.ben-p1.12.0123456789abcdef!", ["ben-p1.12"]),
        ("credential.unknown.0123456789abcdef", []),  # whose, nobody can say
        ("credential.the platform.0123456789abcdef", []),
        ("credential.ana-07.0123", []),
    ],
)
def test_marks_of_credentials_name_their_owner(text, found):
    """The recorder put them in the place of what it knew."""
    assert found == [named.principal for named in KNOWN.by_credential(text)]


def test_a_run_without_names_finds_none():
    """No principal was ever introduced."""
    assert [] == list(Identities([]).by_name(["user-0042"]))
