"""The four sentences of the page, and what to do."""

from __future__ import annotations

import msgspec
import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.judging.judge import ASTRAY, UNANSWERED
from isolation_checks.plan.indicators import INDICATORS
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Looks
from reports import (
    advice,
    brief,
    gallery,
    markdown,
    mechanisms,
    page,
    passage,
    phases,
    planned,
    text,
)
from tests.docs import pages
from tests.reports import samples


def told(judgement):
    """The headings and what stands under each."""
    return {heading: " ".join(sentences) for heading, sentences in brief.told(judgement)}


def test_a_broken_run_in_four_sentences():
    """What, for whom, since which load, and what next."""
    pairs = tuple(samples.pair("ana-07", f"user-{number}", 1) for number in range(6))
    sentences = told(samples.failing(pairs=pairs))
    assert ["What is wrong", "For whom", "Since when", "What to do next"] == list(sentences)
    assert (
        "looks like this: the newest socket wins (all 37 follow a connect within 40 ms)."
        in sentences["What is wrong"]
    )
    assert "Content of ana-07 reached user-0, user-1, user-2 and 3 others." == sentences["For whom"]
    assert "with about 5 sessions open of 40 at most" in sentences["Since when"]
    assert "Read F1 below" in sentences["What to do next"]
    assert "each connect overwrites it" in sentences["What to do next"]


def test_the_load_is_the_one_counted_next():
    """Sessions are counted in the middle of a slice: what came behind it was not counted yet."""
    late = samples.shared_socket(first_s=5.5)
    said = told(samples.failing(findings=(late,)))["Since when"]
    assert "with about 10 sessions open of 40 at most" in said


def test_what_shows_in_rows_alone_began_with_its_queries():
    """Rows bear no time of ours, and what they are about does."""
    rows = samples.shared_socket(first_s=None)
    said = told(samples.failing(findings=(rows,)))["Since when"]
    assert said.startswith(
        "It shows in rows, which have no time of ours; what led to it began 4.18"
    )
    assert "with about 5 sessions open of 40 at most" in said
    nothing = samples.shared_socket(first_s=None, witness=())
    assert "Since when" not in told(samples.failing(findings=(nothing,)))


def test_what_could_not_be_judged_is_told_beside_what_failed():
    """A failure of one part says nothing of another."""
    parts = samples.parts(samples.PASS, samples.UNKNOWN, samples.FAIL)
    sentences = told(samples.changed(samples.slow(), parts=parts))
    assert "Isolation could not be judged: " in sentences["What is not known"]
    many = samples.changed(parts[1], because="twins: none; rows: none were read; and so on")
    sentences = told(samples.changed(samples.slow(), parts=(parts[0], many, parts[2])))
    assert (
        "Isolation could not be judged: twins: none; and more, below."
        in (sentences["What is not known"])
    )
    assert "What is not known" not in told(samples.unknown())


def test_a_missed_objective_says_what_and_where_to_look():
    """Without a finding nobody is named: how many answers, and from which load on."""
    sentences = told(samples.slow())
    assert ["What is wrong", "For whom", "Since when", "What to do next"] == list(sentences)
    assert "Completion p95 ≤ 5 s was missed: not reached" in sentences["What is wrong"]
    whom = "Of 580 answers 160 took longer than 5\u00a0s. 12 queries were never answered."
    assert whom == sentences["For whom"]
    assert (
        "30\u00a0s into the run, with about 40 sessions open of 40 at most"
        in sentences["Since when"]
    )
    advised = INDICATORS["completion"].advice
    wanted = f"Completion p95 ≤ 5 s: {advised[0].lower()}{advised[1:]}"
    assert wanted in sentences["What to do next"]


def test_what_failed_is_mended_before_more_is_asked_for():
    """Too few opportunities stand beside a missed objective, and come behind it."""
    few = samples.unknown().opportunities
    first, second, *_ = dict(brief.told(samples.changed(samples.slow(), opportunities=few)))[
        "What to do next"
    ]
    assert first.startswith("Completion p95 ≤ 5 s: ")
    assert second.startswith("299 more opportunities")


def test_unknown_is_not_good_news_and_says_what_would_do():
    """Nothing wrong was seen, which is not the same as that all is well."""
    sentences = told(samples.unknown())
    assert "too little was seen" in sentences["What is wrong"]
    assert "299 more opportunities of the class overlap" in sentences["What to do next"]
    assert 1 == sentences["What to do next"].lower().count("drive longer")


def test_a_pass_says_what_to_read_and_to_keep():
    """Nothing is wrong, it is said how sure that is, and the run is good for something yet."""
    said = told(samples.passing())
    assert ["How sure that is", "What to do next"] == list(said)
    assert "could not see" in said["What to do next"]
    (overlap,) = (o for o in samples.passing().opportunities if o.name == "overlap")
    assert said["How sure that is"].startswith(f"{overlap.count:,} answers repeated words")
    assert "95 times in 100" in said["How sure that is"]


def test_a_sentence_begins_as_one_but_for_names():
    """`ana-07` is not `Ana-07`."""
    said = "ana-07 got an answer of ben-12's"
    for sentence, begun in ((said, said), (f"words of {said}", f"Words of {said}")):
        finding = samples.shared_socket(sentence=sentence)
        assert begun in told(samples.failing(findings=(finding,)))["What is wrong"]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_check_has_something_to_do_where_it_did_not_pass(verdict):
    """One sentence, whatever the check."""
    for each in CHECKS:
        said = samples.check(each.name, 1, part=each.part, verdict=verdict)
        wanted = verdict in (Verdict.FAIL, Verdict.UNKNOWN)
        assert wanted == bool(advice.for_check(said)), each.name


def test_every_check_has_a_sentence_of_its_own():
    """What it asks; what to do where it cannot tell; where it accuses, what to do about that."""
    timed = {
        "connect time", "authenticated time", "first event time", "event gaps", "tool time",
        "completion time", "throughput kept", "error budget",
    }  # fmt: skip
    for each in CHECKS:
        assert each.asks.endswith("?"), each.name
        assert each.name in timed or each.name in advice.UNSEEN, each.name
        assert each.part == "evidence" or each.name in {*timed, "plan kept", *advice.FAILED}
    for sentence in (*advice.FAILED.values(), *advice.UNSEEN.values()):
        assert one_sentence(sentence), sentence


def test_every_figure_has_its_two_sentences():
    """What it shows, and what to do with it; those of the findings and of the phases too."""
    told = [(plot.meaning, plot.todo) for plot in (*gallery.PLOTS, *planned.PLOTS)]
    told += [(phases.PHASES_MEANING, phases.PHASES_TODO), (None, passage.LANES_TODO)]
    for sentence in (said for pair in told for said in pair if said):
        assert one_sentence(sentence), sentence


def one_sentence(said):
    """It begins with a capital, and its only full stop is its end."""
    return said[0].isupper() and said.endswith(".") and ". " not in said


def test_what_is_advised_belongs_to_checks_that_there_are():
    """A check that was renamed is noticed here."""
    assert {*advice.FAILED, *advice.UNSEEN} <= {each.name for each in CHECKS}


def test_every_mechanism_says_where_to_look():
    """One sentence each, of none that no fingerprint names; of an unknown one the check's."""
    text = pages.section(pages.read("verdict.md"), "Findings")  # as the fingerprints have them
    assert {row[0] for row in pages.table(text)} == set(mechanisms.LOOK)
    slow = pages.section(pages.read("verdict.md"), "What a missed time looks like")
    assert {row[0] for row in pages.table(slow)} == set(mechanisms.SLOW)
    for sentence in (*mechanisms.LOOK.values(), *mechanisms.SLOW.values()):
        assert one_sentence(sentence), sentence
    unknown = samples.shared_socket(mechanism="unknown")
    assert advice.FAILED[unknown.check] == advice.for_finding(unknown)
    assert advice.for_finding(unknown) != advice.for_finding(samples.shared_socket())
    within = samples.shared_socket(kind="stale-context")
    assert advice.OF_ONE_USER == advice.for_finding(within)
    assert one_sentence(advice.OF_ONE_USER)


@pytest.mark.parametrize(
    "note", ["no query was answered", "no question was answered", ASTRAY, UNANSWERED]
)
def test_where_nothing_was_answered_more_users_would_not_do(note):
    """The advice is about the answers, not about the check that had none to look at."""
    check = samples.check("users overlapped", 0, verdict=Verdict.UNKNOWN, note=note)
    assert advice.ANSWER_FIRST == advice.for_check(check)
    (objective, *_) = samples.slow().objectives
    unknown = samples.changed(objective, verdict=Verdict.UNKNOWN, note=note)
    assert advice.ANSWER_FIRST == advice.for_objective(unknown)


def test_what_a_missed_time_looks_like_stands_beside_its_numbers():
    """In the terminal, on the page and in a comment; what to do is then said of that."""
    waits = "answers that wait for one another, as for a lock, a small pool or a full processor"
    looks = Looks(mechanism=waits, because="an answer took 0.23 s more for each")
    missed = [o for o in samples.slow().objectives if o.verdict is Verdict.FAIL]
    changed = tuple(msgspec.structs.replace(o, looks=looks) for o in missed)
    judgement = samples.changed(samples.slow(), objectives=changed)
    shown = (
        " ".join(text.render(judgement, width=100, colour=False).split()),
        page.render(judgement).decode(),
        markdown.render(judgement).decode(),
    )
    for each in shown:
        assert f"looks like {waits}: an answer took 0.23 s more for each" in each
        assert "ook for what all answers pass through" in each
    [before, *_] = missed
    assert advice.for_objective(before) == before.advice
    assert advice.for_objective(changed[0]) == mechanisms.SLOW[waits]


def test_what_keeps_the_evidence_from_showing_anything_comes_first():
    """No longer drive would tell: what says so is left out beside it."""
    judgement = samples.unknown()
    blind = samples.check("canaries echoed", 9, verdict=Verdict.UNKNOWN, note="none of 9")
    blind = samples.changed(blind, part="evidence")
    kept = tuple(check for check in judgement.checks if check.name != "canaries echoed")
    changed = samples.changed(judgement, checks=(*kept, blind))
    todo = dict(brief.told(changed))["What to do next"]
    assert todo[0].startswith("Canaries echoed")
    assert not any(each.partition(": ")[2].startswith("drive longer") for each in todo[1:])


def test_a_note_that_names_a_cause_has_its_own_advice():
    """Rather than what the check says of most."""
    for note, todo in advice.BY_NOTE.items():
        assert one_sentence(todo), todo
        check = samples.check("foreign row", 0, verdict=Verdict.UNKNOWN, note=f"so {note}")
        assert todo == advice.for_check(check)
