from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks.loading import facts
from isolation_checks.loading.columns import Frame
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


def by_themselves(text, seen):
    """What a search for each form by itself finds: the plain way to say what is meant."""
    low, before = text.lower(), len(text[:seen].lower())
    forms = {}
    for name, texts in PEOPLE.items():
        for fact in texts:
            for form in facts._forms(fact):
                forms.setdefault(form, set()).add((name, fact))
    found = [
        (at, -len(form), *next(iter(holders)))
        for form, holders in forms.items()
        if len(holders) == 1 and len(form) >= facts.SHORTEST
        for at in range(len(low))
        if low.startswith(form, at) and at + len(form) > before
    ]
    kept, behind = [], 0
    for at, length, name, fact in sorted(found):
        end = at - length
        if at >= behind and not any(map(str.isalnum, low[at - 1 : at] + low[end : end + 1])):
            kept.append((name, fact))
            behind = end
    return kept


WORDS = st.sampled_from([fact for texts in PEOPLE.values() for fact in texts])
SCRAPS = st.one_of(
    WORDS,
    WORDS.map(str.upper),
    st.tuples(WORDS, st.integers(0, 12)).map(lambda drawn: drawn[0][drawn[1] :]),
    st.sampled_from([" ", ", ", "s", "\0", "\u0130", "\u00e9", "\ud83d", "\U0001f600", " annex"]),
)
TOLD = st.lists(
    st.tuples(
        st.sampled_from(sorted(PEOPLE)),
        st.lists(SCRAPS, max_size=6).map("".join),
        st.integers(0, 30),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(TOLD)
def test_many_texts_together_show_what_each_shows_by_itself(told_all):
    """The fast search over all finds exactly what a plain one in each does."""
    FACTS.sightings.clear()
    FACTS.own = 0
    FACTS.look([(heard(who), text, min(seen, len(text))) for who, text, seen in told_all])
    alone = [(who, by_themselves(text, min(seen, len(text)))) for who, text, seen in told_all]
    assert [(who, *each) for who, found in alone for each in found if each[0] != who] == [
        (e.principal, e.fact.principal, e.fact.text) for e in FACTS.sightings
    ]
    assert all(FACTS.own for who, found in alone if who in {name for name, _ in found})


def heard(who):
    """A frame that somebody got, as far as facts are concerned."""
    return Frame(**dict.fromkeys(Frame.__struct_fields__) | {"principal": who, "channel": "frame"})


@given(st.text())
def test_any_text_can_be_read(text):
    """Nothing raises, and nothing is invented."""
    assert [] == whose(text)


def test_without_personas_there_is_nothing_to_find():
    assert not known(a=())
