from __future__ import annotations

import random
from dataclasses import replace

import pytest

from isolation_checks.checks.missing import late, outlived, was_lost
from isolation_checks.loading.history import Query

USERS, CONVERSATIONS, TURNS = 12, 4, 3


def asked():
    """What a short drive asks: the second conversation of each tells first, and recalls last."""
    told = {0: "remember", TURNS - 1: "recall"}
    return [
        Query(
            id=f"{user}/{conversation}/{turn}",
            principal=f"user-{user}",
            session=user,
            process="p0",
            conversation=f"user-{user}/{conversation}",
            kind=told.get(turn, "question") if conversation == 1 else "question",
            text="",
            index=0,
            due_s=float(conversation * TURNS + turn),
            sent_s=float(conversation * TURNS + turn),
        )
        for user in range(USERS)
        for conversation in range(CONVERSATIONS)
        for turn in range(TURNS)
    ]


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_rows_that_are_missing_by_chance_were_lost(rate, seed):
    """Also where most are: of queries alike now an earlier one is missing, and now a later one."""
    dice = random.Random(seed)
    there = {query.id for query in asked() if dice.random() >= rate}
    assert was_lost(asked(), there)


@pytest.mark.parametrize(
    "leaves",
    [
        pytest.param(lambda _: False, id="nothing"),
        pytest.param(lambda q: q.principal in {"user-1", "user-5"}, id="those of some users"),
        pytest.param(lambda q: q.id.endswith("/0"), id="the first of a conversation"),
        pytest.param(lambda q: q.id.endswith(f"/{TURNS - 1}"), id="its latest"),
        pytest.param(lambda q: q.kind != "question", id="those of some kinds"),
        pytest.param(lambda q: q.conversation.endswith("/2"), id="whole conversations"),
        pytest.param(lambda q: q.sent_s >= 7, id="those since a moment"),
        pytest.param(lambda q: q.sent_s < 5, id="those until a moment"),
    ],
)
def test_rows_that_are_missing_by_a_rule_may_not_have_been_seen(leaves):
    """The reader may not see them, or the plan says wrongly which queries leave any."""
    there = {query.id for query in asked() if leaves(query)}
    assert len(there) < len(asked()) / 2
    assert not was_lost(asked(), there)


def test_what_is_alike_is_the_askers_to_say():
    """Of what was told once a conversation, one looks at all that a principal told."""
    first = [query for query in asked() if query.id.endswith("/0")]
    dice = random.Random(1)
    there = {query.id for query in first if dice.random() >= 0.7}
    assert not was_lost(first, there)
    assert was_lost(first, there, lambda query: query.principal)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(lambda q: q.sent_s >= 7, id="what is older than so long is deleted"),
        pytest.param(lambda q: not q.id.endswith("/0"), id="no more than two of each are kept"),
        pytest.param(
            lambda q: not q.id.endswith("/0") or q.principal < "user-3",
            id="some users' are kept whole",
        ),
    ],
)
def test_what_is_missing_may_have_been_deleted_as_old(kept):
    """All up to a moment, or what came first in conversations that went on."""
    there = {query.id for query in asked() if kept(query)}
    assert len(asked()) - len(there) == outlived(asked(), there).queries


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(lambda _: True, id="nothing is missing"),
        pytest.param(lambda q: q.principal != "user-3", id="those of a user"),
        pytest.param(lambda q: not q.id.endswith("/2"), id="the latest of each"),
        pytest.param(lambda q: q.sent_s != 3, id="those of one moment"),
        pytest.param(lambda q: q.sent_s < 9, id="those since a moment"),
        pytest.param(lambda q: q.id not in {"0/0/0", "1/0/0"}, id="too few to tell"),
    ],
)
def test_what_is_missing_otherwise_was_not_deleted_as_old(kept):
    """Losses by chance, of a user, of a moment or of what is new are losses."""
    queries = [*asked(), *(q for q in single())]
    assert not outlived(queries, {query.id for query in queries if kept(query)})


@pytest.mark.parametrize("seed", range(20))
def test_losses_by_chance_are_not_taken_for_age(seed):
    """Now and then an earlier one is missing, and now and then a later one."""
    dice = random.Random(seed)
    assert not outlived(asked(), {query.id for query in asked() if dice.random() >= 0.1})


def test_a_first_question_that_leaves_nothing_is_missing_of_short_conversations_too():
    """So it is lost, and not summed up: nothing had come behind it."""
    queries = [*asked(), *single()]
    assert not outlived(queries, {query.id for query in queries if not query.id.endswith("/0")})


def single():
    """Conversations of one question, late in the drive."""
    late = (q for q in asked() if q.id.endswith("/0"))
    return [
        replace(q, id=f"late {q.id}", conversation=f"late {q.conversation}", sent_s=q.sent_s + 9)
        for q in late
    ]


@pytest.mark.parametrize(
    ("kept", "settle_s", "may_come"),
    [
        (lambda q: q.sent_s < 10, 2.0, True),
        (lambda q: q.sent_s < 10, 10.0, False),  # so long nobody is late
        (lambda q: q.sent_s < 5, 6.5, True),
        (lambda q: q.sent_s < 10 or q.principal < "user-5", 2.0, False),  # others' are there
        (lambda q: q.sent_s < 11 or q.principal != "user-5", 2.0, False),  # one is no batch
        (lambda _: False, 2.0, False),  # then nothing was ever seen
        (lambda _: True, 2.0, False),
    ],
)
def test_the_newest_may_come_late(kept, settle_s, may_come):
    """All since a moment, and not waited for as long as a platform may write in batches."""
    said = late(asked(), {query.id for query in asked() if kept(query)}, settle_s)
    assert may_come == ('rows.settle = "10s"' in said) == bool(said)


@pytest.mark.parametrize("seed", range(20))
def test_losses_by_chance_are_not_taken_for_lateness(seed):
    """Nor are few, nor many."""
    dice = random.Random(seed)
    for rate in (0.01, 0.1, 0.4):
        assert not late(asked(), {q.id for q in asked() if dice.random() >= rate}, 0.0)
