"""What a provocation is said to bring out it brings out alone, and without it nothing does.

One ordinary user drives a platform that commits the fault, and only the one provocation is
on: what passes between its own actors nothing else can have brought about.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from importlib import resources
from pathlib import Path

import pytest

from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.verdicts.verdict import Judgement
from tests.end_to_end.platforms import platform
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
KEY = "a key of forty characters for a platform"
SECONDS = 7
CANARY = "foreign canary in a frame"
ASTRAY = {
    ("relay", "unreset_agent"): {"runner"},
    ("sizes", "buffer_reuse"): {"talker"},
    ("connect", "shared_socket"): {"user", "visitor"},
    ("twins", "cache_without_user"): {"twin"},
    ("resume", "stale_replay"): {"resumer"},
    ("observe", "broadcast"): {"user", "observer"},
}
"""What each brings out, and between whom words then pass."""
ASTORE = {
    ("cancel", "half_written_run"): "half-answer",
    ("cancel", "shared_transaction"): "lost-row",
}
"""What each brings out in the rows, as which kind of finding."""
NONE = ("none", "all of them")
AT_ONCE = 3

Seen = tuple[Judgement, set[frozenset[str]]]


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[tuple[str, str], Seen]:
    """By claim, and for none: the judgement, and the roles between which words passed."""
    folder = tmp_path_factory.mktemp("claims")
    seen = {}
    asked = [*ASTRAY, *ASTORE, NONE]
    for some in (asked[first : first + AT_ONCE] for first in range(0, len(asked), AT_ONCE)):
        with contextlib.ExitStack() as stack:
            drives_of = {claim: _begun(stack, folder, *claim) for claim in some}
            stack.enter_context(drives.side_by_side(*drives_of.values()))
            for drive in drives_of.values():
                drive.ended()
            seen |= {claim: _between(drive) for claim, drive in drives_of.items()}
    return seen


def _begun(stack: contextlib.ExitStack, folder: Path, provocation: str, fault: str) -> drives.Drive:
    """A drive with this provocation alone; with none at a platform that commits all the faults."""
    everything = [claimed for _, claimed in (*ASTRAY, *ASTORE)]
    faults = everything if (provocation, fault) == NONE else [fault]
    options = [option for fault in faults for option in ("--fault", fault)]
    announced = stack.enter_context(platform(*options))
    plan = folder / f"{provocation}-{fault}.toml"
    plan.write_text(_plan([provocation]), encoding="utf-8")
    return drives.headless(
        folder / plan.stem,
        *("--plan", str(plan), "--host", announced["http"]),
        *("-u", "1", "-r", "1", "-t", f"{SECONDS}s"),
        env={"CROSSTALK_PROBE_KEY": KEY, "CROSSTALK_ROWS_URL": announced["database"]},
    )


def _plan(on: Collection[str]) -> str:
    """The platform's own plan without probes, or other provocations than these."""
    text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    head, _, _ = text.partition("[provocations]")
    often = {name: "0.1s" if name in on else "0s" for name in Provocations.__struct_fields__}
    said = "\n".join(f'{name} = "{every}"' for name, every in often.items())
    observers = f"[cast]\nobservers = {int('observe' in on)}"
    probes = '[probes]\nevery = "{}"\n'
    for old, new in ((probes.format("100ms"), probes.format("0s")), ("[cast]", observers)):
        assert old in head
        head = head.replace(old, new)
    return f"{head}\n[provocations]\n{said}\n"


def _between(drive: drives.Drive) -> Seen:
    judgement = drives.judgement_of(drive.run)
    roles = {row["principal"]: row["role"] for row in drives.records(drive.run, "principals")}
    return judgement, {
        frozenset((roles[pair.owner], roles[pair.recipient]))
        for pair in judgement.pairs
        if pair.owner != pair.recipient
    }


@pytest.mark.parametrize("claim", ASTRAY, ids=": ".join)
def test_a_provocation_brings_its_fault_out_alone(claim, found):
    """Between its own actors, though there is nobody else but one ordinary user."""
    judgement, between = found[claim]
    assert {f.check for f in judgement.findings} >= {CANARY}, judgement.headline
    assert any(roles <= ASTRAY[claim] for roles in between), between


@pytest.mark.parametrize("claim", ASTORE, ids=": ".join)
def test_a_provocation_brings_it_out_in_the_rows(claim, found):
    """Of queries that were taken back, or of those beside them."""
    judgement, _ = found[claim]
    assert ASTORE[claim] in {f.kind for f in judgement.findings}, judgement.headline


def test_without_provocations_nothing_of_it_shows(found):
    """Of all these faults at once, since a single user meets nobody and takes nothing back."""
    judgement, between = found[NONE]
    assert set() == between
    assert [] == [f for f in judgement.findings if f.kind in ASTORE.values()]
    assert judgement.scale.answered
