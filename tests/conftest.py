from __future__ import annotations

import os
import signal

import pytest


def pytest_configure() -> None:
    """Whoever starts the tests in the background, as `&` in a script does, has Ctrl-C ignored.

    That is inherited; what a test starts and interrupts must hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_environment():
    """What a test leaves in the environment, such as an embedded platform's key, is not another's.

    Fixtures of whole modules come before it, so that theirs stays.
    """
    before = dict(os.environ)
    yield
    for name in [name for name in os.environ if name not in before]:
        del os.environ[name]
    os.environ.update(
        {name: value for name, value in before.items() if name != "PYTEST_CURRENT_TEST"}
    )
