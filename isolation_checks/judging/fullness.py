"""How full the platform's own resources were where it mattered, in sentences.

It says what was in use, and not what was to blame: that a resource was full when a limit was
missed makes it a suspect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolation_checks.loading.history import History
from isolation_checks.verdicts.capacity import Estimate, Step, Used

FULL = 0.9
"""From this share on a resource is called full."""
MOSTLY = 0.75
"""A full machine of which the platform had less than this share was filled by others, too."""
KILO = 1000.0


def sentences(
    steps: Sequence[Step], within: int | None, breached: int | None, knee: Estimate | None
) -> tuple[str, ...]:
    """What was in use at the knee, at the most that was borne, and at the first too many."""
    last = {step.users: step for step in steps if step.resources}
    if not last:
        return ()
    named: dict[int, list[str]] = {}
    if knee is not None:
        nearest = min(last, key=lambda users: abs(users - knee.value))
        named.setdefault(nearest, []).append("next to the knee")
    for users, what in (
        (within, "the most within every objective"),
        (breached, "the fewest that were too many"),
    ):
        if users in last:
            named.setdefault(users, []).append(what)
    if not named:
        named[max(last)] = ["the most that were held"]
    said = [
        f"at {_users(users)}, {' and '.join(what)}: {', '.join(map(level, last[users].resources))}"
        for users, what in sorted(named.items())
    ]
    return (*said, *_crowded([last[users] for users in sorted(named)]))


def unsampled(history: History) -> tuple[str, ...]:
    """Why resources are not, or not wholly, known."""
    if history.plan.resources is None:
        return ("the platform's resources were not asked for: the plan has no [resources]",)
    return history.resources.missing


def level(used: Used) -> str:
    """A resource as a person says it: `CPU 97% of 2 cores`."""
    name = used.resource.replace("cpu", "CPU", 1)
    if used.unit == "cores":
        part = share(used)
        if part is None or used.most is None:
            return f"{name} {_cores(used.mean)}"
        return f"{name} {min(part, 1.0):.0%} of {_cores(used.most)}"  # ticks of a clock are coarse
    if used.unit == "bytes":
        return f"{name} {_octets(used.peak)}"
    if used.unit == "per_s":
        return f"{name} {used.mean:.3g}/s"
    most = "" if used.most is None else f" of {used.most:g}"
    return f"{name} up to {used.peak:g}{most}"


def share(used: Used) -> float | None:
    """Which part of all there is was in use: of CPU on average, else at its highest."""
    if not used.most:
        return None
    return (used.mean if used.unit == "cores" else used.peak) / used.most


def _crowded(steps: Sequence[Step]) -> Iterator[str]:
    """That the machine was full, and not by the platform: then its limits are not its own."""
    for step in steps:
        by = {used.resource: used for used in step.resources if used.source == "processes"}
        own, machine = by.get("cpu"), by.get("cpu of the machine")
        if own is None or machine is None or machine.mean < FULL * (machine.most or 0):
            continue
        if own.mean < MOSTLY * machine.mean:
            yield (
                f"at {_users(step.users)} the machine's CPU was full, and the platform had "
                f"{own.mean / machine.mean:.0%} of it: what else ran there, the generator too, "
                "may be what limits it; drive from another machine to know"
            )
            return


def _users(number: int) -> str:
    return f"{number} user{'s' * (number != 1)}"


def _cores(value: float) -> str:
    return f"{value:.3g} core{'s' * (round(value, 2) != 1)}"


def _octets(value: float) -> str:
    for unit in ("B", "KB", "MB"):
        if value < KILO:
            return f"{value:.3g} {unit}"
        value /= KILO
    return f"{value:.3g} GB"
