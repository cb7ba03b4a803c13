from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import hosts
from tests.isolation_checks.plan.test_together import METRICS, parsed

STRANGE = {"prometheus": [METRICS | {"url": "http://192.0.2.7:9090/metrics"}]}


def test_an_endpoint_of_metrics_is_reached_only_where_it_may_be():
    """As what is driven: loopback, and what the plan allows."""
    hosts.refuse_strangers(parsed(resources={"prometheus": [METRICS]}))
    with pytest.raises(UsageError, match="which is not loopback"):
        hosts.refuse_strangers(parsed(resources=STRANGE))
    allowed = {"target": {"allow_hosts": ["192.0.2.7"]}, "resources": STRANGE}
    hosts.refuse_strangers(parsed(**allowed))
