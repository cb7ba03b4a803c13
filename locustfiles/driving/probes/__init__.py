"""What is tried that a sound platform refuses: one file, and one line here, each.

A family of probes is a function of the rig that runs until it is killed; which of its
attempts are made is the plan's to say.  It tries and records; whether anything was
accepted is judged from the record.
"""

from __future__ import annotations

from collections.abc import Callable

from locustfiles.driving.probes.anothers_conversation import (
    change_anothers_conversation,
    open_anothers_conversation,
)
from locustfiles.driving.probes.anothers_session import take_anothers_session
from locustfiles.driving.probes.claimed_identity import claim_identities
from locustfiles.driving.probes.ended_login import use_ended_logins
from locustfiles.driving.probes.forged_tokens import forge_tokens
from locustfiles.driving.rig import Rig

PROBES: tuple[Callable[[Rig], None], ...] = (
    forge_tokens,
    claim_identities,
    open_anothers_conversation,
    take_anothers_session,
    use_ended_logins,
)
AFTER_THE_DRIVE: tuple[Callable[[Rig], None], ...] = (change_anothers_conversation,)
"""Those that could destroy something; they end by themselves."""
