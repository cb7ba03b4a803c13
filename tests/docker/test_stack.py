"""The whole stack in real containers: started, looked at from outside, driven, taken down."""

import json
import secrets
import time
from pathlib import Path

import pytest

from tests.servers.docker_engine import docker_engine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SECRETS = (
    "REFERENCE_JWT_SECRET",
    "REFERENCE_SERVICE_SECRET",
    "POSTGRES_PASSWORD",
    "PLATFORM_DATABASE_PASSWORD",
    "AUDITOR_DATABASE_PASSWORD",
)
IMAGES = ("crosstalk-platform", "crosstalk-locust", "crosstalk-postgres", "crosstalk-redis")
HEADLESS = "--headless -u 10 -r 5 -t 15s --expect-workers 2"


class Stack:
    """The services of compose.yaml on an engine of our own."""

    def __init__(self, engine):
        self.engine = engine
        self.secrets = {name: secrets.token_hex(32) for name in SECRETS}
        self.environment = {
            **self.secrets,
            "BASE_IMAGE": engine.base_image,
            "COMPOSE_PROJECT_NAME": "crosstalk",
            "LOCUST_OPTIONS": "",
            "PLATFORM_OPTIONS": "",
            "WORKERS": "2",
        }

    def compose(self, *words, **options):
        """Run Compose on the files; what is in a docker/.env of somebody's stays out."""
        files = ("docker/compose.yaml", "docker/compose.debian.yaml", "tests/docker/loopback.yaml")
        named = [word for file in files for word in ("-f", ROOT / file)]
        return self.engine.docker(
            *("compose", "--ansi", "never", "--env-file", "/dev/null", *named, *words),
            more=self.environment,
            **options,
        )

    def containers(self):
        """What the engine knows of every container, by the service's name."""
        ids = self.compose("ps", "--all", "--quiet").stdout.split()
        found = json.loads(self.engine.docker("inspect", *ids).stdout)
        return [(one["Config"]["Labels"]["com.docker.compose.service"], one) for one in found]

    def query(self, role, statement):
        """What PostgreSQL answers to a role that logs in with its password."""
        password = self.secrets[f"{role.upper()}_DATABASE_PASSWORD"]
        url = f"postgresql://{role}:{password}@127.0.0.1:5432/platform"
        words = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", url, "-c", statement)
        return self.compose("exec", "-T", "postgres", *words, fails=True)


@pytest.fixture(scope="module")
def stack():
    """The stack with its web UI, every service healthy; nothing of it is left afterwards."""
    with docker_engine() as engine:
        stack = Stack(engine)
        stack.compose("build", "auth", "postgres", "redis", "locust-master", limit_s=600)
        try:
            stack.compose("up", "--detach", "--no-build", "--wait", limit_s=180)
            yield stack
        finally:
            stack.compose("down", "--volumes", "--timeout", "10")


class Driven:
    """What a headless load left: the master's exit code, everybody's words, and the run."""

    def __init__(self, stack, name, folder, platform_options=""):
        stack.environment["LOCUST_OPTIONS"] = f"{HEADLESS} --run {name}"
        stack.environment["PLATFORM_OPTIONS"] = platform_options
        stack.compose("up", "--detach", "--no-build", limit_s=180)
        self.exit_code = _exit_code(stack, "locust-master")
        self.said = stack.compose("logs").stdout
        stack.compose("cp", "locust-master:/runs/.", folder)
        self.folder = folder
        self.directory = folder / name

    def verdict(self):
        """The judgement on disk; the test fails with what was said when there is not just one."""
        written = list((self.directory / "judgements").glob("*/verdict.json"))
        assert len(written) == 1, self.said
        verdict = json.loads(written[0].read_bytes())
        return verdict, {part["name"]: part["verdict"] for part in verdict["parts"]}


def _exit_code(stack, service):
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        (state,) = (one["State"] for name, one in stack.containers() if name == service)
        if state["Status"] == "exited":
            return state["ExitCode"]
        time.sleep(0.5)
    raise AssertionError(f"{service} did not end: {stack.compose('logs').stdout}")


@pytest.fixture(scope="module")
def honest(stack, tmp_path_factory):
    """A short headless load with two workers on the honest platform."""
    return Driven(stack, "honest", tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="module")
def broken(stack, honest, tmp_path_factory):  # noqa: ARG001 - it comes after the honest one
    """The same on a platform whose users share a socket."""
    fault = "--fault shared_socket"
    return Driven(stack, "broken", tmp_path_factory.mktemp("broken"), fault)


def test_every_service_becomes_healthy(stack):
    """With the web UI on: the platform, the stores, the master and two workers."""
    names = sorted(name for name, _ in stack.containers())
    expected = ["auth", "backend", "locust-master", "locust-worker", "locust-worker"]
    assert [*expected, "postgres", "redis"] == names
    assert {"healthy"} == {one["State"]["Health"]["Status"] for _, one in stack.containers()}


def test_no_process_is_root_or_could_become_it(stack):
    """What the kernel says of each first process: a user, no capability, no way to gain one."""
    for name, container in stack.containers():
        lines = Path(f"/proc/{container['State']['Pid']}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert "0" not in status["Uid"].split(), name
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, name
        assert status["NoNewPrivs"] == "1", name
        assert container["HostConfig"]["ReadonlyRootfs"], name


def test_nothing_is_reachable_from_the_host(stack):
    """All of them share one loopback, which is not this machine's."""
    ours = Path("/proc/self/ns/net").readlink()
    theirs = {
        Path(f"/proc/{one['State']['Pid']}/ns/net").readlink() for _, one in stack.containers()
    }
    assert len(theirs) == 1
    assert ours not in theirs


def test_no_secret_is_in_an_image(stack):
    """Neither in what made its layers nor in its environment."""
    for image in IMAGES:
        layers = stack.engine.docker("history", "--no-trunc", f"{image}:local").stdout
        details = stack.engine.docker("image", "inspect", f"{image}:local").stdout
        (environment,) = (one["Config"]["Env"] for one in json.loads(details))
        assert not [name for name in SECRETS if name in layers or name in str(environment)]
        assert not [name for name, value in stack.secrets.items() if value in layers + details]


def test_the_runtime_can_build_nothing(stack):
    """Neither compiler nor pip beside what runs."""
    script = "command -v gcc cc make || ls /app/bin | grep -E '^pip'"
    for service in ("backend", "locust-master"):
        done = stack.compose("exec", "-T", service, "sh", "-c", script, fails=True)
        assert (done.stdout, done.returncode) == ("", 1)


def test_a_headless_run_leaves_its_evidence(honest):
    """Two workers joined, ended and sealed, in one directory that only its owner may read."""
    expected = json.loads((honest.directory / "run.json").read_text())["expected"]
    assert len(expected) == 2, honest.said
    for process in expected:
        assert (honest.directory / "joined" / f"{process}.json").exists()
        assert (honest.directory / "ended" / f"{process}.json").exists()
        assert (honest.directory / "history" / process / "seal.json").exists(), honest.said
    assert (honest.folder / ".canary-key").exists()
    assert honest.directory.stat().st_mode & 0o077 == 0


def test_an_honest_platform_is_judged_so(honest):
    """The evidence is whole, no isolation is broken, and rows were looked at.

    Whether every answer came in time depends on the machine that this runs on, and whether
    there was enough to say PASS too.
    """
    verdict, parts = honest.verdict()
    assert parts["evidence"] == "PASS", honest.said
    assert parts["isolation"] in ("PASS", "UNKNOWN"), honest.said
    assert list((honest.directory / "rows").glob("*/*")), honest.said
    assert honest.exit_code == verdict["exit_code"]


def test_a_broken_platform_is_judged_so(broken):
    """With a shared socket the verdict is FAIL, and so is the master's exit code."""
    verdict, parts = broken.verdict()
    assert parts["isolation"] == "FAIL", broken.said
    assert (verdict["verdict"], broken.exit_code) == ("FAIL", 1)


def test_the_run_does_not_know_the_fault(broken):
    """What the platform was told to do wrong is nowhere in the evidence before it is judged."""
    evidence = [path for path in broken.directory.rglob("*") if "judgements" not in path.parts]
    assert not [
        path for path in evidence if path.is_file() and b"shared_socket" in path.read_bytes()
    ]


def test_no_secret_is_in_a_run_or_a_log(honest, broken, stack):
    """What the containers were told stays in them."""
    for driven in (honest, broken):
        files = (path for path in driven.folder.rglob("*") if path.is_file())
        written = b"".join(path.read_bytes() for path in files)
        for name, value in stack.secrets.items():
            assert value.encode() not in written, name
            assert value not in driven.said, name


@pytest.mark.usefixtures("honest")
def test_the_auditor_reads_everybody_and_changes_nobody(stack):
    """Row-level security binds the platform's users, not the auditor, who may only read."""
    everybody = stack.query("auditor", "SELECT count(DISTINCT user_id) FROM messages")
    assert int(everybody.stdout) >= 10
    refused = stack.query("auditor", "DELETE FROM messages")
    assert "read-only transaction" in refused.stderr
    forced = "BEGIN READ WRITE; DELETE FROM messages"
    assert "permission denied" in stack.query("auditor", forced).stderr


def test_compose_says_which_secret_is_missing(stack):
    """A stack without its secrets does not start, and the sentence says where to look."""
    kept, stack.environment = stack.environment, {}
    try:
        done = stack.compose("config", "--quiet", fails=True)
    finally:
        stack.environment = kept
    assert done.returncode != 0
    assert "set it as docker/.env.example says" in done.stderr


def test_the_platform_is_no_superuser(stack):
    """Row-level security would not bind one."""
    done = stack.query(
        "platform", "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert done.stdout.strip() == "f|f"
