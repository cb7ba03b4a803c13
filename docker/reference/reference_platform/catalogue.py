"""The faults by name: what really happens, how often, what it shows as, and what it takes.

It is a table and nothing else, in the order in which the documentation tells of them: long
because they are many, and whole so that who looks for one has one place to look.

Signals: W foreign content in frames, D in rows, I ids or labels only, L lost, doubled, late or
out of order, A access that should be refused, T time only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One defect: what it is, how often it gets a chance, how often it takes it by default."""

    name: str
    sentence: str
    opportunity: str
    default_rate: float = 1.0
    signal: str
    shows_when: str
    needs: tuple[str, ...] = ()  # of "postgresql", "redis", "workers", "misrouting"


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            name="shared_socket",
            sentence="One handler object keeps the socket that events go to; each connect "
            "overwrites it.",
            opportunity="connect",
            signal="WL",
            shows_when="somebody connects while another's answer is on its way",
        ),
        Fault(
            name="broadcast",
            sentence="An event meant for one connection is sent to every connection.",
            opportunity="event",
            signal="W",
            shows_when="two sockets are open, one of them silent",
        ),
        Fault(
            name="reply_map_collision",
            sentence="Replies find their session by the client's request id alone; an equal "
            "one overwrites it.",
            opportunity="query",
            signal="WL",
            shows_when="two clients use equal request ids at once",
        ),
        Fault(
            name="wrong_routing_key",
            sentence="Events are routed by thread id, where sessions are entered under their"
            " user's id and under threads that their clients name.",
            opportunity="query",
            signal="LW",
            shows_when="the first query of a session opens a thread; somebody names another's "
            "thread",
        ),
        Fault(
            name="duplicate_emitter",
            sentence="A second, global emitter sends each event again, to whoever asked last.",
            opportunity="event",
            signal="WL",
            shows_when="always twice; foreign where queries overlap",
        ),
        Fault(
            name="stale_replay",
            sentence="What a dropped socket was not sent waits under the client's address, "
            "and is sent to whoever connects from there next.",
            opportunity="event without a socket",
            signal="WL",
            shows_when="somebody drops in mid-answer and somebody connects",
        ),
        Fault(
            name="resume_takeover",
            sentence="Resuming looks a session up by its id, and neither at its owner nor at"
            " its token.",
            opportunity="resume",
            signal="WA",
            shows_when="somebody resumes another's session",
        ),
        Fault(
            name="label_laundering",
            sentence="A sender fills in the ids of frames from what its own client asked last.",
            opportunity="event",
            signal="W",
            shows_when="a misrouting fault is on too",
            needs=("misrouting",),
        ),
        Fault(
            name="room_name_collision",
            sentence="Events are sent to a room that is named after eight lower-cased "
            "characters of the email.",
            opportunity="connect",
            signal="W",
            shows_when="users whose emails begin alike are connected",
        ),
        Fault(
            name="shared_identity_fallback",
            sentence="When the auth service is too slow, the caller is let in as a common guest.",
            opportunity="authentication",
            default_rate=0.1,
            signal="IDW",
            shows_when="authentication takes longer than its limit",
        ),
        Fault(
            name="same_second_ids",
            sentence="Connections and sessions are numbered by the clock, in whole seconds.",
            opportunity="connect",
            signal="IL",
            shows_when="several connect within a second, and one leaves",
        ),
        Fault(
            name="trusts_payload_identity",
            sentence="A `user_id` in a message beats the one in the token.",
            opportunity="message that names a user",
            signal="ADW",
            shows_when="a client names another user",
        ),
        Fault(
            name="unverified_token",
            sentence="A token without a signature, as tests once used them, is taken at its word.",
            opportunity="unsigned token",
            signal="A",
            shows_when="a client shows a token of its own making, with `alg` none",
        ),
        Fault(
            name="outlives_logout",
            sentence="Validations are cached, and open sockets are not looked at again, when"
            " a login ends or a token expires.",
            opportunity="logout or expiry",
            signal="A",
            shows_when="a token is used after logout, or a socket after expiry",
        ),
        Fault(
            name="refresh_swaps_identity",
            sentence="Refresh tokens are validated through a cache that is keyed by the "
            "first 32 characters.",
            opportunity="refresh",
            signal="IWA",
            shows_when="two users refresh within two seconds",
        ),
        Fault(
            name="singleton_agent",
            sentence="One agent object, carrying the current user's fields, serves everybody.",
            opportunity="query",
            signal="WD",
            shows_when="queries overlap",
        ),
        Fault(
            name="configured_factory",
            sentence="The factory is configured for a run, warms up, then creates an agent "
            "for whatever it is configured for by then.",
            opportunity="query",
            signal="WD",
            shows_when="somebody asks while another's agent warms up",
        ),
        Fault(
            name="shared_tool_dispatcher",
            sentence="One dispatcher runs all tools; its events go to the run that set its "
            "bridge last.",
            opportunity="query",
            signal="WL",
            shows_when="queries overlap",
        ),
        Fault(
            name="shallow_state",
            sentence="An agent's state is a copy of a template, one level deep: its lists "
            "are common to all.",
            opportunity="query",
            signal="WD",
            shows_when="queries overlap",
        ),
        Fault(
            name="unreset_agent",
            sentence="Pooled agents are handed out with the draft of their last answer.",
            opportunity="query",
            signal="WD",
            shows_when="somebody asks after another's answer, on the same worker",
        ),
        Fault(
            name="ambient_context_lost",
            sentence="When the platform is busy, rows are made in a thread pool, which the "
            "context with their owner is not carried into.",
            opportunity="write of an answer",
            signal="D",
            shows_when="four or more queries run at once",
        ),
        Fault(
            name="default_conversation",
            sentence="Queries without a thread have one conversation, `default`, for everybody.",
            opportunity="query without a thread",
            signal="W",
            shows_when="two users ask without a thread",
        ),
        Fault(
            name="cross_conversation",
            sentence="What was said before is recalled per user, where per thread was meant.",
            opportunity="query",
            signal="W",
            shows_when="one user asks in two threads",
        ),
        Fault(
            name="cache_without_user",
            sentence="The answer cache is keyed by the question alone.",
            opportunity="query",
            signal="W",
            shows_when="twins: the same question from two users",
        ),
        Fault(
            name="truncated_cache_key",
            sentence="The answer cache is keyed by eight characters of the email and the "
            "question, case-folded and cut to 64.",
            opportunity="query",
            signal="W",
            shows_when="users whose emails begin alike ask questions that begin alike",
        ),
        Fault(
            name="none_user_namespace",
            sentence="In follow-up queries memories are kept without a user, in a namespace "
            "`None`.",
            opportunity="query in a known thread",
            signal="WD",
            shows_when="two users speak of memories in follow-ups",
        ),
        Fault(
            name="missing_owner_check",
            sentence="Threads and their messages are read by id alone, over a connection "
            "that row-level security does not bind.",
            opportunity="read of a thread",
            signal="AW",
            shows_when="somebody reads another's thread",
        ),
        Fault(
            name="unscoped_search",
            sentence="Documents are searched without regard to the tenant.",
            opportunity="search",
            signal="W",
            shows_when="somebody searches for words of another tenant's document",
        ),
        Fault(
            name="pool_residue",
            sentence="The user of a pooled connection is set by writes, for good, and reads "
            "rely on it.",
            opportunity="read",
            signal="WDL",
            shows_when="several users on PostgreSQL, whose pool is tiny",
            needs=("postgresql",),
        ),
        Fault(
            name="desynced_connection",
            sentence="A cancelled query hands its Redis connection back with a reply unread,"
            " for the next borrower.",
            opportunity="cancel",
            signal="W",
            shows_when="a query is cancelled while its agent plans, then others follow up",
            needs=("redis",),
        ),
        Fault(
            name="shared_transaction",
            sentence="All runs write through one database session; what one commits or rolls"
            " back, it does for all.",
            opportunity="query",
            signal="DL",
            shows_when="queries overlap and one fails or is cancelled",
        ),
        Fault(
            name="wrong_owner_row",
            sentence="The row writer takes the owner from a shared current-user field at the"
            " time of writing.",
            opportunity="write of an answer",
            signal="D",
            shows_when="queries overlap",
        ),
        Fault(
            name="placeholder_owner",
            sentence="A retried write runs outside the request's context, where the owner "
            "defaults to `system`.",
            opportunity="write of an answer",
            default_rate=0.05,
            signal="D",
            shows_when="always, at its rate",
        ),
        Fault(
            name="lost_row",
            sentence="Rows go to a write-behind queue that drops them when a flush fails.",
            opportunity="query",
            default_rate=0.05,
            signal="DL",
            shows_when="always, at its rate",
        ),
        Fault(
            name="half_written_run",
            sentence="A run that fails commits what it had written, where it should have "
            "rolled back.",
            opportunity="failed or cancelled run",
            signal="D",
            shows_when="runs fail or are cancelled",
        ),
        Fault(
            name="double_write",
            sentence="A write whose confirmation is late is tried again, with new ids.",
            opportunity="write of an answer",
            default_rate=0.1,
            signal="DL",
            shows_when="always, at its rate",
        ),
        Fault(
            name="ghost_store",
            sentence="Memories are kept in a worker's own memory, and never stored.",
            opportunity="memory",
            signal="WL",
            shows_when="a user is served by several workers, or a worker is replaced",
            needs=("workers",),
        ),
        Fault(
            name="buffer_reuse",
            sentence="All frames' texts wait in one buffer, which the next text overwrites "
            "before they are sent.",
            opportunity="event with a text",
            signal="W",
            shows_when="answers overlap, of different sizes",
        ),
        Fault(
            name="split_leak",
            sentence="Answers stream out of one shared buffer, letter by letter; a new "
            "answer replaces its text under the readers.",
            opportunity="query",
            signal="W",
            shows_when="answers stream at once; foreign only when deltas are put together",
        ),
        Fault(
            name="encoded_leak",
            sentence="An error carries a dump of the worker's latest questions, in base64.",
            opportunity="failed run",
            signal="W",
            shows_when="a run fails after others asked",
        ),
        Fault(
            name="error_leak",
            sentence="An error carries the ids and the trace of the reporter's current "
            "scope, which the newest query has set.",
            opportunity="failed run",
            signal="WI",
            shows_when="a run fails while others ask",
        ),
        Fault(
            name="silent_swallow",
            sentence="The intake of a query fails and the exception is swallowed.",
            opportunity="query",
            default_rate=0.05,
            signal="L",
            shows_when="always, at its rate",
        ),
        Fault(
            name="fake_success",
            sentence="When the model is overloaded, a canned text is given as the answer.",
            opportunity="query while the model is overloaded",
            signal="L",
            shows_when="four or more answers are being made at once",
        ),
        Fault(
            name="lost_terminal",
            sentence="The last event goes through a notification queue that drops when full.",
            opportunity="completed query",
            default_rate=0.05,
            signal="L",
            shows_when="always, at its rate",
        ),
        Fault(
            name="out_of_order",
            sentence="Two senders drain one outbox; one stalls or sends again.",
            opportunity="event",
            default_rate=0.02,
            signal="L",
            shows_when="always, at its rate",
        ),
        Fault(
            name="late_frames",
            sentence="The agent of a run that timed out or was cancelled is not stopped, and"
            " talks on.",
            opportunity="run that is given up",
            signal="L",
            shows_when="runs time out or are cancelled",
        ),
        Fault(
            name="hung_agent",
            sentence="An agent dies in mid-run and nobody watches.",
            opportunity="query",
            default_rate=0.05,
            signal="LT",
            shows_when="always, at its rate",
        ),
        Fault(
            name="noisy_neighbour",
            sentence="All answers of a worker pass through one semaphore with two places.",
            opportunity="query",
            signal="T",
            shows_when="one user asks much at once",
        ),
        Fault(
            name="slow_tail",
            sentence="A share of model calls lands on a cold replica and stalls for seconds.",
            opportunity="query",
            default_rate=0.15,
            signal="T",
            shows_when="always, at its rate",
        ),
        Fault(
            name="connect_stall",
            sentence="Each connect waits for readiness checks that are made one after the "
            "other, for one connect at a time.",
            opportunity="connect",
            signal="T",
            shows_when="a burst of connects",
        ),
        Fault(
            name="slot_leak",
            sentence="A user's place among the sockets is not given back when a socket closes.",
            opportunity="disconnect",
            signal="L",
            shows_when="a user connects again and again",
        ),
        Fault(
            name="restart_mixup",
            sentence="What was said before is kept by slot; a worker that is started again "
            "restores the slots and gives them out anew.",
            opportunity="restart of a worker",
            signal="W",
            shows_when="a worker is killed, and users follow up",
            needs=("workers",),
        ),
        Fault(
            name="side_effect_misdelivery",
            sentence="The notifier takes the addressee from a shared field that the newest "
            "query has set.",
            opportunity="notification",
            signal="D",
            shows_when="queries overlap",
        ),
    )
}

# What sends events to the wrong socket: label_laundering has nothing to hide without one.
MISROUTING = (
    "shared_socket",
    "broadcast",
    "reply_map_collision",
    "wrong_routing_key",
    "duplicate_emitter",
    "stale_replay",
    "room_name_collision",
)
