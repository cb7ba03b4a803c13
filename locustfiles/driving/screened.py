"""Keeps credentials out of what a driver logs and prints, as the recorder keeps them out of a run.

Locust logs tracebacks, and gevent prints them; an exception's text may hold a token.
"""

from __future__ import annotations

import io
import logging
import secrets
import sys
from collections.abc import Callable

import gevent

from isolation_checks.history.credentials import Credentials

_LOGGERS = (None, "locust", "locust.stats_logger")
"""Those that have handlers of their own, as Locust sets logging up."""
_FORMATTER = logging.Formatter()


def install(known: Callable[[], Credentials | None]) -> None:
    """Screen this process's log handlers and gevent's own reports.

    `known` gives the credentials of the present run; without any, what is shaped like a
    JWT is still marked.
    """
    fallback = Credentials(secrets.token_bytes(32))

    def screen(text: str) -> str:
        return (known() or fallback).marked_text(text)

    log_filter = _Filter(screen)
    for name in _LOGGERS:
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(log_filter)
    gevent.get_hub().exception_stream = _Stream(screen)


class _Filter(logging.Filter):
    """Screens a record's text and its traceback before any handler formats it."""

    def __init__(self, screen: Callable[[str], str]) -> None:
        super().__init__()
        self._screen = screen

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._screen(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._screen(record.exc_text)
        return True


class _Stream(io.TextIOBase):
    """Where gevent prints what a greenlet died of."""

    def __init__(self, screen: Callable[[str], str]) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str) -> int:
        return sys.stderr.write(self._screen(text))
