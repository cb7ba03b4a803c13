"""Fingerprints of what a probe was given: what was tried says by which mechanism."""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.routing import READ
from isolation_checks.judging.fingerprints.scene import Mechanism, Scene


def probed(scene: Scene, found: Found) -> Mechanism | None:  # noqa: ARG001 - the signature of all
    """What was tried says by which mechanism it was accepted."""
    if found.kind not in PROBED:
        return None
    name, because = PROBED[found.kind]
    said = because.format(victim=found.victim, recipient=found.recipient)
    return Mechanism(name=name, because=said)


PROBED = {
    "forged-token": (
        "a token is believed that proves nothing",
        "what {recipient} showed was made without any part of {victim}'s",
    ),
    "claimed-identity": (
        "the user is taken from the request, not from the token",
        "the token was {recipient}'s own, and only the request spoke of {victim}",
    ),
    "anothers-conversation": (
        READ,
        "{recipient} had asked for {victim}'s conversation by its id, and got it",
    ),
    "anothers-session": (
        "a session is given back by its id alone",
        "{recipient} proved nothing but that it had a session of its own",
    ),
    "ended-login": (
        "a login is believed after its end",
        "{victim} had ended it, or its time was over",
    ),
    "interference": (
        "an attempt takes effect before it is refused",
        "{victim} was cut off while {recipient} was being refused",
    ),
}
