from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import hosts
from tests.isolation_checks.plan.test_together import METRICS, parsed

STRANGE = {"prometheus": [METRICS | {"url": "http://192.0.2.7:9090/metrics"}]}


def test_an_endpoint_of_metrics_is_reached_only_where_it_may_be():
    """As what is driven: loopback, and what the plan allows."""
    hosts.refuse_strangers(parsed(resources={"prometheus": [METRICS]}))
    with pytest.raises(UsageError, match=r"192\.0\.2\.7 is not loopback; to drive it"):
        hosts.refuse_strangers(parsed(resources=STRANGE))
    allowed = {"target": {"allow_hosts": ["192.0.2.7"]}, "resources": STRANGE}
    hosts.refuse_strangers(parsed(**allowed))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ws://localhost:99999/ws", "ws://localhost:99999/ws has no port: one is a number up to"),
        ("ws://localhost:x/ws", "has no port"),
        (
            "ws://no-such-host.invalid/ws",
            "invalid/ws cannot be resolved: Name or service not known",
        ),
        ("ws:///ws", "names no host"),
        ("ws://192.0.2.7/ws", r"^192\.0\.2\.7 is not loopback; to drive it, write allow_hosts"),
    ],
)
@pytest.mark.parametrize("allowed", [[], ["localhost"]])
def test_an_address_that_leads_nowhere_is_refused(address, said, allowed):
    """In one sentence without the system's numbers, also where the host may be driven."""
    plan = parsed(target={"websocket": address, "allow_hosts": allowed})
    with pytest.raises(UsageError, match=said) as refused:
        hosts.refuse_strangers(plan)
    assert "Errno" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "http://", "ftp://127.0.0.1", "http://127.0.0.1:99999", "nonsense"]
)
def test_a_host_that_is_no_url_is_refused(host):
    """Before anything is driven at half an address."""
    with pytest.raises(UsageError, match=r"no URL; write it like http://|has no port"):
        hosts.with_host(parsed(), host)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    """A run holds its plan: it would be read by whoever is given the run."""
    plan = hosts.with_host(parsed(), "http://me:s3cret@127.0.0.1:8000")
    with pytest.raises(
        UsageError, match=r"the address of 127\.0\.0\.1 holds a password"
    ) as refused:
        hosts.refuse_strangers(plan)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("postgresql://me@127.0.0.1:5432/x", False),
        ("postgresql://127.0.0.1/x?user=a&application_name=b:c@d", False),
        ("sqlite:////tmp/a:b@c.db", False),
        ("postgresql://me:pw@127.0.0.1/x", True),
        ("postgresql://me:p/w@127.0.0.1/x", True),
        ("postgresql://127.0.0.1/x?PASSWORD=pw", True),
        ("postgresql://127.0.0.1/x?sslmode=require&sslpassword=pw", True),
        ("redis://:pw@127.0.0.1", True),
    ],
)
def test_a_password_is_seen_wherever_an_address_says_one(url, holds):
    """Before the host, also where it should have been escaped, and among the parameters."""
    assert holds == hosts.holds_password(url)
