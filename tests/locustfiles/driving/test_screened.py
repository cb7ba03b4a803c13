from __future__ import annotations

import io
import logging

import gevent
import pytest

from isolation_checks.history.credentials import Credentials
from locustfiles.driving import screened

OPAQUE = "s3cret-refresh-token-of-ana-0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"


@pytest.fixture
def said(monkeypatch):
    """What is logged by the root logger's handler, and what gevent prints."""
    known = Credentials(b"k" * 32)
    known.know(OPAQUE, "ana-01")
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    root = logging.getLogger()
    root.addHandler(handler)
    hub = gevent.get_hub()
    monkeypatch.setattr(hub, "exception_stream", hub.exception_stream, raising=False)
    screened.install(lambda: known)
    yield out.getvalue
    root.removeHandler(handler)


def failing():
    raise RuntimeError(f"refused: {OPAQUE} and {JWT}")


def test_what_is_logged_holds_no_credential(said):
    """Neither the text, nor its arguments, nor the traceback behind it."""
    log = logging.getLogger("anybody")
    try:
        failing()
    except RuntimeError:
        log.exception("with %s", OPAQUE)
    assert "refused: credential.ana-01." in said()
    assert "with credential.ana-01." in said()
    assert "credential.unknown." in said()
    assert OPAQUE not in said()
    assert JWT not in said()


@pytest.mark.usefixtures("said")
def test_what_gevent_prints_of_a_dead_greenlet_holds_none(capsys):
    """It writes past the logs, straight to standard error."""
    gevent.spawn(failing).join()
    printed = capsys.readouterr().err
    assert "refused: credential.ana-01." in printed
    assert "failed with RuntimeError" in printed
    assert OPAQUE not in printed
    assert JWT not in printed


def test_without_a_run_what_looks_like_a_token_is_marked_all_the_same(said):
    """A process that drives nothing yet knows no credentials."""
    screened.install(lambda: None)
    logging.getLogger("anybody").error("sent %s", JWT)
    assert JWT not in said()
