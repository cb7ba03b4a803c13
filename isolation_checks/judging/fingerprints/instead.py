"""Fingerprints of what came in the place of something else."""

from __future__ import annotations

import json
import re
from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    UNKNOWN,
    Mechanism,
    Scene,
    over,
)
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import count, records
from isolation_checks.records import Ending, Opcode, SessionId

TEARABLE = ("foreign-canary", "foreign-frame", "foreign-facts", "shared-session-id")
_SIGN, _REPR = re.compile(r"\S"), re.compile(r"[{\[]\s*'")
NOTABLE, FEW = 0.05, 0.2
"""The share of torn frames that tells, and that of frames without a name which still may be."""


def cut_in_two(scene: Scene, found: Found) -> Mechanism | None:
    """Others' words stand in messages that break off, or go on behind their end.

    No sender makes such a message: its bytes were another's when it was sent.  Of a platform
    whose frames are often no JSON it says nothing.
    """
    torn, worded = scene.once(_count_torn)
    if found.channel != "frame" or found.kind not in TEARABLE:
        return None
    if torn < max(SEVERAL, NOTABLE * worded):
        return None
    return _written_over(
        f"of {worded} frames with another's words {torn} begin as a message does and are "
        "none: they break off, or go on behind its end, as what is written over does"
    )


def written_over(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever got another's frame lacks one of its own: as many came as are missing.

    And whose they are got them, too: of two whose sockets were mistaken for each other neither
    gets its own.
    """
    if not scene.about_others(found):
        return None
    astray, lacking, instead = scene.once(_count_instead)
    if instead < max(SEVERAL, ALMOST_ALL * astray, MOST * lacking):
        return None
    if scene.once(_count_copies) < MOST * astray:
        return None
    return _written_over(
        f"{instead} of {astray} frames of others' queries that come once came while an answer "
        f"of the recipient's was open, and such answers lack {lacking} such events of their "
        "own, while whoever asked got them as well: one came in the place of the other"
    )


def _written_over(because: str) -> Mechanism:
    return Mechanism(name="a frame that was written over before it was sent", because=because)


def _count_torn(scene: Scene) -> tuple[int, int]:
    """How many frames with another's words are no whole message, and how many there are.

    Only of a platform whose frames are messages as a rule.
    """
    if scene.run.history.plan.dialect.class_ is not None:
        return 0, len(scene.worded)
    nameless: dict[str, set[int]] = {}
    for frame in scene.worded:
        if frame["kind"] is None:
            nameless.setdefault(frame["stream"], set()).add(frame["index"])
    torn = sum(
        map(
            _is_torn,
            (text for s, at in nameless.items() for text in scene.run.contents(s, at).values()),
        )
    )
    if torn < SEVERAL:
        return torn, len(scene.worded)
    heard = scene.run.frames.filter(nw.col("opcode") == int(Opcode.TEXT))
    unnamed = count(heard.filter(nw.col("kind").is_null()))
    return (torn if unnamed < FEW * count(heard) else 0), len(scene.worded)


def _is_torn(text: str) -> bool:
    """Whether a text begins as JSON does, and is none, nor several of it, nor Python's repr."""
    if not text.startswith(("{", "[")) or _REPR.match(text):
        return False
    read, begin = json.JSONDecoder().raw_decode, _SIGN.search(text)
    try:
        while begin is not None:
            _, end = read(text, begin.start())
            begin = _SIGN.search(text, end)
    except (ValueError, RecursionError):
        return True
    return False


def given_away(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever got another's words got none of its own, and whose they were got none at all.

    So it may be once where two share an agent, too; of few cases neither is said.
    """
    pairs, bare, echoes = scene.once(_count_given_away)
    if not scene.own(found) or not pairs or bare < ALMOST_ALL * pairs or echoes < MOST:
        return None
    if pairs < SEVERAL:
        return Mechanism(
            name=UNKNOWN,
            because=(
                "the answer to the one holds words of the other, who waited meanwhile, and none of "
                "its own: it was given to the wrong one, or both were answered by one agent; "
                f"{pairs} such {'case does' if pairs == 1 else 'cases do'} not tell which"
            ),
        )
    return Mechanism(
        name="a reply that was given to somebody else who waited for one",
        because=(
            f"in {bare} of {pairs} cases two waited at once, the answer to the one holds the "
            "other's words and none of its own, and no answer held them where they belonged; "
            f"{echoes:.0%} of all answers hold words of their own question"
        ),
    )


def _count_given_away(scene: Scene) -> tuple[int, int, float]:
    """How many answers have one other's words, how many of them in exchange; and who echoes.

    Nothing where words of one went to several, or of several to one.
    """
    pairs = {(each.victim.id, each.recipient.id): each for each in scene.passings}
    victims, recipients = {one for one, _ in pairs}, {other for _, other in pairs}
    if not len(pairs) == len(victims) == len(recipients):
        return 0, 0, 0.0
    bare = [
        each
        for each in pairs.values()
        if not each.before and not each.recipient.echoed and not each.victim.echoed
    ]
    answered = [q for q in scene.run.history.queries.values() if q.ending is Ending.OK]
    echoes = sum(query.echoed for query in answered) / max(1, len(answered))
    return len(pairs), len(bare), echoes


def _count_copies(scene: Scene) -> int:
    """How many frames went astray that had reached whoever asked as well."""
    reached = (scene.reached.get((f["label_query"], f["kind"]), ()) for f in scene.of_others)
    return sum(f["query_owner"] in who for f, who in zip(scene.of_others, reached, strict=True))


def _count_instead(scene: Scene) -> tuple[int, int, int]:
    """How many frames went astray, how many events the answers that met them lack, and both.

    Only events count that every answer has once.  Session by session: a frame that is sent to
    one more takes nothing from whoever gets it.
    """
    promised = scene.run.history.plan.dialect
    once = set(promised.protocol) - set(promised.repeats)
    astray = [frame for frame in scene.of_others if frame["kind"] in once]
    got = Counter[SessionId](frame["session"] for frame in astray)
    asked: dict[SessionId, list[Query]] = {}
    for query in scene.run.history.queries.values():
        asked.setdefault(query.session, []).append(query)
    met = {
        query.id: query
        for frame in astray
        for query in asked.get(frame["session"], ())
        if query.sent_s <= frame["at_s"] <= over(query)  # its answer was awaited
    }
    came = scene.run.frames.filter(
        nw.col("label_query").is_in(sorted(met))
        & (nw.col("query_owner") == nw.col("principal"))
        & nw.col("kind").is_in(sorted(once))
    )
    there: dict[str, set[str]] = {}
    for each in records(came.select("label_query", "kind").unique()):
        there.setdefault(each["label_query"], set()).add(each["kind"])
    lacks = Counter[SessionId]()
    for query in met.values():
        lacks[query.session] += len(once - there.get(query.id, set()))
    return len(astray), lacks.total(), (got & lacks).total()
