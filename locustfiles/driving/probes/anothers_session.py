"""Another's session: an intruder with a good token of its own asks for it by its id.

The decoy is being answered meanwhile: its words would come to the intruder, and it must
not lose them to an intruder who is refused.
"""

from __future__ import annotations

import itertools
import time

from isolation_checks import probing
from isolation_checks.dialects import template
from isolation_checks.plan.tables.dialect import Resume
from isolation_checks.probing import UNDISTURBED, Family, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.line import Line
from locustfiles.driving.probes.trying import ACCEPTED, Trying
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import token_names


def take_anothers_session(rig: Rig) -> None:
    """Have an intruder ask for the sessions of a decoy's, each a new one."""
    wanted = list(probing.wanted(rig.plan, Family.SESSION))
    resume = rig.plan.dialect.resume
    if not wanted or resume is None:
        return
    ground = Ground(rig)
    ground.token(ground.decoy.principal)
    for _ in itertools.count():
        _undisturbed(ground)
        for each in wanted:
            _own(ground, each, resume)
        for each in wanted:
            ground.pause()
            _try(ground, each, resume)


def _opened(ground: Ground, tried: Trying) -> Line:
    """A session of the decoy's."""
    line = Line(ground.rig, ground.decoy.principal)
    line.open(Shown(token=ground.token(ground.decoy.principal)))
    tried.trouble = tried.trouble or line.trouble
    return line


def _undisturbed(ground: Ground) -> None:
    """A control: what a decoy is told when nobody comes between."""
    who = ground.decoy.principal
    said = f"a question of {who.id}'s own"
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=Shows.ECHO)
    with ground.trying(tried.own(UNDISTURBED)):
        line = ground.line(tried, Shown(token=ground.token(who)))
        if line.ready:
            query = ground.ask(tried, line)
            line.wait_for_end(query, probing.ANSWER_SECONDS)


def _own(ground: Ground, each: Wanted, resume: Resume) -> None:
    """A control: the decoy loses its connection in mid-answer, and gets its session back."""
    who = ground.decoy.principal
    said = f"{who.id}'s own token and session"
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=Shows.RESUMED)
    with ground.trying(tried.own(own(each.kind))):
        lost = _opened(ground, tried)
        tried.about, ticket = lost.told(resume.session), lost.told(resume.ticket)
        if tried.about is None:
            tried.trouble = tried.trouble or "the platform named no session at its places"
        elif lost.ready:
            tried.watched_query = ground.ask(tried, lost)
            lost.wait_for(tried.watched_query)
            tried.query = None  # what it asked is what shall come back to it
        lost.abort()
        if tried.trouble is None:
            _take(ground, tried, each, resume, ground.token(who), ticket)


def _try(ground: Ground, each: Wanted, resume: Resume) -> None:
    who = ground.decoy.principal
    tried = Trying(
        kind=each.kind,
        way=each.way,
        by=ground.intruder,
        victim=who,
        said="its own token and that session's id",
        shows=Shows.RESUMED,
        relies_on=own(each.kind),
    )
    token = ground.token(ground.intruder)
    with ground.trying(tried):
        decoys = _opened(ground, tried)
        try:
            tried.about = decoys.told(resume.session)
            if tried.about is None:
                tried.trouble = tried.trouble or "the platform named no session at its places"
                return
            tried.watched = decoys.id
            tried.watched_query = ground.ask(tried, decoys, victim=who)
            tried.query = None
            tried.began_ns = time.monotonic_ns()
            _take(ground, tried, each, resume, token)
            query = tried.watched_query
            decoys.wait_for_end(query, probing.ANSWER_SECONDS)
        finally:
            decoys.close()


def _take(  # noqa: PLR0913, PLR0917 - who takes what, how, by which proof
    ground: Ground,
    tried: Trying,
    each: Wanted,
    resume: Resume,
    token: str,
    ticket: str | None = None,
) -> None:
    """Ask for the session; an intruder shows what proves that its own is its own."""
    rig = ground.rig
    names = {"session": tried.about, "now": time.time(), "subject": tried.by.subject}
    if each.kind == "resume on connect":
        query = {key: str(template.fill(value, names)) for key, value in resume.query.items()}
        line = ground.line(tried, Shown(token=token, query=query))
        _listen(line, resume, own=tried.expected == ACCEPTED)
        return
    line = ground.line(tried, Shown(token=token))
    if not line.ready:
        return
    tried.query = rig.query_id()
    ticket = ticket or line.told(resume.ticket)
    names |= {"query": tried.query, "ticket": ticket, **token_names(token)}
    line.send(rig.framing.sealed(template.fill(resume.message, {**rig.words, **names})))
    _listen(line, resume, own=tried.expected == ACCEPTED)


def _listen(line: Line, resume: Resume, *, own: bool) -> None:
    """What is the decoy's may come late; of its own it is enough that the platform says so."""
    line.wait(lambda: own and any(told.kind in resume.accepted for told, _ in line.heard))
