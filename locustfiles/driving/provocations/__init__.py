"""What the driver does to bring faults out: one file, and one line here, each.

A provocation is a function of the rig that runs until it is killed; how often it
acts is the plan's to say.  `seen` never enters into it: it provokes, it does not judge.
"""

from __future__ import annotations

from collections.abc import Callable

from locustfiles.driving.provocations.abandon import abandon_an_answer
from locustfiles.driving.provocations.alike import ask_nearly_the_same
from locustfiles.driving.provocations.burst import connect_in_a_burst
from locustfiles.driving.provocations.cancel import cancel_an_answer
from locustfiles.driving.provocations.churn import come_and_go
from locustfiles.driving.provocations.connect import connect_during_an_answer
from locustfiles.driving.provocations.depart import leave_for_good
from locustfiles.driving.provocations.expire import let_a_token_run_out
from locustfiles.driving.provocations.fail import fail_on_purpose
from locustfiles.driving.provocations.give_up import stop_waiting
from locustfiles.driving.provocations.logout import log_out_during_an_answer
from locustfiles.driving.provocations.observer import observe
from locustfiles.driving.provocations.read import read_anothers_conversation
from locustfiles.driving.provocations.recall import recall_elsewhere
from locustfiles.driving.provocations.reconnect import reconnect_during_an_answer
from locustfiles.driving.provocations.refresh import refresh_at_once
from locustfiles.driving.provocations.relay import come_behind_another
from locustfiles.driving.provocations.restart import restart_a_process
from locustfiles.driving.provocations.resume import resume_an_answer
from locustfiles.driving.provocations.same_id import ask_under_one_id
from locustfiles.driving.provocations.search import search_for_a_phantoms
from locustfiles.driving.provocations.sizes import ask_long_and_short
from locustfiles.driving.provocations.slow import ask_what_takes_long
from locustfiles.driving.provocations.slow_reader import read_late
from locustfiles.driving.provocations.storm import come_back_all_at_once
from locustfiles.driving.provocations.tabs import ask_in_two_tabs
from locustfiles.driving.provocations.twins import ask_as_twins
from locustfiles.driving.rig import Rig

PROVOCATIONS: tuple[Callable[[Rig], None], ...] = (
    observe,
    ask_as_twins,
    connect_during_an_answer,
    abandon_an_answer,
    reconnect_during_an_answer,
    connect_in_a_burst,
    ask_in_two_tabs,
    read_anothers_conversation,
    cancel_an_answer,
    fail_on_purpose,
    ask_nearly_the_same,
    come_and_go,
    search_for_a_phantoms,
    refresh_at_once,
    ask_under_one_id,
    resume_an_answer,
    recall_elsewhere,
    restart_a_process,
    let_a_token_run_out,
    log_out_during_an_answer,
    come_back_all_at_once,
    come_behind_another,
    ask_long_and_short,
    read_late,
    ask_what_takes_long,
    stop_waiting,
    leave_for_good,
)
