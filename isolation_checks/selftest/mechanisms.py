"""Which mechanisms fit which fault, as far as anybody can tell them apart from outside.

It is the key to a test, not part of judging: no fingerprint may know a fault by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from isolation_checks.selftest.nouns import Look, Told

UNKNOWN = "unknown"
SHARED = "one agent object shared by overlapping runs"
LEFT = "state that another's run had left behind"
NEWEST = "the newest socket wins"
LAUNDERED = "another's frames under the recipient's ids"
NEWEST_USER = "a row written with the id of whoever came last"
CACHE = "a cache of answers without the user in its key"
CUT_KEY = "a cache whose key is cut short"
BUFFER = "answers stream out of one buffer"
NO_USER = "a path without the user's identity"
MEMORY = "a memory that is searched without the user in its filter"
LEFT_ON_A_WORKER = "an identity that another's run had left on a worker"
FITTING: Mapping[str, tuple[str, ...]] = {
    "shared_socket": (NEWEST,),
    "broadcast": ("a targeted send became a send to all",),
    "duplicate_emitter": ("a second emitter sends each event again, to somebody else",),
    "reply_map_collision": ("a reply finds its session by the client's id alone",),
    "wrong_routing_key": ("events follow the conversation's id, which is known to no session yet",),
    "stale_replay": ("what was kept for a dropped socket is sent to another",),
    "resume_takeover": ("a session is given back by its id alone",),
    "label_laundering": (LAUNDERED, NEWEST),
    "room_name_collision": ("a group named after the beginning of an id",),
    "shared_identity_fallback": ("callers are let in as one common user",),
    "same_second_ids": ("ids of sessions are made from the clock",),
    "trusts_payload_identity": ("the user is taken from the request, not from the token",),
    "unverified_token": ("a token is believed that proves nothing",),
    "outlives_logout": ("a login is believed after its end",),
    "refresh_swaps_identity": ("a token is taken for another's",),
    "singleton_agent": (SHARED, LEFT),
    "configured_factory": (SHARED, LEFT),
    "shared_tool_dispatcher": (
        "one dispatcher of tools, whose events follow the run that came last",
    ),
    "shallow_state": (SHARED, LEFT),
    "unreset_agent": (LEFT,),
    "ambient_context_lost": (NO_USER, NEWEST_USER, LEFT_ON_A_WORKER),
    "default_conversation": (SHARED, LEFT),
    "cross_conversation": ("one conversation's words in another of the same user",),
    "cache_without_user": (CACHE,),
    "truncated_cache_key": (CUT_KEY, CACHE),
    "none_user_namespace": (MEMORY, LEFT, SHARED),
    "missing_owner_check": ("a read by id alone, without a check of the owner",),
    "unscoped_search": ("a search that does not ask whose documents they are",),
    "pool_residue": (LEFT, SHARED),
    "desynced_connection": (
        "a reply left on a connection for whoever borrows it next",
        "what a run that broke off had left behind",
    ),
    "shared_transaction": ("one transaction shared by overlapping runs",),
    "wrong_owner_row": (NEWEST_USER,),
    "ghost_store": ("kept in one process's memory",),
    "placeholder_owner": (NO_USER,),
    "lost_row": ("answered, never stored",),
    "half_written_run": ("a commit where a rollback belongs", "a commit without its end"),
    "double_write": ("written twice",),
    "buffer_reuse": (BUFFER, SHARED),
    "split_leak": (BUFFER,),
    "encoded_leak": ("an error carries a dump of what others asked",),
    "error_leak": ("an error carries another's context",),
    "silent_swallow": ("accepted and never handled",),
    "fake_success": ("a canned text in the place of an answer",),
    "lost_terminal": ("the last event is lost",),
    "out_of_order": ("several senders without an order", "sent again, or by two emitters"),
    "late_frames": ("a run that was given up talks on",),
    "noisy_neighbour": (
        "answers that wait for one another, as for a lock, a small pool or a full processor",
    ),
    "slow_tail": ("a share that is slow whatever the load",),
    "connect_stall": ("connects that are served one after another",),
    "slot_leak": ("a place that is not given back when a session ends",),
    "restart_mixup": (LEFT, SHARED),
    "hung_agent": ("the agent died without a word",),
    "side_effect_misdelivery": (NEWEST_USER,),
}
"""By fault; of the others no fingerprint is asked."""


def fits(fitting: Sequence[str] | None, mechanism: str) -> bool | None:
    """Whether a mechanism is one of those that fit; None where nobody says what would."""
    return mechanism in fitting if fitting is not None else None


def looks(fitting: Sequence[str] | None, trials: Sequence[Sequence[str]]) -> tuple[Look, ...]:
    """What the roots of these trials look like, in most of them first."""
    counts = Counter(name for roots in trials for name in dict.fromkeys(roots))
    return tuple(
        Look(mechanism=name, trials=number, fits=fits(fitting, name))
        for name, number in counts.most_common()
    )


def told(fitting: Sequence[str] | None, trials: Sequence[Sequence[str]]) -> Told | None:
    """In how many of these trials the roots look like what they are."""
    if fitting is None:
        return None
    counts = Counter(_told(fitting, roots) for roots in trials if roots)
    return Told(**counts)


def _told(fitting: Sequence[str], roots: Sequence[str]) -> str:
    right = [name in fitting for name in roots]
    if any(right):
        return "rightly" if all(right) else "beside"
    return "unknown" if set(roots) == {UNKNOWN} else "wrongly"
