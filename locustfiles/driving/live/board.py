"""What all processes told of the runs of one Locust, and what the live page says of it.

It opens nothing and knows no clock; moments come in as values.  It names leads, never findings.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram

from isolation_checks.plan.model import Plan
from locustfiles.driving.live.digest import PHASES, sketch

RUNS = 20
"""How many runs of one Locust are remembered."""
PAIRS = 1_000
"""How many pairs of owner and recipient are kept apart; more are counted."""
SHOWN = 100
"""How many leads the page shows, the newest first."""
REASONS = 50
"""How many kinds of ending that are not ok are kept apart; a platform may invent many."""


@dataclass(slots=True)
class Watched:
    """One run as it was told of."""

    run: str
    started_at: str
    started_ns: int
    plan: Plan
    processes: int
    state: str = "running"
    """`running`, `being judged`, `judged`, or `not judged`."""
    principals: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    roles: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    provocations: Counter[str] = field(default_factory=Counter)
    latency: dict[str, HdrHistogram] = field(
        default_factory=lambda: {phase: sketch() for phase in PHASES}
    )
    health: dict[str, dict[str, Any]] = field(default_factory=dict)
    pairs: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    beyond: int = 0
    """Sightings between pairs that are too many to be kept apart."""
    report: Path | None = None
    verdict: str | None = None
    headline: str | None = None


class Board:
    """The runs of one Locust, the present one last."""

    def __init__(self) -> None:
        self.runs: OrderedDict[str, Watched] = OrderedDict()

    def begin(self, watched: Watched) -> None:
        """A run begins; the oldest is forgotten where there are too many."""
        self.runs[watched.run] = watched
        while len(self.runs) > RUNS:
            self.runs.popitem(last=False)

    def came(self, run: str) -> None:
        """One process more drives along."""
        if run in self.runs:
            self.runs[run].processes += 1

    def ended(self, run: str, state: str) -> None:
        """A run goes on no longer; `state` says what becomes of it."""
        if run in self.runs:
            self.runs[run].state = state

    def judged(self, run: str, verdict: Mapping[str, Any], report: Path) -> None:
        """A run was judged: what the judgement says, and where its page stands."""
        if run in self.runs:
            watched = self.runs[run]
            watched.state, watched.report = "judged", report
            watched.verdict, watched.headline = verdict["verdict"], verdict["headline"]

    def reset(self) -> None:
        """Forget how long things took until now; leads and counts stay, they are the run's."""
        for watched in list(self.runs.values())[-1:]:
            watched.latency = {phase: sketch() for phase in PHASES}

    def fold(self, told: Mapping[str, Any], now_ns: int) -> None:
        """Add what a process told, at this moment of our clock; of unknown runs nothing."""
        watched = self.runs.get(told["run"])
        if watched is None:
            return
        for principal in told["principals"]:
            watched.principals[principal[0]] = tuple(principal)
            watched.roles[principal[2]] += 1
        watched.counts.update(told["counts"])
        watched.beyond += told["counts"].get("beyond", 0)
        watched.provocations.update(told["provocations"])
        for reason, times in told["reasons"].items():
            known = reason in watched.reasons or len(watched.reasons) < REASONS
            watched.reasons[reason if known else "others"] += times
        for phase, encoded in told["latency"].items():
            watched.latency[phase].decode_and_add(encoded)
        if told["health"]:
            watched.health[told["process"]] = _health(
                told["health"], watched.health.get(told["process"])
            )
        for owner, recipient, said in told["pairs"]:
            _paired(watched, (owner, recipient), said, now_ns - told["now_ns"])

    def view(self, now_ns: int) -> dict[str, Any]:
        """All that the page shows, as plain values."""
        runs = [_told_of(watched) for watched in reversed(self.runs.values())]
        now = next(reversed(self.runs.values()), None)
        return {"runs": runs, "now": None if now is None else _shown(now, now_ns)}

    def rows(self) -> list[dict[str, Any]]:
        """The leads as rows of a table of Locust's own page."""
        now = next(reversed(self.runs.values()), None)
        return [] if now is None else _leads(now)[:SHOWN]


def _paired(
    watched: Watched, pair: tuple[int, int], said: Mapping[str, Any], ahead_ns: int
) -> None:
    """Count a passage; its first moment is put on the clock of the run's beginning."""
    known = watched.pairs.get(pair)
    if known is None:
        if len(watched.pairs) >= PAIRS or "first" not in said:
            watched.beyond += said["times"]
            return
        first = dict(said["first"])
        first["at_s"] = (first.pop("at_ns") + ahead_ns - watched.started_ns) / 1e9
        known = watched.pairs[pair] = {"times": 0, "first": first}
    known["times"] += said["times"]


def _health(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """A process's health: shares of the time between its last two records."""
    shares: dict[str, float | None] = {"cpu": None, "waited": None}
    elapsed = new["at_ns"] - old["at_ns"] if old else 0
    if old and elapsed > 0:
        for share, column in (("cpu", "cpu_ns"), ("waited", "run_delay_ns")):
            if new[column] is not None and old[column] is not None:
                shares[share] = (new[column] - old[column]) / elapsed
    worst = max(new["stall_ns"], old["worst_ns"] if old else 0)
    return {**new, **shares, "worst_ns": worst}


def _told_of(watched: Watched) -> dict[str, Any]:
    """One line about a run."""
    return {
        "run": watched.run,
        "started_at": watched.started_at,
        "state": watched.state,
        "verdict": watched.verdict,
        "headline": watched.headline,
        "leads": sum(lead["times"] for lead in _leads(watched)) + watched.beyond,
        "report": watched.report is not None,
    }


def _shown(watched: Watched, now_ns: int) -> dict[str, Any]:
    """All about the present run."""
    leads = _leads(watched)
    counts = watched.counts
    health = watched.health
    return {
        **_told_of(watched),
        "seconds": (now_ns - watched.started_ns) / 1e9 if watched.state == "running" else None,
        "target": watched.plan.target.websocket,
        "leads_shown": leads[:SHOWN],
        "pairs": len(leads),
        "earlier": counts["earlier"],
        "scale": [
            ("sessions open", sum(each["sessions"] for each in health.values())),
            ("queries open", sum(each["open_queries"] for each in health.values())),
            ("queries asked", counts["asked"]),
            ("answered", counts["ok"]),
            ("failed", counts["fail"]),
            ("nobody can say", counts["info"]),
            ("frames", counts["frames"]),
            ("principals", len(watched.principals)),
            ("sessions so far", counts["sessions ready"]),
            ("connects failed", counts["sessions failed"]),
            ("processes", watched.processes),
        ],
        "roles": watched.roles.most_common(),
        "reasons": watched.reasons.most_common(),
        "provocations": watched.provocations.most_common(),
        "latency": [_phase(phase, watched.latency[phase]) for phase in PHASES],
        "health": [
            {
                "process": process,
                "stall_s": each["stall_ns"] / 1e9,
                "worst_s": each["worst_ns"] / 1e9,
                "cpu": each["cpu"],
                "waited": each["waited"],
            }
            for process, each in sorted(health.items())
        ],
    }


def _phase(phase: str, sketched: HdrHistogram) -> dict[str, Any]:
    samples = sketched.get_total_count()
    quantiles = {
        f"p{quantile}": sketched.get_value_at_percentile(quantile) / 1e6 if samples else None
        for quantile in (50, 95, 99)
    }
    worst = sketched.get_max_value() / 1e6 if samples else None
    return {"phase": phase, "samples": samples, **quantiles, "worst": worst}


def _leads(watched: Watched) -> list[dict[str, Any]]:
    """What reached somebody else and may not, by the plan's sharing; the newest first."""
    kept = [
        {
            "victim": _name(watched, owner),
            "recipient": _name(watched, recipient),
            "times": said["times"],
            **said["first"],
        }
        for (owner, recipient), said in watched.pairs.items()
        if not _may_share(watched, owner, recipient)
    ]
    return sorted(kept, key=lambda lead: -lead["at_s"])


def _name(watched: Watched, owner: int) -> str:
    known = watched.principals.get(owner)
    return f"principal {owner}" if known is None else str(known[1])


def _may_share(watched: Watched, owner: int, recipient: int) -> bool:
    """Whether the plan lets it pass; the judge asks it of every sighting, this only of pairs."""
    _, _, _, tenant, subject = watched.principals.get(owner, (None,) * 5)
    _, _, _, other_tenant, other_subject = watched.principals.get(recipient, (None,) * 5)
    scopes = {allowed.scope for allowed in watched.plan.sharing if "frame" in allowed.channels}
    return (
        "everyone" in scopes
        or ("tenant" in scopes and tenant is not None and tenant == other_tenant)
        or (bool(scopes & {"user", "tenant"}) and subject is not None and subject == other_subject)
    )
