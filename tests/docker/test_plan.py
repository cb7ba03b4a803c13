"""The plan of the containers is that of the embedded platform, at other addresses."""

from importlib import resources
from pathlib import Path

import msgspec
import yaml

from isolation_checks.plan import hosts, read

DOCKER = Path(__file__).parents[2] / "docker"
PLAN = read.load(DOCKER / "plan.toml")


def test_differs_in_its_target_only():
    """What is asked of the embedded platform is asked of the one in containers."""
    text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    reference = read.parse(text, "the reference plan")
    assert reference == msgspec.structs.replace(PLAN, target=reference.target), (
        "from [auth] on, docker/plan.toml is a copy of isolation_checks/plan/reference.toml"
    )


def test_may_drive_the_services_and_nobody_else():
    """The hosts that are allowed are the platform's two services, without a look-up."""
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))["services"]
    assert {"auth", "backend"} == set(PLAN.target.allow_hosts)
    assert set(PLAN.target.allow_hosts) <= set(services)
    hosts.refuse_strangers(PLAN)
