"""Faults that need a provocation, several in one drive: each is told by what is its alone.

A check that claims a fault must have found it by itself: among its findings there is one
that only this fault of the drive could have made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.checks.check import Found
from isolation_checks.loading.load import loaded
from isolation_checks.loading.run import Run
from tests.end_to_end import drives
from tests.end_to_end.claims import claiming, failing
from tests.reference_platform.redis_server import redis_server
from tests.servers.postgres import postgres_server

pytestmark = pytest.mark.slow
Sign = Callable[[Run, Found], bool]


def between(role: str) -> Sign:
    """It came from one of this role, or went to one."""

    def sign(run: Run, found: Found) -> bool:
        roles = {p.id: p.role for p in run.history.principals.values()}
        return role in (roles.get(found.victim), roles.get(found.recipient))

    return sign


def of_kind(kind: str) -> Sign:
    """It is called this."""
    return lambda _, found: found.kind == kind


def holding(*texts: str) -> Sign:
    """One of its first places holds all of these."""

    def sign(run: Run, found: Found) -> bool:
        contents = (run.content(*place) for place in found.places[:2])
        return any(all(text in content for text in texts) for content in contents)

    return sign


def in_rows_of(table: str) -> Sign:
    """It is about a row of this table."""
    return lambda _, found: any(stream.endswith(f"/{table}") for stream, _ in found.places)


def anything(_: Run, __: Found) -> bool:
    """It is the only fault of its drive."""
    return True


@dataclass(frozen=True)
class Group:
    """A drive: its faults by what tells them, and what it needs."""

    signs: dict[str, Sign]
    needs: str | None = None
    seconds: int = 12


GROUPS = (
    Group(
        {
            "error_leak": holding('"agent_error"', "agent.answer(question="),
            "unscoped_search": between("phantom"),
            "reply_map_collision": between("namesake"),
            "truncated_cache_key": between("collider"),
            "refresh_swaps_identity": between("refresher"),
            "cross_conversation": of_kind("stale-context"),
            "half_written_run": of_kind("half-answer"),
            "slot_leak": of_kind("refused-connect"),
        }
    ),
    Group(
        {
            "encoded_leak": holding('"agent_error"', '"debug"'),
            "room_name_collision": between("collider"),
            "none_user_namespace": holding("You told me to remember"),
            "side_effect_misdelivery": in_rows_of("notifications"),
            "late_frames": of_kind("event-after-end"),
        }
    ),
    Group({"same_second_ids": of_kind("shared-session-id"), "connect_stall": anything}),
    Group({"wrong_routing_key": anything}),
    Group(
        {
            "shared_tool_dispatcher": holding('"type":"tool_'),
            "default_conversation": holding("Earlier you said"),
            "ambient_context_lost": of_kind("placeholder-owner"),
        }
    ),
    Group({"stale_replay": anything, "shared_transaction": of_kind("lost-row")}),
    Group({"configured_factory": anything}),
    Group({"shallow_state": anything}),
    Group({"unreset_agent": anything}),
    Group({"buffer_reuse": anything}),
    Group({"split_leak": anything, "noisy_neighbour": anything}),
    Group({"shared_identity_fallback": anything}),
    Group({"fake_success": of_kind("canned-answer")}),
    Group({"pool_residue": anything}, needs="postgresql"),
    Group({"desynced_connection": holding("Earlier you said")}, needs="redis"),
    Group(
        {
            "ghost_store": of_kind("forgotten-elsewhere"),
            "restart_mixup": holding("Earlier you said"),
        },
        needs="workers",
    ),
)
"""No fault hides another of its drive: each shows where, or between whom, no other does."""
PAIRS = [GROUPS[place : place + 2] for place in range(0, len(GROUPS), 2)]


@pytest.fixture(scope="module")
def servers():
    """What a drive may need, by its name."""
    with postgres_server() as postgres, redis_server() as redis:
        yield {
            None: {},
            "postgresql": {"database": postgres},
            "redis": {"redis": redis},
            "workers": {"workers": 2},
        }


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "+".join(f for g in pair for f in g.signs))
def test_every_fault_is_told_by_what_is_its_alone(pair, tmp_path, servers):
    """Two drives side by side; every claimant of every fault has found it."""
    driven = [
        drives.demo(
            tmp_path / str(place), *group.signs, seconds=group.seconds, **servers[group.needs]
        )
        for place, group in enumerate(pair)
    ]
    for group, drive in zip(pair, [each.ended() for each in driven], strict=True):
        assert drive.code == 1, drive.output
        assert missed(drive, group) == [], drive.output


def missed(drive: drives.Drive, group: Group) -> list[tuple[str, str]]:
    """The faults that a check claims and did not find."""
    failed = failing(drive.judgement)
    with loaded(drive.directory) as run:
        found = {check.name: check(run).found for check in CHECKS if check.name in failed}
        return [
            (fault, check)
            for fault, sign in group.signs.items()
            for check in sorted(claiming(fault)) or ["no check"]
            if not _told(run, found.get(check), sign)
        ]


def _told(run: Run, found: Iterable[Found] | None, sign: Sign) -> bool:
    """Whether a check found it; an objective finds nothing, and says FAIL."""
    if found is None:
        return False
    cases = list(found)
    return not cases or any(sign(run, each) for each in cases)
