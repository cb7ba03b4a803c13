from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Whoever starts the tests in the background, as `&` in a script does, has Ctrl-C ignored.

    That is inherited; what a test starts and interrupts must hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
