import json

import msgspec

from isolation_checks.records import Ending, Reason
from locustfiles.driving.resuming import taken_up


def begun(driven, until):
    """A session, and a query of it whose answer has begun."""
    session = driven.opened()
    query = driven.ask(session, "anything")
    until(lambda: query.first_ns)
    return session, query


def test_a_session_is_taken_up_and_its_answer_goes_on(drive, server, until):
    """On a new connection, which is asked for what was not heard; one query, one end."""
    driven = drive(server.ws("/resumable"))
    session, query = begun(driven, until)
    behind = taken_up(session)
    assert session.closed.is_set()
    assert behind is not None
    assert behind.is_open
    until(query.done.is_set)
    assert (query.ending, query.session) == (Ending.OK, behind)
    rows = driven.rows("sessions")
    (again,) = [row for row in rows if row["step"] == "resumes"]
    assert (again["session"], again["detail"]) == (behind.id, str(session.id))
    resumed = next(row for row in driven.rows("frames") if b'"resumed"' in row["content"])
    said = json.loads(resumed["content"])["payload"]["content"]
    assert said["session_id"].startswith("s-")
    assert said["last_seq"] == 7
    assert f"credential.{session.principal.id}." in said["resume_token"]


def test_a_session_may_be_asked_for_where_one_connects(drive, server, until):
    """With what the plan adds to the address."""
    resume = '[dialect.resume]\nsession = ["session_id"]\nquery = { resume = "{session}" }'
    driven = drive(server.ws("/resumable"), dialect=resume)
    session, _ = begun(driven, until)
    behind = taken_up(session)
    assert behind is not None
    assert behind.query["resume"].startswith("s-")


def test_whoever_resumes_may_have_to_show_the_token_again(drive, server, until):
    """In the message that resumes; what is kept of it is a mark that names its owner."""
    resume = """[dialect.resume]
session = ["session_id"]
[dialect.resume.message]
type = "resume"
session_id = "{session}"
request_id = "{query}"
resume_token = "{token}"
"""
    driven = drive(server.ws("/resumable"), dialect=resume)
    session, _ = begun(driven, until)
    assert taken_up(session) is not None
    until(lambda: any(b'"resumed"' in row["content"] for row in driven.rows("frames")))
    resumed = next(row for row in driven.rows("frames") if b'"resumed"' in row["content"])
    said = json.loads(resumed["content"])["payload"]["content"]
    assert f"credential.{session.principal.id}." in said["resume_token"]


def test_where_the_platform_named_no_session_none_is_taken_up(drive, server, until):
    """The connection is dropped all the same, and what it asked was given up by us."""
    driven = drive(server.ws("/agent?answer=started"))
    session, query = begun(driven, until)
    assert taken_up(session) is None
    assert (query.ending, query.reason) == (Ending.INFO, Reason.GIVEN_UP)


def test_nobody_waits_for_what_could_not_be_taken_up(drive, server, until):
    """Whoever is not let in again; nobody can say what came of the query."""
    driven = drive(server.ws("/resumable"))
    session, query = begun(driven, until)
    refusing = msgspec.structs.replace(
        driven.rig.plan.target, websocket=server.ws("/refuse?status=503")
    )
    driven.rig.plan = msgspec.structs.replace(driven.rig.plan, target=refusing)
    assert taken_up(session) is None
    assert query.ending is Ending.INFO
    assert driven.rig.open == {}
