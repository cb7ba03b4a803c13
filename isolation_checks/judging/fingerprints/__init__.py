"""By which mechanism a finding looks to have come about, from wire and row evidence alone.

Each fingerprint is a question about the first places of a finding; the first that fits names
the mechanism and says why.  None that fits is "unknown", honestly.  They stand in the order
of how much each asks for: what only one mechanism leaves behind comes first.
"""

from __future__ import annotations

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.asked_last import asked_last
from isolation_checks.judging.fingerprints.at_once import given_out, shared_result
from isolation_checks.judging.fingerprints.caches import (
    same_beginning,
    same_question,
    same_question_by_ids,
    same_question_by_name,
    similar_question,
)
from isolation_checks.judging.fingerprints.content import (
    in_an_error,
    left_behind,
    out_of_one_buffer,
    shared_agent,
    within_one_user,
)
from isolation_checks.judging.fingerprints.delivery import known_nowhere_else, lost_or_late
from isolation_checks.judging.fingerprints.given_up import rolled_back_together, talks_on
from isolation_checks.judging.fingerprints.identities import (
    common_user,
    ids_by_the_clock,
    taken_for_another,
)
from isolation_checks.judging.fingerprints.instead import (
    cut_in_two,
    given_away,
    written_over,
)
from isolation_checks.judging.fingerprints.kept import kept_from_the_first, written_again
from isolation_checks.judging.fingerprints.keys import (
    begins_alone,
    cut_short,
    names_alike,
    one_id,
    one_id_in_answers,
    searched_for,
    unknown_yet,
)
from isolation_checks.judging.fingerprints.laundered import laundered
from isolation_checks.judging.fingerprints.leftover import (
    behind_an_answer,
    due_to_the_one_before,
    left_on_a_connection,
    off_by_one,
)
from isolation_checks.judging.fingerprints.memories import shared_memory
from isolation_checks.judging.fingerprints.outlived import goes_on_listening
from isolation_checks.judging.fingerprints.probing import probed
from isolation_checks.judging.fingerprints.resumed import given_with_a_session
from isolation_checks.judging.fingerprints.routing import (
    newest_socket,
    read_without_owner,
    replayed,
)
from isolation_checks.judging.fingerprints.rows import left_on_a_worker, mixed_up, newest_user
from isolation_checks.judging.fingerprints.scene import UNKNOWN, Fingerprint, Mechanism, Scene
from isolation_checks.judging.fingerprints.several import (
    second_emitter,
    sent_to_a_tenant,
    sent_to_all,
)
from isolation_checks.judging.fingerprints.shown_again import shown_again
from isolation_checks.judging.fingerprints.threads import one_thread
from isolation_checks.judging.fingerprints.tools import tool_events
from isolation_checks.judging.fingerprints.turned_away import canned, place_not_given_back

__all__ = ["FINGERPRINTS", "UNKNOWN", "Mechanism", "Scene", "mechanism"]

FINGERPRINTS: tuple[Fingerprint, ...] = (
    common_user,
    cut_in_two,
    ids_by_the_clock,
    probed,
    taken_for_another,
    read_without_owner,
    begins_alone,
    names_alike,
    one_id,
    one_id_in_answers,
    written_over,
    goes_on_listening,
    sent_to_a_tenant,
    sent_to_all,
    in_an_error,
    given_with_a_session,
    replayed,
    shown_again,
    second_emitter,
    newest_socket,
    laundered,
    tool_events,
    asked_last,
    searched_for,
    shared_memory,
    out_of_one_buffer,
    left_on_a_connection,
    off_by_one,
    due_to_the_one_before,
    cut_short,
    same_question,
    same_question_by_name,
    same_question_by_ids,
    same_beginning,
    within_one_user,
    similar_question,
    one_thread,
    given_away,
    shared_result,
    given_out,
    shared_agent,
    left_behind,
    behind_an_answer,
    kept_from_the_first,
    newest_user,
    mixed_up,
    written_again,
    left_on_a_worker,
    unknown_yet,
    place_not_given_back,
    canned,
    talks_on,
    rolled_back_together,
    known_nowhere_else,
    lost_or_late,
)


def mechanism(scene: Scene, found: Found) -> Mechanism:
    """What a finding looks like."""
    for fingerprint in FINGERPRINTS:
        named = fingerprint(scene, found)
        if named is not None:
            return named
    return Mechanism(name=UNKNOWN, because=_why_not(scene, found))


def _why_not(scene: Scene, found: Found) -> str:
    """What was looked at in vain."""
    if found.kind == "no-end":
        return (
            "an end that was lost and an agent that died look the same on the wire; a table that "
            "says which of its runs are finished would tell"
        )
    if found.channel != "frame":
        return "the traces are those of no mechanism that is known here"
    if scene.about_others(found):
        return (
            "the frames name others' queries; whom they reached, and when, tells no one mechanism"
        )
    if not scene.passings:
        return "the evidence names neither the victim's query nor the recipient's"
    return "most of the frames are neither the recipient's own nor one known mechanism's"
