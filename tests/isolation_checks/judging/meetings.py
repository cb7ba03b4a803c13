"""Scripts in which two principals meet and each is answered with its own word."""

from __future__ import annotations

EVENTS = ("started", "thinking", "tool_executing", "tool_completed", "completed,A1")


def answered(name, query, canary):
    """A whole answer that echoes its canary."""
    frames = [f"{name}:{query},={name},/{event.replace('A1', canary)}" for event in EVENTS]
    return " ".join([*frames, f"{name}!{query}"])


def meetings(pairs, *, alone=0):
    """So many times two meet, each answered with its own word; and a asks so often alone."""
    said, number = ["a:/connection_established,$1 b:/connection_established,$2"], 0
    for _ in range(pairs):
        one, two = f"q{number + 1}", f"q{number + 2}"
        said += [f"a?{one},A{number + 1}", f"b?{two},B{number + 2}"]
        said += [answered("a", one, f"A{number + 1}"), answered("b", two, f"B{number + 2}")]
        number += 2
    for _ in range(alone):
        number += 1
        said += [f"a?q{number},A{number} b?q{number}0", answered("a", f"q{number}", f"A{number}")]
        said += [answered("b", f"q{number}0", "A0~").replace(",A0~", "")]
    return " ".join(said)
