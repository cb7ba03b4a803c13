"""What compose.yaml promises, read from the file: no engine is needed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
TEXT = (DOCKER / "compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
EACH = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def test_every_part_is_there():
    """Auth, backend, both stores, and Locust's two halves."""
    expected = {"auth", "backend", "postgres", "redis", "locust-master", "locust-worker"}
    assert expected == set(SERVICES)


@EACH
def test_no_image_is_latest(service):
    """Every image has a tag, by default too, and it is not latest."""
    image = re.sub(r"^\$\{\w+:-(.+)\}$", r"\1", service["image"])
    _, colon, tag = image.partition(":")
    assert colon
    assert tag not in ("", "latest")


@EACH
def test_nobody_is_root(service):
    """Every service says who it is, and that is not root."""
    assert service["user"].partition(":")[0] not in ("", "0", "root")


@EACH
def test_nothing_can_be_gained(service):
    """A root filesystem that is read-only, no capability, no new privilege."""
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode"} & set(service)


@EACH
def test_health_is_asked_for(service):
    """Every service has a health check that ends."""
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


@EACH
def test_waits_for_health(service):
    """Who needs another waits until that one is healthy."""
    conditions = [needed["condition"] for needed in service.get("depends_on", {}).values()]
    assert all(condition == "service_healthy" for condition in conditions)


@EACH
def test_ports_are_open_on_loopback_only(service):
    """A published port begins with 127.0.0.1."""
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_only_the_web_ui_is_published():
    """Nothing but the master has a port on the host."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["locust-master"]


def test_only_the_web_ui_has_a_way_out():
    """Every other network is internal, and the master alone is in the one that is not."""
    open_networks = {
        name for name, network in COMPOSE["networks"].items() if not network.get("internal")
    }
    assert open_networks == {"screen"}
    assert [n for n, service in SERVICES.items() if "screen" in service["networks"]] == [
        "locust-master"
    ]


@EACH
def test_secrets_come_from_the_environment(service):
    """A secret is a reference that must be set, never a value and never defaulted."""
    for name, value in service.get("environment", {}).items():
        if re.search(r"SECRET|PASSWORD|KEY|TOKEN", name):
            assert REQUIRED.fullmatch(value), name


def test_no_address_holds_a_password():
    """Where a URL has a password it is a required reference."""
    passwords = re.findall(r"://[^/\s:@]+:(.+?)@(?=[\w.-]+:\d)", TEXT)
    assert len(passwords) == 1
    assert all(REQUIRED.fullmatch(password) for password in passwords)


@EACH
def test_no_secret_is_on_a_command_line(service):
    """Everybody on a machine may read command lines."""
    words = str(service.get("command", ""))
    assert not REQUIRED.search(words)


def test_the_workers_can_be_scaled():
    """No name, port or address that only one of them could have."""
    worker = SERVICES["locust-worker"]
    assert not {"container_name", "ports", "hostname"} & set(worker)
    assert "container_name" not in SERVICES["locust-master"]


def test_the_histories_meet():
    """Master and workers write to the same volume."""
    for name in ("locust-master", "locust-worker"):
        assert "runs:/runs" in SERVICES[name]["volumes"]


def test_the_example_names_every_secret_and_no_value():
    """What must be set stands in .env.example, without anything after the sign."""
    example = (DOCKER / ".env.example").read_text("utf-8")
    settings = [line for line in example.splitlines() if line and not line.startswith("#")]
    assert sorted({f"{name}=" for name in REQUIRED.findall(TEXT)}) == sorted(settings)


@pytest.mark.parametrize("more", [(), ("-f", "compose.debian.yaml")], ids=["plain", "debian"])
def test_compose_takes_it(more):
    """Where there is a client with Compose, it finds nothing to complain of."""
    if shutil.which("docker") is None or _compose("version").returncode:
        pytest.skip("not installed: docker with Compose")
    done = _compose("--env-file", "/dev/null", "-f", "compose.yaml", *more, "config", "--quiet")
    assert done.returncode != 0  # nothing is set
    secrets = dict.fromkeys(REQUIRED.findall(TEXT), "00")
    done = _compose("-f", "compose.yaml", *more, "config", "--quiet", **secrets)
    assert (done.returncode, done.stderr) == (0, "")


def _compose(*words, **environment):
    return subprocess.run(
        ["docker", "compose", *words],
        cwd=DOCKER,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
