"""A private container engine for tests: from Debian's packages, on a socket of its own, gone after.

No image registry is needed: the base image is a minimal Debian with Python, made on the spot.
Images and downloads are kept below the user's cache folder, so that only the first run is
slow.  The engine makes no bridge and touches no packet filter: containers get the host's
network or none.

Where no engine can be started (not Debian, not root) a test is skipped; on a machine where one
could be, what is missing skips it too, but under CI (`CI` is set) fails it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.postgres import missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUITE = "trixie"
"""The release of Debian that the base image and the engine's plug-ins are taken from."""
BASE_IMAGE = f"local/python:{SUITE}"
_PROGRAMS = ("docker", "dockerd", "debootstrap")
_PLUGINS = ("docker-compose", "docker-buildx")
_USELESS = ("var/cache/apt/archives", "usr/share/doc", "usr/share/man", "usr/share/locale")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 60.0
_COMMAND_LIMIT_S = 300.0
_LOCK_LIMIT_S = 600.0
_KEPT_OF_BUILDS = "5GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine: what a client needs in its environment, and a base image."""

    environment: Mapping[str, str]
    base_image: str

    def docker(
        self,
        *arguments: str | Path,
        limit_s: float = 120.0,
        more: Mapping[str, str] | None = None,
        fails: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run the client.

        Raises:
            AssertionError: it failed, and `fails` did not say that it may; with what it said.
        """
        done = subprocess.run(
            ["docker", *arguments],
            env={**os.environ, **self.environment, **(more or {})},
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
        if done.returncode and not fails:
            words = " ".join(str(argument) for argument in arguments)
            raise AssertionError(f"docker {words}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done


@contextlib.contextmanager
def docker_engine() -> Iterator[Engine]:
    """A running engine with Compose and a base image; one at a time on a machine."""
    _need_debian_and_root()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = caches / "crosstalk/containers"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    home = Path(tempfile.mkdtemp(prefix="test-docker-"))
    try:
        with _alone(cache):
            _fetch_plugins(cache)
            engine = Engine(
                environment={
                    "DOCKER_HOST": f"unix://{home}/docker.sock",
                    "DOCKER_CONFIG": str(cache / "client"),
                    "DOCKER_BUILDKIT": "1",
                },
                base_image=BASE_IMAGE,
            )
            with _daemon(cache, home, engine):
                _tidy(engine)  # of a run that was killed
                _make_base_image(cache, engine)
                try:
                    yield engine
                finally:
                    _tidy(engine)
    finally:
        _unmount(home)
        shutil.rmtree(home)


def _need_debian_and_root() -> None:
    if platform.system() != "Linux" or not Path("/etc/debian_version").exists():
        pytest.skip("a container engine is started from Debian's packages only")
    if os.geteuid() != 0:
        pytest.skip("a container engine can be started by root only")
    absent = [program for program in _PROGRAMS if shutil.which(program) is None]
    if absent:
        missing(f"{', '.join(absent)}, which `make test` installs")


def _run(
    command: list[str | Path], limit_s: float = _COMMAND_LIMIT_S, cwd: Path | None = None
) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Wait until no other test uses the images in this cache."""
    with (cache / "lock").open("w") as lock:
        limit = time.monotonic() + _LOCK_LIMIT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.5)
            else:
                break
        yield


def _fetch_plugins(cache: Path) -> None:
    """Compose and Buildx: single static programs, unpacked, not installed."""
    plugins = cache / "client/cli-plugins"
    if all((plugins / program).exists() for program in _PLUGINS):
        return
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        here = Path(folder)
        (here / "lists/partial").mkdir(parents=True)
        (here / "archives/partial").mkdir(parents=True)
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (here / "sources.list").write_text(f"deb [signed-by={keyring}] {_mirror()} {SUITE} main\n")
        private = (
            f"Dir::Etc::sourcelist={here}/sources.list",
            "Dir::Etc::sourceparts=-",
            f"Dir::State::lists={here}/lists",
            f"Dir::Cache={here}",
            "APT::Sandbox::User=root",
        )
        options = [word for option in private for word in ("-o", option)]
        _run(["apt-get", *options, "update", "-qq"])
        _run(["apt-get", *options, "download", "-qq", *_PLUGINS], cwd=here)
        for package in here.glob("*.deb"):
            _run(["dpkg", "--extract", package, here / "unpacked"])
        plugins.mkdir(parents=True, exist_ok=True)
        for program in _PLUGINS:
            shutil.copy2(here / f"unpacked/usr/libexec/docker/cli-plugins/{program}", plugins)


def _mirror() -> str:
    """Where this machine takes Debian's own packages from."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    targets = _run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]
    )
    for target in targets.splitlines():
        of, _, address = target.partition(" ")
        if of == release:
            return address
    raise RuntimeError(f"apt knows no source of {release}")


@contextlib.contextmanager
def _daemon(cache: Path, home: Path, engine: Engine) -> Iterator[None]:
    """Run the engine; it ends with this process, however that ends."""
    command: list[str | Path] = [
        *("setpriv", "--pdeathsig", "TERM", "dockerd"),
        *("--bridge=none", "--iptables=false", "--ip6tables=false"),
        *("--config-file", home / "settings.json"),
        *("--data-root", cache / "data", "--exec-root", home / "exec"),
        *("--pidfile", home / "pid", "--host", engine.environment["DOCKER_HOST"]),
    ]
    builds = {"gc": {"enabled": True, "defaultKeepStorage": _KEPT_OF_BUILDS}}
    (home / "settings.json").write_text(json.dumps({"builder": builds}))
    log = home / "log"
    with log.open("wb") as file:
        daemon = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    try:
        limit = time.monotonic() + _START_LIMIT_S
        while engine.docker("info", fails=True).returncode:
            if daemon.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"dockerd did not start: {log.read_text(errors='replace')}")
            time.sleep(0.2)
        yield
    finally:
        daemon.terminate()
        try:
            daemon.wait(timeout=_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _unmount(home: Path) -> None:
    """Whatever the engine left mounted below its folder, the innermost first."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed(mounted):
        if Path(place).is_relative_to(home):
            _run(["umount", place])


def _tidy(engine: Engine) -> None:
    """Remove all containers and volumes: an engine of our own holds none but ours."""
    containers = engine.docker("ps", "--all", "--quiet").stdout.split()
    if containers:
        engine.docker("rm", "--force", "--volumes", *containers)
    volumes = engine.docker("volume", "ls", "--quiet").stdout.split()
    if volumes:
        engine.docker("volume", "rm", "--force", *volumes)
    engine.docker("image", "prune", "--force")  # what a newer build of the same name replaced


def _make_base_image(cache: Path, engine: Engine) -> None:
    """A minimal Debian with Python, which takes certificates for what this machine does."""
    if not engine.docker("image", "inspect", engine.base_image, fails=True).returncode:
        return
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        root = Path(folder) / "root"
        include = "--include=python3,python3-venv,ca-certificates"
        _run(["debootstrap", "--variant=minbase", include, SUITE, root, _mirror()])
        if _CERTIFICATES.exists():
            shutil.copyfile(_CERTIFICATES, root / str(_CERTIFICATES).lstrip("/"))
        for useless in _USELESS:
            shutil.rmtree(root / useless, ignore_errors=True)
        (root / "var/cache/apt/archives/partial").mkdir(parents=True)
        archive = Path(folder) / "root.tar"
        _run(["tar", "--create", "--file", archive, "--directory", root, "."])
        changes = (
            f"ENV PIP_CERT={_CERTIFICATES} PIP_DISABLE_PIP_VERSION_CHECK=1",
            'CMD ["python3"]',
        )
        options = [word for change in changes for word in ("--change", change)]
        engine.docker("import", *options, archive, engine.base_image)
