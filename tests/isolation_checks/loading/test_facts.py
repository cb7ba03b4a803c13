from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.loading import facts
from isolation_checks.loading.history import Fact
from tests.isolation_checks.language import told

PEOPLE = {
    "a": ("Dr. Rosa Whitlock MD", "Whitlock, Hahn and Sons", "4821 Ember Quay Apt. 7"),
    "b": ("John Smith", "London", "12 Mill Lane"),
    "c": ("John Smith", "Smith Ltd", "12 Mill Lane Annex"),
}


def known(**people):
    """The facts of these people."""
    run = told(" ".join(f"{name}:" for name in people))
    run.history.facts = [
        Fact(text=text, principal=name, kind="fact", place="company", at_s=0.0)
        for name, texts in people.items()
        for text in texts
    ]
    return facts.Facts(run.ownership)


FACTS = known(**PEOPLE)


def whose(text):
    """Of whom which facts stand in a text."""
    return [(fact.principal, fact.text) for fact in FACTS.named(text)]


@pytest.mark.parametrize(
    "text",
    [
        "for Whitlock, Hahn and Sons.",
        "FOR WHITLOCK, HAHN AND SONS",
        "whitlock hahn and sons it is",
    ],
)
def test_a_fact_is_found_in_any_case_and_without_its_signs(text):
    """As a paraphrase leaves it."""
    assert [("a", "Whitlock, Hahn and Sons")] == whose(text)


def test_a_name_is_found_without_its_titles():
    """Nobody is called a doctor of medicine by everybody."""
    assert [("a", "Dr. Rosa Whitlock MD")] == whose("said Rosa Whitlock yesterday")


@pytest.mark.parametrize(
    "text",
    [
        "John Smith",  # two are called so
        "in London",  # too short to be anybody's
        "12 Mill Lanes",  # part of a longer word
        "Rosa",
        "",
    ],
)
def test_what_is_common_short_or_part_of_something_else_is_nobodys(text):
    """A fact of nobody's accuses nobody."""
    assert [] == whose(text)


def test_of_facts_that_overlap_the_longest_is_meant():
    """One street may begin like another."""
    assert [("c", "12 Mill Lane Annex")] == whose("at 12 Mill Lane Annex")
    assert [("b", "12 Mill Lane")] == whose("at 12 Mill Lane, please")


def test_only_what_ends_in_the_new_part_counts():
    """Pieces of a stream are read with the end of the one before."""
    text = "at 12 Mill Lane, for John"
    assert [] == FACTS.named(text, len("at 12 Mill Lane,"))
    assert FACTS.named(text, len("at 12 Mill"))


@given(st.text())
def test_any_text_can_be_read(text):
    """Nothing raises, and nothing is invented."""
    assert [] == whose(text)


def test_without_personas_there_is_nothing_to_find():
    assert not known(a=())
