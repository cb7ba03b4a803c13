"""Forged tokens: what proves nothing is shown to the WebSocket and to the HTTP side.

Each is made from a decoy's real token and names that decoy; the same once more beside
headers that tests and gateways are known to believe.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping

import orjson

from isolation_checks import probing
from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Secret
from isolation_checks.probing import DRESSED, SOCKET, Family, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes import forging
from locustfiles.driving.probes.controls import own_call, own_socket
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import AuthError

MINTED = "minted token by "


def forge_tokens(rig: Rig) -> None:
    """Show the platform tokens that prove nothing, one kind after another."""
    wanted = list(probing.wanted(rig.plan, Family.TOKENS))
    if not wanted:
        return
    places: list[str] = []
    for each in wanted:
        places += [each.way] if each.way not in places else []
    wanted.sort(key=lambda each: places.index(each.way))  # every kind once before any again
    ground = Ground(rig)
    rig.introduce(ground.intruder)
    for turn in itertools.count():
        conversation = ground.conversation(turn)
        public = _public(ground)
        _controls(ground, conversation, _model(ground, public))
        for each in wanted:
            ground.pause()
            if conversation is not None or each.way.startswith(SOCKET):
                # what it is made from must be good at the time, or its age is what is refused
                _try(ground, each, _model(ground, public), conversation, turn)


def _model(ground: Ground, public: Mapping[str, object] | None) -> forging.Model | str:
    """The decoy's token taken apart; a sentence where it cannot be."""
    plan = ground.rig.plan
    key = None if plan.probes.key is None else Secret(plan.probes.key).value()
    if key is not None:
        ground.rig.credentials.know(key, "the platform")
    try:
        return forging.model_of(
            ground.token(ground.decoy.principal),
            key=key,
            algorithm=plan.probes.algorithm,
            public=public,
        )
    except forging.CannotBeMadeError as error:
        return str(error)


def _public(ground: Ground) -> Mapping[str, object] | None:
    """The first of the platform's public keys, where it has any."""
    path = ground.rig.plan.probes.jwks
    if path is None:
        return None
    try:
        _, body = ground.auth.call(Call(path=path, method="GET"), {})
        keys = orjson.loads(body)
    except (AuthError, orjson.JSONDecodeError):
        return None
    found = keys.get("keys") if isinstance(keys, dict) else None
    return found[0] if isinstance(found, list) and found else None


def _controls(ground: Ground, conversation: str | None, model: forging.Model | str) -> None:
    """The decoy's own token is taken; and so is one that is minted, where we can."""
    who = ground.decoy.principal
    good = [("own token by ", ground.token(who))]
    if isinstance(model, forging.Model) and model.key is not None:
        try:
            minted = model.minted(time.time())
        except forging.CannotBeMadeError:
            pass  # the kinds that need it say why they cannot be made
        else:
            ground.rig.credentials.know(minted, who.id)
            good.append((MINTED, minted))
    for label, token in good:
        own_socket(ground, who, token, label + SOCKET)
        for call in probing.reads(ground.rig.plan)[:1]:
            if conversation is not None:
                own_call(ground, who, token, call, conversation, label + probing.name_of(call))


def _try(
    ground: Ground,
    each: Wanted,
    model: forging.Model | str,
    conversation: str | None,
    turn: int,
) -> None:
    rig, who = ground.rig, ground.decoy.principal
    plain = each.way.removesuffix(DRESSED)
    dressed = plain != each.way
    tried = Trying(
        kind=each.kind,
        way=each.way,
        by=ground.intruder,
        victim=who,
        said=_said(each, who.id, dressed=dressed),
        shows=Shows.LET_IN if plain == SOCKET else Shows.WORDS,
        relies_on=MINTED + plain if each.kind in probing.BY_KEY else own(plain),
    )
    with ground.trying(tried):
        token = _token(tried, model, turn)
        if tried.trouble is not None:
            return
        if token is not None:
            rig.credentials.know(token, ground.intruder.id)
        value = who.subject or who.email
        headers = dict.fromkeys(rig.plan.probes.headers, value) if dressed else {}
        shown = Shown(token=token, headers=headers, subject=who.subject)
        if plain == SOCKET:
            ground.watch(tried)
            _connect(ground, tried, shown, conversation)
        else:
            tried.about = conversation
            call = next(c for c in probing.reads(rig.plan) if probing.name_of(c) == plain)
            ground.call(tried, call, conversation, shown)


def _token(tried: Trying, model: forging.Model | str, turn: int) -> str | None:
    if tried.kind == "no token":
        return None
    blank = forging.Model(header={}, claims={})
    known = blank if tried.kind == "made-up token" else model
    if isinstance(known, str):
        tried.trouble = known
        return None
    try:
        return forging.forged(tried.kind, known, turn, time.time())
    except forging.CannotBeMadeError as error:
        tried.trouble = str(error)
        return None


def _said(each: Wanted, victim: str, *, dressed: bool) -> str:
    what = each.kind if each.kind.endswith("token") else f"a token for {victim} ({each.kind})"
    return f"{what}, beside headers that name {victim}" if dressed else what


def _connect(ground: Ground, tried: Trying, shown: Shown, conversation: str | None) -> None:
    """Connect; where that is not refused, ask for what only the victim may have."""
    line = ground.line(tried, shown)
    if not line.ready:
        return
    query = ground.ask(tried, line)
    if conversation is not None:
        for _, content in ground.reading(conversation, shown.subject):
            line.send(content)
    line.wait_for_end(query)
