from __future__ import annotations

import pytest

from isolation_checks.checks.unanswered import NONE, said
from tests.isolation_checks.language import told

TWO = "a?q1 a?q2 a:'sorry"
LONG = "'" + 200 * "long_"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("", ""),
        ("a?q1 a!q1=unsent", ""),  # the platform never heard of it
        ("a?q1 a!q1=timeout", "1 of 1 waited in vain; not a single message came"),
        ("a?q1 a:'sorry a!q1=timeout b?q2 b!q2=timeout a?q3 a!q3=lost", "2 of 3 waited in vain; "),
        (
            "a?q1 a:'sorry,q1,/agent_error a!q1=agent_error",
            "1 of 1 ended by 'agent_error'; the last",
        ),
        (
            f"{TWO} a!q1=timeout a!q2=timeout",
            "1 messages came, and none that answers any, the last {",
        ),
        (f"a?q1 a:{LONG} a!q1=timeout", "…"),
        ("a?q1 a!q1=cut", "1 of 1 were still open when the run ended; not a single"),
        ("a?q1 a!q1=lost", "1 of 1 lost their session; not a single"),
    ],
)
def test_where_nothing_was_answered_it_is_said_what_came_instead(script, why):
    """How most queries ended, and the last message that may say why."""
    assert said(told(script)).startswith(NONE)
    assert why in said(told(script))


def test_what_the_platform_said_is_shown():
    """Whoever reads it need not look for it."""
    assert "sorry" in said(told("a?q1 a:'sorry,q1,/agent_error a!q1=agent_error"))
    assert "sorry" in said(told(f"{TWO} a!q1=timeout a!q2=timeout"))
