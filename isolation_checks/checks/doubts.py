"""Why nobody can say of an attempt whether it was refused, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nobody can say what became of an attempt.

    `lasting`: it stays where another attempt of the kind was refused: this one was not.
    """

    words: str
    lasting: bool = False


SHARED = Doubt("the plan lets these two share what would show it")
GIVEN_TO_ANYBODY = Doubt("whoever asks is given it, without any claim")
NOT_RECORDED = Doubt("nothing was recorded of it")
OWN_TOKEN_NOT_TAKEN = Doubt("its own good token was not taken either")
NOTHING_ASKED = Doubt("nothing could be asked")
NOT_LOOKED = Doubt("its owner could not look behind it")
NO_WAY_TO_LOOK = Doubt(
    "it was not refused, and nobody can see what it wrote: the plan describes no way to read a "
    "conversation, dialect.read_conversation or dialect.read_conversation_http",
    lasting=True,
)
ONLY_WELCOMED = Doubt(
    "it was welcomed, and its question was not answered, as its owner's is: an event that comes "
    "before a token is looked at does not belong into dialect.opens",
    lasting=True,
)
ALL_WELCOMED = Doubt(
    "it was welcomed, as whoever connects may be, and nobody's question was answered behind it: is "
    "probes.patience long enough?",
    lasting=True,
)
AS_WHOM = Doubt(
    "it came in, and nobody can see as whom: sessions of those with a good token do not say so "
    "either, dialect.where.user, nor is a conversation read by a message, "
    "dialect.read_conversation",
    lasting=True,
)
GAVE_BACK = Doubt(
    "an event of dialect.resume.accepted came, and names neither that session nor the intruder's "
    "own at dialect.resume.session",
    lasting=True,
)


def even_came_to_nothing(control: str | None, why: str = "") -> Doubt:
    """The same, asked for by its owner, was not granted."""
    return Doubt(f"even {control} came to nothing{why}")


def answered(code: int | None) -> Doubt:
    """The platform said by a status that it was in trouble."""
    return Doubt(f"the platform answered {code}")


def closed(code: int) -> Doubt:
    """The platform said by a close code that it was busy."""
    return Doubt(f"the platform closed it with {code}")


def unreadable_behind(code: int | None) -> Doubt:
    """Whatever was answered, its owner's words are gone."""
    words = f"it was answered {code}, and its owner cannot read its words any more"
    return Doubt(words, lasting=True)


def taken_without_words(way: str, code: int | None) -> Doubt:
    """A request was taken, and leaves nothing that shows."""
    words = f"{way} was answered {code}, and nobody can see what it did: it holds no {{text}}"
    return Doubt(words, lasting=True)
