"""Whether an answer tells what is known only of somebody else's persona."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from isolation_checks import probing
from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_privacy
from isolation_checks.loading.facts import FactSighting, telling
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.lattice import Verdict

ENOUGH = 2
"""So many facts of one persona in one answer are no chance."""
PHRASE = "phrase"
"""A fact of many words that nobody says by chance: one is enough."""
_Answer = tuple[PrincipalId, PrincipalId, str, str | int]
"""Owner, recipient, channel, and the query, or the place of what answers none."""


def _unstated(plan: Plan) -> str | None:
    """Why answers need not tell any facts, not even their own user's."""
    none = "facts of personas: the plan sets isolation.facts to false, and none came"
    return None if plan.isolation.facts else none


@check(
    asks="Did an answer tell what is known only of somebody else?",
    cwe=488,
    not_asked=needs_privacy,
    unstated=_unstated,
)
def foreign_facts(run: Run) -> Outcome:
    """No answer tells two facts of another persona, or a phrase that only another was given.

    One fact alone is a lead and convicts nobody.  A fact says nothing if the recipient gave
    it itself, if anybody heard it before its owner told it, or if two personas have it; and
    none does if one came that nobody had been told.  Where as many of those came as would
    have convicted, nobody can say from where the platform has them.

    Catches:  cache_without_user, and leaks that paraphrase and lose the
              canary.
    Blind to: facts that are told in other words, translated or encoded; what stands in rows
              is for foreign_row.
    """
    facts = run.facts
    found = telling(run.history, facts.sightings)
    answers = _by_answer(found.sightings)
    convicting = {key: seen for key, seen in answers.items() if convicts(seen)}
    groups: dict[tuple[PrincipalId, PrincipalId, str], list[list[FactSighting]]] = defaultdict(list)
    for key, seen in convicting.items():
        groups[key[:3]].append(seen)
    leads = [seen[0] for key, seen in answers.items() if key not in convicting]
    strange = [seen for seen in _by_answer(found.unexplained).values() if convicts(seen)]
    doubt = _doubt(strange[0], found.by_themselves) if strange and not convicting else ""
    alone = _alone(found.by_themselves)
    return Outcome(
        examined=facts.own,
        unit="facts of one's own",
        found=tuple(_found(run, seen) for seen in groups.values()),
        verdict=Verdict.UNKNOWN if doubt else None,
        note=doubt or _leads(leads) or ("" if facts.own else _MUTE),
        bounded=False,
        blind=(alone,) if alone else (),
    )


_MUTE = (
    "no answer held a fact of its own user's persona, so that a paraphrase could not have "
    "shown: see isolation.facts"
)


def _alone(why: str) -> str:
    return f"facts of personas convict nobody here: {why}" if why else ""


def _by_answer(sightings: Iterable[FactSighting]) -> dict[_Answer, list[FactSighting]]:
    """Sightings by the answer that they stand in, and whose they are."""
    answers: dict[_Answer, list[FactSighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.channel == probing.CHANNEL:  # what an intruder is told is for other checks
            continue
        place: str | int = sighting.query or sighting.index
        key = (sighting.fact.principal, sighting.principal, sighting.channel, place)
        answers[key].append(sighting)
    return answers


def _doubt(seen: list[FactSighting], by_themselves: str) -> str:
    """Of facts that would convict, had anybody told them before, or came none by itself."""
    told = sorted({sighting.fact.text for sighting in seen})
    why = (
        f"; it convicts nobody, since {by_themselves}"
        if by_themselves
        else ", before anybody had given it in this run"
    )
    return (
        f"{seen[0].principal} was told what is known of {seen[0].fact.principal}, "
        f"{' and '.join(told)}{why}"
    )


def convicts(seen: Iterable[FactSighting]) -> bool:
    """Whether facts of one persona in one place are enough."""
    facts = {sighting.fact for sighting in seen}
    return len(facts) >= ENOUGH or any(fact.kind == PHRASE for fact in facts)


def counted(leads: list[FactSighting]) -> str:
    """How many leads there are, and of what worth."""
    one = len(leads) == 1
    return "one lead, which convicts nobody" if one else f"{len(leads)} leads, which convict nobody"


def _leads(leads: list[FactSighting]) -> str:
    if not leads:
        return ""
    first = leads[0]
    return (
        f"{counted(leads)}: an answer to {first.principal} holds one fact of "
        f"{first.fact.principal}'s ({first.fact.text!r})"
    )


def _found(run: Run, answers: list[list[FactSighting]]) -> Found:
    sightings = [sighting for seen in answers for sighting in seen]
    first = min(sightings, key=lambda sighting: sighting.at_s or 0.0)
    owner, recipient = first.fact.principal, first.principal
    told = sorted({sighting.fact.text for sighting in answers[0]})
    queries = (QueryId(s.query) for s in sightings if s.query is not None)
    record = {"stream": first.stream, "index": first.index, "at_s": first.at_s, "kind": first.kind}
    return Found(
        kind="foreign-fact",
        cwe=488,
        victim=owner,
        recipient=recipient,
        channel=first.channel,
        sentence=f"{recipient} was told what is known only of {owner}: {' and '.join(told)}",
        times=len(answers),
        first_s=first.at_s,
        witness=lambda: witness.in_order(
            witness.asked(run, told_with(run, first), "victim"),
            witness.asked(run, first.query, "recipient"),
            witness.arrived(run, record, recipient, "recipient"),
        ),
        places=tuple((sighting.stream, sighting.index) for sighting in sightings),
        victim_query=told_with(run, first),
        recipient_query=first.query,
        queries=frozenset(queries),
    )


def told_with(run: Run, sighting: FactSighting) -> QueryId | None:
    """The query by which the owner told the fact, the last before it was seen."""
    fact, at_s = sighting.fact, sighting.at_s
    with_it = [
        query
        for query in run.history.queries.values()
        if query.principal == fact.principal
        and fact.text in query.text
        and (at_s is None or query.sent_s <= at_s)
    ]
    return max(with_it, key=lambda query: query.sent_s).id if with_it else None
