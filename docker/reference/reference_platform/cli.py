"""The command line: reads what is wanted, starts it, and says when it is ready."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reference_platform.auth.keys import new_key
from reference_platform.bus import LocalBus
from reference_platform.catalogue import FAULTS
from reference_platform.faults import Faults, check_needs, parse_faults
from reference_platform.home import temporary_home
from reference_platform.lifetime import Leash
from reference_platform.reachable import UnreachableError, check_reachable
from reference_platform.server import AddressError, bind, serve
from reference_platform.settings import Latency, Secrets, Settings, Signing
from reference_platform.storage.opening import open_database
from reference_platform.worker import Worker
from reference_platform.workers import Supervisor, WorkerFailedError

_FAILED = 1
_USAGE = 2
_UNREACHABLE = 4
_PORTS = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the platform.

    Returns the exit code: 2 for a command line that makes no sense, 4 for a database, a Redis
    or an address that cannot be had.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.faults:
        print(json.dumps([asdict(fault) for fault in FAULTS.values()], indent=2))
        return 0
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    leash = Leash(os.getppid()) if options.with_parent else None
    try:
        with contextlib.nullcontext() if options.database else temporary_home() as home:
            _run(_settings(options, home), home, leash)
    except ValueError as error:
        return _say(parser.prog, error, _USAGE)
    except UnreachableError as error:
        return _say(parser.prog, error, _UNREACHABLE)
    except WorkerFailedError as error:
        return _say(parser.prog, error, _FAILED)
    return 0


def _say(prog: str, error: Exception, code: int) -> int:
    print(f"{prog}: {error}", file=sys.stderr)
    return code


def _run(settings: Settings, home: Path | None, leash: Leash | None) -> None:
    public_url = open_database(settings.database_url, Faults({}, "")).public_url
    check_reachable(settings)
    try:
        _serve(settings, public_url, home, leash)
    except AddressError as error:
        raise UnreachableError(str(error)) from None


def _serve(settings: Settings, public_url: str, home: Path | None, leash: Leash | None) -> None:
    if settings.workers > 1:
        supervisor = Supervisor(settings, home, leash)
        supervisor.run(lambda: _announce(settings, public_url, supervisor.port))
    else:
        worker = Worker(settings, LocalBus(), 0)
        sock = bind(settings.host, settings.port)
        port: int = sock.getsockname()[1]
        serve(worker, sock, lambda: _announce(settings, public_url, port), leash)


def _announce(settings: Settings, public_url: str, port: int) -> None:
    """Tell whoever started us where we are, on one line."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{port}"
    line = {
        "ready": True,
        "http": f"http://{address}",
        "ws": f"ws://{address}/ws" if settings.service != "auth" else None,
        "auth": settings.auth_url or f"http://{address}",
        "database": public_url,
        "pid": os.getpid(),
        "workers": settings.workers,
    }
    print(json.dumps(line), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reference_platform",
        description="A small multi-user agent platform: honest, unless told to commit a fault.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="default: a free one")
    add("--fault", action="append", default=[], metavar="NAME[=RATE]", help="may be repeated")
    add("--faults", action="store_true", help="print the faults there are, as JSON")
    add(
        "--database",
        metavar="URL",
        help="sqlite:///PATH or postgresql://…, or env:NAME; default: temporary",
    )
    add(
        "--redis", metavar="URL", help="redis://…, or env:NAME: shares cache, sessions and messages"
    )
    add("--workers", type=int, default=1, metavar="N")
    add("--latency", default="350:1200", metavar="MEDIAN_MS[:P99_MS]", help="of an answer")
    add("--agent-limit", type=float, default=20.0, metavar="SECONDS")
    add("--access-ttl", type=int, default=900, metavar="SECONDS")
    add("--seed", type=int, default=1)
    add("--signing", choices=("HS256", "RS256", "ES256", "EdDSA"), default="HS256")
    add("--service", choices=("all", "auth", "backend"), default="all")
    add("--auth-url", metavar="URL", help="where the auth service is, for a separate backend")
    add("--with-parent", action="store_true", help="end when the process that started us ends")
    return parser


def _settings(options: argparse.Namespace, home: Path | None) -> Settings:
    """Check the options.  Raises ValueError with a sentence that says what would be right."""
    if options.workers < 1:
        raise ValueError("--workers must be at least 1")
    if not 0 <= options.port <= _PORTS:
        raise ValueError(f"--port must be a number up to {_PORTS}, or 0 for a free one")
    if not (options.access_ttl > 0 and options.agent_limit > 0):
        raise ValueError("--access-ttl and --agent-limit must be above 0")
    faults = parse_faults(options.fault)
    database, redis = _referred("--database", options.database), _referred("--redis", options.redis)
    check_needs(
        faults,
        database=database or "",
        redis=redis is not None,
        workers=options.workers,
    )
    return Settings(
        host=options.host,
        port=options.port,
        service=options.service,
        auth_url=options.auth_url,
        database_url=database or f"sqlite:///{home}/reference.db",
        redis_url=redis,
        workers=options.workers,
        seed=options.seed,
        environment=os.environ.get("REFERENCE_ENVIRONMENT", "development"),
        signing=options.signing,
        access_ttl_s=options.access_ttl,
        latency=_latency(options.latency),
        agent_limit_s=options.agent_limit,
        faults=faults,
        secrets=_secrets(options.signing),
    )


def _referred(option: str, url: str | None) -> str | None:
    """An address, or what the variable holds that ``env:NAME`` names: it may say a password.

    Raises ValueError.
    """
    if url is None or not url.startswith("env:"):
        return url
    name = url.removeprefix("env:")
    if not os.environ.get(name):
        raise ValueError(f"{option} refers to {url}, and {name} is not set")
    return os.environ[name]


def _latency(words: str) -> Latency:
    """Read ``MEDIAN[:P99]`` in milliseconds; p99 is 3.4 medians unless given."""
    median, _, p99 = words.partition(":")
    try:
        median_s = float(median) / 1000
        p99_s = float(p99) / 1000 if p99 else 3.4 * median_s
    except ValueError:
        median_s = p99_s = 0.0
    if not 0 < median_s <= p99_s:
        raise ValueError("--latency must be MEDIAN_MS or MEDIAN_MS:P99_MS, both above 0")
    return Latency(median_s=median_s, p99_s=p99_s)


def _secrets(signing: Signing) -> Secrets:
    """Secrets of the environment; what it lacks is made up, for this start only."""
    key = os.environ.get("REFERENCE_JWT_SECRET")
    if not key:
        key = secrets.token_urlsafe(48) if signing == "HS256" else new_key(signing)
    service = os.environ.get("REFERENCE_SERVICE_SECRET") or secrets.token_urlsafe(32)
    return Secrets(signing_key=key, service_secret=service)
