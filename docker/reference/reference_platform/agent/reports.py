"""What a client is told of an error."""

from __future__ import annotations

import base64
from collections import deque
from typing import Any

import orjson

from reference_platform.agent.run import Run
from reference_platform.faults import Faults
from reference_platform.nouns import PlatformError

_RECORDED = 5  # questions in a dump


class ErrorReports:
    """Reports of failed runs: a code and a sentence.

    The faults here add what is meant for the platform's own people, of whichever run.
    """

    def __init__(self, faults: Faults) -> None:
        """Nothing has happened yet."""
        self._faults = faults
        self._recorder: deque[str] = deque(maxlen=_RECORDED)
        self._scope: Run | None = None

    def begin(self, run: Run) -> None:
        """A run begins: the flight recorder and the scope move on."""
        if self._faults.on("encoded_leak"):
            self._recorder.append(run.question)
        self._scope = run

    def report(self, error: PlatformError) -> dict[str, Any]:
        """The payload of an error's event.

        Fault encoded_leak: with the flight recorder.  Fault error_leak: with the scope.
        """
        payload: dict[str, Any] = {"code": error.code, "message": error.message}
        if self._faults.strikes("encoded_leak"):
            payload["debug"] = base64.b64encode(orjson.dumps(list(self._recorder))).decode()
        scope = self._scope
        if scope is not None and self._faults.strikes("error_leak"):
            payload["context"] = {
                "user_id": scope.principal.user_id,
                "email": scope.principal.email,
                "thread_id": scope.thread_id,
                "run_id": scope.id,
                "request_id": scope.request_id,
                "trace": f"agent.answer(question={scope.question!r})\n{error.code}",
            }
        return payload
