"""What one platform is told at its start.  Values only; nothing here opens or reads anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Service = Literal["all", "auth", "backend"]
Signing = Literal["HS256", "RS256", "ES256", "EdDSA"]

_Z99 = 2.3263478740408408  # the standard normal's 99th percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long a model takes for one answer: a lognormal by its median and 99th percentile."""

    median_s: float = 0.35
    p99_s: float = 1.2

    @property
    def mu(self) -> float:
        """Mean of the logarithm."""
        return math.log(self.median_s)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.p99_s / self.median_s) / _Z99


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What must be the same in every process, and never on a command line.

    ``signing_key`` is the HMAC secret, or a private key as PEM.
    """

    signing_key: str = field(repr=False)
    service_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration of one platform."""

    host: str = "127.0.0.1"
    port: int = 0
    service: Service = "all"
    auth_url: str | None = None
    database_url: str = field(repr=False)  # it may say a password, as Redis's may
    redis_url: str | None = field(default=None, repr=False)
    workers: int = 1
    supervisor: int | None = None  # the process that starts the workers, when it is another
    seed: int = 1
    environment: str = "development"
    signing: Signing = "HS256"
    access_ttl_s: int = 900
    refresh_ttl_s: int = 14 * 86_400
    latency: Latency = field(default_factory=Latency)
    agent_limit_s: float = 20.0
    queries_per_user: int = 8
    resume_window_s: float = 60.0
    faults: dict[str, float] = field(default_factory=dict)
    secrets: Secrets
