"""The words of a query: chatter that sounds like a customer, and canaries in it.

It sends nothing and records nothing; it says what was planted, so that others can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from isolation_checks.canary import Canary
from isolation_checks.plan.tables.workload import Workload
from isolation_checks.records import Kind
from locustfiles.driving.principals import Principal

ALIKE = (
    "Could you please take the time to look into the following matter for me, as you have "
    "done so well before, and then tell me in one short sentence what you make of my reference"
)
ROUNDS = 3
"""The cycle of what a conversation is about: twice it only asks, once it tells and recalls.

It tells in its first turn, or in a later one: what is told on that path may be kept elsewhere.
"""
RECALL = "What did I tell you to remember?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text and the plantings in it, one (kind, value) each."""

    kind: Kind
    text: str
    planted: tuple[tuple[str, str], ...] = field(default=())
    place: str = "query"

    def plantings(self, principal: Principal, **where: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - columns
        """The plantings as records."""
        return [
            {"canary": value, "kind": kind, "principal": principal.id, "place": self.place, **where}
            for kind, value in self.planted
        ]


def question(
    principal: Principal, canary: Canary, words: int, kind: Kind = Kind.QUESTION
) -> Wording:
    """An ordinary question, which asks for its own reference to be repeated.

    It tells two facts of its persona: a paraphrase that loses the reference may keep them.
    """
    drawn, persona = principal.random, principal.persona
    chatter = " ".join(drawn.choices(principal.words, k=max(3, words)))
    number = drawn.randrange(2, 999)
    form = drawn.randrange(3)
    if form == 0:
        text = (
            f"My order {canary} for {persona.company}, {persona.street}, is late. Where is it? "
            f"Note: {chatter}. Please repeat the reference, {number} times sorry."
        )
    elif form == 1:
        text = (
            f"Please search the document {canary} of {persona.name} at {persona.company} about "
            f"{chatter}, section {number}, and repeat its reference."
        )
    else:
        text = (
            f"What is {number} times {drawn.randrange(2, 99)}? It is for reference {canary}, "
            f"{persona.name}, {persona.street}. Context: {chatter}. Repeat the reference."
        )
    return Wording(kind=kind, text=text, planted=(("token", canary),))


def alike(principal: Principal, canary: Canary) -> Wording:
    """A question that begins as all of these do, for longer than keys are, and then differs."""
    upper = principal.serial % 2
    opening = ALIKE.upper() if upper else ALIKE
    return Wording(
        kind=Kind.QUESTION,
        text=f"{opening} {canary}, and nothing else.",
        planted=(("token", canary),),
    )


def at_length(
    principal: Principal, canary: Canary, octets: int, kind: Kind = Kind.QUESTION
) -> Wording:
    """A question that is about this long, with its reference at both ends of it."""
    opening = f"Please read these notes on my reference {canary}: "
    ending = f". That was all. Repeat the reference {canary}."
    left = octets - len(opening) - len(ending)
    notes: list[str] = []
    while left > 0:
        notes.append(principal.random.choice(principal.words))
        left -= len(notes[-1]) + 1
    return Wording(
        kind=kind,
        text=f"{opening}{' '.join(notes[:-1])}{ending}",
        planted=(("token", canary),),
    )


def one_word(canary: Canary) -> Wording:
    """A question that is nothing but its reference."""
    return Wording(kind=Kind.QUESTION, text=canary, planted=(("token", canary),))


def searching(title: str, ask: str, canary: Canary) -> Wording:
    """A search for something by its title, with a reference of the asker's own."""
    return Wording(
        kind=Kind.QUESTION,
        text=f"{ask.replace('{title}', title)} It is for reference {canary}.",
        planted=(("token", canary),),
    )


def in_words(canary: Canary, text: str, kind: Kind) -> Wording:
    """A question in words of the plan's, beside which its own reference stands."""
    return Wording(
        kind=kind,
        text=f"{text} It is for reference {canary}.",
        planted=(("token", canary),),
    )


def remember(principal: Principal, canary: Canary) -> Wording:
    """Tells the platform something to be asked for later."""
    persona = principal.persona
    text = (
        f"Remember: my locker code is {canary}, my name is {persona.name}, I live at "
        f"{persona.street}, and my motto is {persona.motto}."
    )
    planted = (("token", canary),)
    return Wording(kind=Kind.REMEMBER, text=text, planted=planted, place="memory")


def telling(conversations: int, turns: int) -> int | None:
    """In which turn the conversation of this number tells something to remember, if it does."""
    rounds, place = divmod(conversations, ROUNDS)
    return None if place else rounds % max(1, turns - 1)


def of_turn(
    principal: Principal,
    canary: Callable[[Principal], Canary],
    workload: Workload,
    turn: int,
    telling: int | None,
) -> Wording:
    """What an ordinary user says at a turn: it asks, or tells at one and recalls at the last."""
    if turn == telling:
        return remember(principal, canary(principal))
    if telling is not None and turn == workload.turns - 1:
        return recall()
    return question(principal, canary(principal), workload.words)


def recall(salt: str = "") -> Wording:
    """Asks for what was told before; word for word the same for whoever asks with this salt."""
    return Wording(kind=Kind.RECALL, text=f"{RECALL} {salt}".strip())
