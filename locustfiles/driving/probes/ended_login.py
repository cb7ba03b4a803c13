"""Ended logins: what a principal held when it logged out, or when it expired, is used again.

Its open socket, its access token, its refresh token; and a refresh token that was exchanged.
Nobody but the principal itself is concerned.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import gevent
import orjson

from isolation_checks import probing
from isolation_checks.dialects import template
from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Secret
from isolation_checks.probing import SOCKET, Family, Shows, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.principals import Principal
from locustfiles.driving.probes import forging
from locustfiles.driving.probes.controls import begun, own_call, own_socket
from locustfiles.driving.probes.forged_tokens import MINTED
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.line import Line
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.rig import Rig

ANSWERED, REFRESHED = "answer before the end", "refresh before the end"
LIFE_S = 2.0
"""Of a token that is to run out under an open socket; longer where an answer may take longer."""


def use_ended_logins(rig: Rig) -> None:
    """Log in, end it, and go on, again and again."""
    kinds = {each.kind for each in probing.wanted(rig.plan, Family.LOGIN)}
    if not kinds:
        return
    ground = Ground(rig)
    who = ground.intruder  # its own login: it intrudes on nobody but its former self
    for _ in itertools.count():
        ground.pause()
        if kinds & {"socket after logout", "token after logout", "refresh after logout"}:
            _after_logout(ground, who, kinds)
            _forget(who)
        if kinds & {"rotated refresh token", "refresh after logout"}:
            _after_rotation(ground, who, kinds)
            _forget(who)
        if "socket after expiry" in kinds:
            _after_expiry(ground, who)


def _forget(who: Principal) -> None:
    """It shall log in again: what it holds is worth nothing any more."""
    who.access = who.refresh = who.expires_s = who.lifetime_s = None


def _tried(kind: str, who: Principal, way: str, shows: Shows, relies_on: str) -> Trying:
    return Trying(
        kind=kind, way=way, by=who, victim=who, said=_SAID[kind], shows=shows, relies_on=relies_on
    )


_SAID = {
    "socket after logout": "a socket that was open before its logout",
    "token after logout": "an access token from before its logout",
    "refresh after logout": "a refresh token from before its logout",
    "rotated refresh token": "a refresh token that had been exchanged",
    "socket after expiry": "a socket whose token had run out",
}


def _again(ground: Ground, tried: Trying, line: Line) -> None:
    """Ask once more over a line whose login has ended."""
    with ground.trying(tried):
        tried.session = line.id
        if not line.closed.is_set():
            query = ground.ask(tried, line)
            line.wait_for_end(query, _answer_s(ground))


def _answer_s(ground: Ground) -> float:
    """How long an answer is waited for that comes, if at all, before the end and behind it."""
    return 2 * float(ground.rig.plan.probes.patience)


def _after_logout(ground: Ground, who: Principal, kinds: set[str]) -> None:
    plan, token = ground.rig.plan, ground.token(who)
    assert plan.auth.logout is not None
    own_socket(ground, who, token, own(SOCKET))  # before: a platform may keep one socket of each
    line, conversation = begun(ground, who, token, ANSWERED, _answer_s(ground))
    try:
        reads = probing.reads(plan)[:1] if conversation is not None else ()
        for call in reads:
            own_call(ground, who, token, call, conversation or "", own(probing.name_of(call)))
        before = "the platform had closed it before the logout" if line.closed.is_set() else None
        trouble = _ended(ground, who, plan.auth.logout)
        if "socket after logout" in kinds:
            tried = _tried("socket after logout", who, SOCKET, Shows.ECHO, ANSWERED)
            tried.trouble = trouble or before
            _again(ground, tried, line)
        if "token after logout" in kinds:
            _connect_again(ground, who, token, trouble)
            for call in reads:
                way = probing.name_of(call)
                tried = _tried("token after logout", who, way, Shows.WORDS, own(way))
                tried.trouble, tried.about = trouble, conversation
                with ground.trying(tried):
                    ground.call(tried, call, conversation, Shown(token=token))
        if "refresh after logout" in kinds and plan.auth.refresh is not None:
            way = "POST refresh"
            tried = _tried("refresh after logout", who, way, Shows.TOKEN, REFRESHED)
            tried.trouble = trouble or (None if who.refresh else "it gave no refresh token")
            with ground.trying(tried):
                if tried.trouble is None:
                    ground.auth_call(tried, plan.auth.refresh)
    finally:
        line.close()


def _ended(ground: Ground, who: Principal, logout: Call) -> str | None:
    """Log out, and give the platform time for it; why it could not be done."""
    tried = Trying(kind="", way="", by=who, victim=who, said="", shows=Shows.TOKEN)
    answer = ground.auth_call(tried, logout)
    gevent.sleep(float(ground.rig.plan.probes.grace))
    if answer is None:
        return tried.trouble
    return None if answer[0] < 300 else f"the logout answered {answer[0]}"  # noqa: PLR2004 - HTTP's own


def _connect_again(ground: Ground, who: Principal, token: str, trouble: str | None) -> None:
    tried = _tried("token after logout", who, SOCKET, Shows.LET_IN, own(SOCKET))
    tried.trouble = trouble
    with ground.trying(tried):
        line = ground.line(tried, Shown(token=token))
        if line.ready:
            query = ground.ask(tried, line)
            line.wait_for_end(query)


def _after_rotation(ground: Ground, who: Principal, kinds: set[str]) -> None:
    """Exchange a refresh token, and exchange it once more."""
    refresh = ground.rig.plan.auth.refresh
    assert refresh is not None
    ground.token(who)
    first = who.refresh
    said = "a refresh token, for the first time"
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=Shows.TOKEN)
    with ground.trying(tried.own(REFRESHED)):
        answer = ground.auth_call(tried, refresh) if first is not None else None
    if "rotated refresh token" not in kinds:
        return
    fresh = _refresh_token(ground, answer)
    gevent.sleep(float(ground.rig.plan.probes.grace))
    tried = _tried("rotated refresh token", who, "POST refresh", Shows.TOKEN, REFRESHED)
    if first is None:
        tried.trouble = "the platform gave no refresh token"
    elif fresh in (None, first):
        tried.trouble = "the platform does not rotate its refresh tokens"
    with ground.trying(tried):
        if tried.trouble is None:
            ground.auth_call(tried, refresh)  # with the first: the fresh one is not kept


def _refresh_token(ground: Ground, answer: tuple[int, bytes] | None) -> str | None:
    if answer is None:
        return None
    try:
        said: Any = orjson.loads(answer[1])
    except orjson.JSONDecodeError:
        return None
    return template.first_text(said, ground.rig.plan.auth.refresh_token)


def _after_expiry(ground: Ground, who: Principal) -> None:
    """Let a token run out under an open socket, and ask over it."""
    probes, token = ground.rig.plan.probes, ground.token(who)
    tried = _tried("socket after expiry", who, SOCKET, Shows.ECHO, MINTED + "a short life")
    assert probes.key is not None
    try:
        model = forging.model_of(token, key=Secret(probes.key).value(), algorithm=probes.algorithm)
        life_s = max(LIFE_S, 1 + _answer_s(ground))
        minted = model.minted(time.time(), life_s=life_s)
    except forging.CannotBeMadeError as error:
        tried.trouble = str(error)
        with ground.trying(tried):
            return
    ground.rig.credentials.know(minted, who.id)
    ends_s = time.monotonic() + life_s + float(probes.grace)
    control = Trying(kind="", way="", by=who, victim=who, said="", shows=Shows.ECHO)
    with ground.trying(control.own(MINTED + "a short life")):
        line = ground.line(control, Shown(token=minted), kept=True)
        if line.ready:
            query = ground.ask(control, line)
            line.wait_for_end(query, _answer_s(ground))
    try:
        line.wait(lambda: False, ends_s - time.monotonic())
        tried.began_ns = time.monotonic_ns()
        _again(ground, tried, line)
    finally:
        line.close()
