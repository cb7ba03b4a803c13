"""What probes share: how one is asked on a line of a probe's."""

import gevent
import orjson
import pytest

from isolation_checks.plan.tables.auth import Call
from isolation_checks.probing import Shows
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.controls import own_call
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.trying import Trying

MORE = '[probes]\nevery = "10ms"\npatience = "300ms"'


def begin(ground):
    """Ask without a conversation: what we call the one that begins, and what the platform does."""
    who = ground.intruder
    tried = Trying(kind="", way="", by=who, victim=who, said="", shows=Shows.ECHO)
    with ground.trying(tried.own("own")):
        line = ground.line(tried, Shown(token=ground.token(who)))
        query = ground.ask(tried, line)
        line.wait_for_end(query)
        heard = {reading.conversation for reading, _ in line.heard if reading.query == query}
    return tried.begun, heard


@pytest.mark.parametrize(("naming", "ours"), [("ours", True), ("theirs", False)])
def test_whoever_names_conversations_names_those_that_probes_begin(drive, server, naming, ours):
    """Each another one: a platform that needs a name would answer none of them without it."""
    path = "/agent?answer=started+completed"
    driven = drive(server.ws(path), more=MORE, dialect=f'conversations = "{naming}"')
    ground = Ground(driven.rig)
    (one, heard), (other, then) = begin(ground), begin(ground)
    if ours:
        assert ({one}, {other}) == (heard, then)
        assert one != other
    else:
        assert (None, None) == (one, other)
        assert heard == then != set()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ('["user_id", "sub"]', {"user_id": "{id}", "sub": "{id}"}),
        (
            '{ owner = "{principal}", org = "org of {email}" }',
            {"owner": "{id}", "org": "org of {at}"},
        ),
        # what is said of the intruder as well may be needed, and what is said of nobody is not
        (
            '{ org = "{tenant}", role = "admin", sub = "{subject}" }',
            {"role": "admin", "sub": "{id}"},
        ),
    ],
)
def test_a_claim_says_of_the_decoy_what_the_plan_says_that_it_says(drive, server, names, told):
    """Its name for the platform, unless the plan's table has something else; at every place."""
    driven = drive(server.ws("/agent?answer=completed"), more=f"{MORE}\nnames = {names}")
    ground = Ground(driven.rig)
    who = ground.decoy.principal
    who.subject = who.id
    ground.intruder.subject = ground.intruder.id
    expected = {name: said.format(id=who.id, at=who.email) for name, said in told.items()}
    tried = Trying(kind="", way="", by=ground.intruder, victim=who, said="", shows=Shows.WORDS)
    sent = orjson.loads(ground.claimed(tried, b'{"type": "ask", "payload": {"content": "x"}}'))
    assert {"type": "ask", "payload": {"content": "x", **expected}, **expected} == sent
    assert tried.trouble is None


@pytest.mark.parametrize("names", ['{ org = "{tenant}" }', '{ role = "admin" }'])
def test_what_is_said_of_everybody_claims_nothing(drive, server, names):
    """An intruder that says no more than its own would be refused for nothing."""
    driven = drive(server.ws("/agent?answer=completed"), more=f"{MORE}\nnames = {names}")
    ground = Ground(driven.rig)
    assert {} == ground.claims()


def test_an_owner_looks_again_for_what_its_platform_writes_down_late(drive, server, accounts):
    """In no longer a time than an answer is waited for; and what is there at once costs none."""
    http = f'http = "{accounts}"'
    driven = drive(server.ws("/agent?answer=completed"), http=http, more=MORE)
    ground, word = Ground(driven.rig), "a-word-that-comes-late"
    late = gevent.spawn_later(
        0.1, driven.rig.http.call, Call(path="/plain/logout", send={"told": word}), {}
    )
    call, who = Call(path="/plain/requests", method="GET"), ground.decoy.principal
    for sought, looks in ((word, 2), (word, 1), ("what-never-comes", 3)):
        before = len(driven.rows("probes"))
        ground.word = sought
        own_call(ground, who, "a-token", call, "c-1", "own")
        assert looks == len(driven.rows("probes")) - before
    assert late.successful()
