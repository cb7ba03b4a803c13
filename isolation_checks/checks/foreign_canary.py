"""Whether anyone received words that only someone else was given."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_privacy
from isolation_checks.loading.run import CONTROL, Relation, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.lattice import Verdict

CWE = {"frame": 488, "http": 639}


@check(
    asks="Did anyone receive words that only someone else was given?",
    cwe=488,
    not_asked=needs_privacy,
)
def foreign_canary_in_a_frame(run: Run) -> Outcome:
    """No session receives a canary that is foreign to it.

    Where no frame held any canary at all, a foreign one could not have shown either.

    Catches:  shared_socket, broadcast, singleton_agent, cache_without_user, missing_owner_check,
              encoded_leak, error_leak, room_name_collision, truncated_cache_key,
              none_user_namespace, cross_conversation (from one of a user's conversations
              into another), unscoped_search, reply_map_collision,
              stale_replay, configured_factory, shared_tool_dispatcher, shallow_state,
              unreset_agent, default_conversation, buffer_reuse, split_leak, pool_residue,
              desynced_connection, restart_mixup.
    Blind to: leaks that paraphrase; a token canary must arrive letter for letter, though it
              may be split over pieces or messages, separated, or encoded.
    """
    received = run.frames.filter(~nw.col("opcode").is_in(CONTROL))
    seen = run.sightings.filter(nw.col("channel").is_in(("frame", "http")) & ~nw.col("identity"))
    foreign = records(seen.filter(nw.col("foreign")), "at_s", "stream", "index")
    groups = groups_of(foreign, "owner", "principal", "channel")
    earlier = count(seen.filter(nw.col("earlier")))
    doubt = _doubt(run, seen)
    return Outcome(
        examined=count(received),
        unit="frames",
        found=tuple(_found(run, group) for group in groups),
        verdict=Verdict.UNKNOWN if doubt and not foreign else None,
        note=doubt,
        blind=(f"{earlier} canaries of earlier runs were seen; they convict nobody",)
        if earlier
        else (),
    )


NO_WORDS = "no frame held a canary, neither a foreign one nor one's own"


def _doubt(run: Run, seen: Relation) -> str:
    """Why nothing found would not mean that there was nothing."""
    if not count(seen.filter(nw.col("planted"))):
        return NO_WORDS
    return unplanted(run, seen)


def unplanted(run: Run, seen: Relation) -> str:
    """How many canaries of others' convict nobody, since nobody wrote down their planting."""
    loose = seen.filter(~nw.col("planted") & ~nw.col("earlier") & ~nw.col("principal").is_null())
    strange = [
        record
        for record in records(loose.select("owner", "principal", "channel"))
        if record["owner"] is None
        or not run.ownership.may_share(record["owner"], record["principal"], record["channel"])
    ]
    if not strange:
        return ""
    return f"{len(strange)} canaries of this run were seen whose planting nobody wrote down"


def _found(run: Run, group: list[dict[str, Any]]) -> Found:
    """One finding, proved by a frame in which the words stand whole, where there is one."""
    record = next(
        (other for other in group if not other["how"].startswith("reassembled")), group[0]
    )
    owner, recipient = PrincipalId(record["owner"]), PrincipalId(record["principal"])
    planted = QueryId(record["planted_query"]) if record["planted_query"] else None
    within = owner == recipient
    return Found(
        kind="stale-context" if within else "foreign-canary",
        cwe=CWE[record["channel"]],
        victim=owner,
        recipient=recipient,
        channel=record["channel"],
        sentence=f"words that {owner} told one conversation came back in another"
        if within
        else f"words that only {owner} was given reached {recipient}",
        times=len(group),
        first_s=group[0]["at_s"],
        witness=lambda: witness.in_order(
            witness.told(run, planted, record["canary"]),
            witness.connected(run, record["session"], record["at_s"]),
            witness.asked(run, QueryId(record["query"] or ""), "recipient"),
            witness.arrived(run, record, recipient, "recipient", record["canary"]),
        ),
        places=tuple((other["stream"], other["index"]) for other in group),
        victim_query=planted,
        recipient_query=QueryId(record["query"]) if record["query"] else None,
        queries=frozenset(
            QueryId(q) for other in group for q in (other["query"], other["planted_query"]) if q
        ),
    )
