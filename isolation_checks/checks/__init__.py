"""All checks, listed by hand: a check is one file and one line here.

Each is a pure function of a run; the order is the order in which people read them.
"""

from isolation_checks.checks.anothers_conversations import anothers_conversations
from isolation_checks.checks.anothers_sessions import anothers_sessions
from isolation_checks.checks.authenticated_time import authenticated_time
from isolation_checks.checks.canaries_echoed import canaries_echoed
from isolation_checks.checks.canned_answers import answers_differ
from isolation_checks.checks.check import Check
from isolation_checks.checks.claimed_identities import claimed_identities
from isolation_checks.checks.connect_time import connect_time
from isolation_checks.checks.control_found import control_found
from isolation_checks.checks.ended_logins import ended_logins
from isolation_checks.checks.error_budget import error_budget
from isolation_checks.checks.event_gaps import event_gaps
from isolation_checks.checks.everybody_came import everybody_came
from isolation_checks.checks.first_event import first_event_time
from isolation_checks.checks.five_events import event_protocol
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_facts import foreign_facts
from isolation_checks.checks.foreign_frame import frame_of_anothers
from isolation_checks.checks.foreign_identity import identity_of_anothers
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.checks.forged_tokens import forged_tokens
from isolation_checks.checks.history_complete import history_complete
from isolation_checks.checks.interference import interference
from isolation_checks.checks.let_in_again import everybody_let_in_again
from isolation_checks.checks.lying_labels import labels_contradict_content
from isolation_checks.checks.plan_kept import plan_kept
from isolation_checks.checks.recalled import recalled_elsewhere
from isolation_checks.checks.response_time import completion_time
from isolation_checks.checks.row_accounting import row_accounting
from isolation_checks.checks.session_ids import session_ids_differ
from isolation_checks.checks.throughput import throughput_kept
from isolation_checks.checks.tool_time import tool_time
from isolation_checks.checks.users_overlapped import users_overlapped

CHECKS: tuple[Check, ...] = (
    history_complete,
    everybody_came,
    users_overlapped,
    canaries_echoed,
    control_found,
    foreign_canary_in_a_frame,
    frame_of_anothers,
    labels_contradict_content,
    identity_of_anothers,
    foreign_facts,
    session_ids_differ,
    foreign_row,
    forged_tokens,
    claimed_identities,
    anothers_conversations,
    anothers_sessions,
    ended_logins,
    interference,
    event_protocol,
    row_accounting,
    answers_differ,
    recalled_elsewhere,
    plan_kept,
    everybody_let_in_again,
    connect_time,
    authenticated_time,
    first_event_time,
    event_gaps,
    tool_time,
    completion_time,
    throughput_kept,
    error_budget,
)
