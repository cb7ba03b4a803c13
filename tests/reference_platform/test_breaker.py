import pytest
from reference_platform.agent.breaker import CircuitBreaker
from reference_platform.nouns import PlatformError


def open_breaker(clock):
    breaker = CircuitBreaker(failures=3, pause_s=5, clock=lambda: clock[0])
    for _ in range(3):
        breaker.check()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_only():
    clock = [0.0]
    breaker = CircuitBreaker(failures=2, pause_s=5, clock=lambda: clock[0])
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.check()
    breaker.failed()
    with pytest.raises(PlatformError, match="not available"):
        breaker.check()


def test_after_its_pause_it_lets_one_trial_through():
    clock = [0.0]
    breaker = open_breaker(clock)
    clock[0] = 5.0
    breaker.check()
    with pytest.raises(PlatformError):
        breaker.check()


def test_a_trial_that_succeeds_closes_it_and_one_that_fails_does_not():
    clock = [0.0]
    breaker = open_breaker(clock)
    clock[0] = 5.0
    breaker.check()
    breaker.failed()
    with pytest.raises(PlatformError):
        breaker.check()
    clock[0] = 10.0
    breaker.check()
    breaker.succeeded()
    breaker.check()
    breaker.check()
