from __future__ import annotations

import pytest

from isolation_checks.selftest import opportunities
from tests.isolation_checks.language import told

SCRIPT = (
    "a: b: c+3! a?q1@x,A1 a!q1 a?q2@x a!q2=timeout b?q3@y b!q3 b- b+ a*read@x,b a*cancel,b "
    "b?q4~failing@y b!q4=error b?q5~failing@y b!q5=error a?q6~cancelled@x a!q6=agent_cancelled "
    "b*fail,a a*abandon,b b*reconnect,b a*resume,b a*restart,b"
)


@pytest.mark.parametrize(
    ("opportunity", "many"),
    [
        ("connect", 4),  # one came back; the one that failed is none
        ("disconnect", 2),
        ("query", 6),
        ("completed query", 2),
        ("query without a thread", 2),
        ("query in a known thread", 4),
        ("event", 99),
        ("cancel", 1),
        ("failed run", 2),
        ("failed or cancelled run", 3),
        ("read of a thread", 2),  # over the socket and by HTTP
        ("event with a text", 2),  # at least
        ("event without a socket", 3),
        ("resume", 1),
        ("unsigned token", 0),
        ("logout or expiry", 0),
        ("restart of a worker", 1),
        ("query while the model is overloaded", None),  # that is the platform's to say
    ],
)
def test_chances_are_counted_as_far_as_they_show(opportunity, many):
    """None is unknown and never zero."""
    history = told(SCRIPT).history
    assert many == opportunities.of(opportunity, history, frames=99)
