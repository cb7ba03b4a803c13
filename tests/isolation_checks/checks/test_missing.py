from __future__ import annotations

import random

import pytest

from isolation_checks.checks.missing import was_lost
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
