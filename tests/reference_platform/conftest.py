import pytest

from tests.reference_platform.driving import FAST, platform


@pytest.fixture(scope="session")
def honest():
    """One honest platform for all tests that leave no trace on each other."""
    with platform(*FAST) as running:
        yield running
