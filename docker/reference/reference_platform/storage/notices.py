"""The outbox: mails that tell users of their answers, as rows for a mailer to send."""

from __future__ import annotations

import time

from reference_platform.agent.run import Answer, Run
from reference_platform.faults import Faults
from reference_platform.nouns import Principal, fresh_id
from reference_platform.storage.database import Statement

_EXCERPT_CHARACTERS = 500


class Notifier:
    """Writes a notice of each answer to whoever asked."""

    def __init__(self, faults: Faults) -> None:
        """Nobody is to be told of anything yet."""
        self._faults = faults
        self._addressee: Principal | None = None

    def begin(self, run: Run) -> None:
        """A run begins."""
        self._addressee = run.principal

    def notice(self, run: Run, answer: Answer) -> Statement:
        """The row of a notice.

        Fault side_effect_misdelivery: to whoever the notifier was last told about.
        """
        addressee = run.principal
        if self._addressee is not None and self._faults.strikes("side_effect_misdelivery"):
            addressee = self._addressee
        return Statement(
            "INSERT INTO notifications (id, user_id, recipient, run_id, content, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                fresh_id(),
                addressee.user_id,
                addressee.email,
                run.id,
                answer.content[:_EXCERPT_CHARACTERS],
                time.time(),
            ),
        )
