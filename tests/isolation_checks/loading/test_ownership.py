from __future__ import annotations

import dataclasses

import pytest

from isolation_checks.loading.words import Word
from isolation_checks.records import PrincipalId
from tests.isolation_checks.language import conversation, subject, told, word

A, B, C = map(PrincipalId, "abc")


def owning(script="a: b: c:", **how):
    return told(script, **how).ownership


def claim(ownership, text):
    return ownership.claim(Word(text, 0, len(text), "plain"))


def test_a_planted_canary_is_claimed_for_its_owner():
    """In any case; the planting says whom it was given to."""
    claimed = claim(owning("a:A1"), word("A1").lower())
    assert (word("A1"), A, False) == (claimed.canary, claimed.owner, claimed.earlier)
    assert A == claimed.planting.principal


def test_an_unplanted_canary_names_its_owner_and_convicts_nobody():
    """By the number in it, where a principal of this run has that number."""
    ownership = owning("a: b:")
    claimed = claim(ownership, word("A1"))
    assert (A, None) == (claimed.owner, claimed.planting)
    assert not ownership.foreign(claimed, B, "frame")
    assert None is claim(ownership, word("Z1")).owner


def test_a_canary_of_an_earlier_run_is_nobodys_of_this_one():
    """Accounts may be used again, their numbers mean others."""
    claimed = claim(owning("a:"), word("A1", "earlier"))
    assert (None, None, True) == (claimed.owner, claimed.planting, claimed.earlier)


def test_what_only_looks_like_a_canary_is_none():
    """The keyed check tells."""
    assert None is claim(owning(), "CX" + "0" * 20)


@pytest.mark.parametrize(
    ("label", "whom"),
    [
        (subject("a"), A),
        ("a@example.org", A),
        (subject("a")[:4] + "...", A),
        (subject("a").upper(), None),  # another's id may differ in case alone
        ("...", None),  # says nothing at all
        ("nobody", None),
        ("nobody...", None),
        (None, None),
    ],
)
def test_a_label_names_whom_it_can_only_mean(label, whom):
    """Whole or cut short; a doubt names nobody."""
    assert whom == owning().labelled(label)


def test_a_label_cut_short_before_it_tells_apart_names_nobody():
    """Two ids begin so."""
    ownership = owning(subjects={"a": "user-1", "b": "user-2"})
    assert None is ownership.labelled("user-...")
    assert B == ownership.labelled("user-2...")


@pytest.mark.parametrize(
    ("scope", "channels", "owner", "recipient", "channel", "may"),
    [
        ("user", None, A, A, "frame", True),
        ("user", None, A, B, "frame", False),
        ("tenant", None, A, B, "frame", True),
        ("tenant", None, A, C, "frame", False),
        ("tenant", ["row"], A, B, "row", True),
        ("tenant", ["row"], A, B, "frame", False),
        ("everyone", ["http"], A, C, "http", True),
        ("everyone", ["http"], A, C, "row", False),
        ("conversation", None, A, B, "frame", False),
    ],
)
def test_what_may_flow_is_the_plans_to_say(scope, channels, owner, recipient, channel, may):
    """From which scope, on which channels."""
    also = {"scope": scope} | ({"channels": channels} if channels else {})
    ownership = owning(
        tenants={"a": "blue", "b": "blue", "c": "red"},
        plan={"sharing": [{"scope": "user"}, also]},
    )
    assert may == ownership.may_share(owner, recipient, channel)


def test_a_principal_whom_nobody_wrote_down_is_its_own_circle():
    """Where others have no tenant either it shares with itself alone."""
    ownership = owning(plan={"sharing": [{"scope": "user"}, {"scope": "tenant"}]})
    stranger = PrincipalId("zoe")
    assert ownership.may_share(stranger, stranger, "frame")
    assert not ownership.may_share(stranger, A, "frame")


def test_of_whom_nothing_was_written_down_the_tenant_is_not_known():
    """A killed process had planted its words before it could say whose mate it was."""
    tenants = {"a": "blue", "b": "blue", "c": "red"}
    mates = [{"scope": "user"}, {"scope": "tenant", "places": ["document"]}]
    ownership = owning(tenants=tenants, plan={"sharing": mates})
    assert not ownership.may_share(C, A, "frame", place="document")
    del ownership.history.principals[C]
    assert ownership.may_share(C, A, "frame", place="document")
    assert ownership.may_share(A, C, "row", place="document")
    assert not ownership.may_share(C, A, "frame", place="query")
    del ownership.history.principals[A]
    assert ownership.may_share(C, A, "frame", place="document")


@pytest.mark.parametrize(
    ("how", "circles"),
    [
        ({}, 3),
        ({"tenants": {"a": "blue", "b": "blue"}}, 3),
        (
            {
                "tenants": {"a": "blue", "b": "blue"},
                "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
            },
            2,
        ),
        ({"plan": {"sharing": [{"scope": "user"}, {"scope": "everyone"}]}}, 1),
        (
            {
                "subjects": {"a": "user-0042", "b": "user-0042"},
                "plan": {"auth": {"source": "file", "path": "tokens.txt"}},
            },
            2,
        ),
        ({"subjects": {"a": "user-0042", "b": "user-0042"}}, 3),
    ],
)
def test_circles_are_those_who_share_their_answers(how, circles):
    """Only strangers' queries are opportunities for anything to show."""
    ownership = owning(**how)
    assert circles == len({ownership.circle(name) for name in (A, B, C)})


def test_a_conversation_is_whose_answers_named_it_first():
    """By the query's id in the same frame; another id for the same conversation is not learned."""
    ownership = owning("a?q1@x a:q1,@x b?q2@y b:q2,@y b:q2,@x a:@z")
    assert A == ownership.conversation_owner(conversation("x"))
    assert B == ownership.conversation_owner(conversation("y"))
    assert None is ownership.conversation_owner(conversation("z"))
    assert None is ownership.conversation_owner(None)


def test_ids_that_two_users_got_name_nobody():
    """Neither that one nor any other: this platform does not give ids of one kind to all."""
    ownership = owning("a?q1@x a:q1,@x b?q2@x b:q2,@x a?q3@y a:q3,@y")
    assert None is ownership.conversation_owner(conversation("x"))
    assert None is ownership.conversation_owner(conversation("y"))
    assert not ownership.is_of_this_run(conversation("y"))


@pytest.mark.parametrize(
    ("emails", "label", "whom"),
    [
        (("Ana@example.org", "ben@example.org"), "ana@example.org", A),
        (("Ana@example.org", "ben@example.org"), "Ana@example.org", A),
        (("Ana@example.org", "ana@example.org"), "ana@example.org", B),  # that is exactly b's
        (("Ana@example.org", "ANA@example.org"), "ana@example.org", None),  # either's
    ],
)
def test_an_address_may_be_kept_in_small_letters(emails, label, whom):
    """Many platforms do; it is understood where only one can be meant."""
    before = owning("a: b:")
    named = zip(before.history.principals.items(), emails, strict=False)
    principals = {name: dataclasses.replace(who, email=email) for (name, who), email in named}
    history = dataclasses.replace(before.history, principals=principals)
    assert whom == dataclasses.replace(before, history=history, by_email={}).labelled(label)
