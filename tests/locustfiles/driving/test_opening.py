"""What is shown to be let in is what travels, and nothing besides."""

from __future__ import annotations

import json
import re

import pytest

from locustfiles.driving.opening import Shown, TicketError, opening

CARRY = 'headers = { Authorization = "Bearer {token}", X-Kept = "yes" }, query = { t = "{token}" }'
TOKEN = "t" * 20
CARRIED = 'query = { t = "{ticket}" }'
TICKET = """source = "mint"
ticket = {{ path = "/{how}/ticket", send = {{ token = "{{token}}" }}, at = ["data.pass"] }}
"""


@pytest.fixture
def shown(drive):
    """What a session of an ordinary user's says at an address, when it shows something."""

    def said(address, what, **of):
        rig = drive(address, **of).rig
        return rig, opening(rig, rig.principal("user"), rig.session_id(), what)

    return said


@pytest.fixture
def heard(shown, server, until):
    """The path and the headers that the other side saw of it."""

    def over_the_wire(what):
        rig, said = shown(server.ws("/headers"), what, carry=CARRY)
        got = []
        wire = said.wire(rig, lambda _, contents, *__: got.extend(contents), lambda *_, **__: None)
        wire.open(timeout=5.0, tls=rig.tls)
        until(lambda: got)
        wire.abort()
        seen = json.loads(got[0])
        return seen["path"], {name.lower(): value for name, value in seen["headers"]}

    return over_the_wire


def test_what_is_shown_is_what_travels(heard):
    """The token by the plan's ways, and whatever stands beside it."""
    beside = Shown(token=TOKEN, headers={"X-User-Id": "u-1"}, query={"user_id": "u-1"})
    path, headers = heard(beside)
    assert (f"Bearer {TOKEN}", "u-1") == (headers["authorization"], headers["x-user-id"])
    assert path.endswith(f"?t={TOKEN}&user_id=u-1")


def test_without_a_token_nothing_that_would_hold_it_is_sent(heard):
    """And the rest is sent as it is."""
    path, headers = heard(Shown(token=None))
    assert "authorization" not in headers
    assert ("yes", "/headers") == (headers["x-kept"], path)


@pytest.mark.parametrize(
    ("carry", "token", "message"),
    [
        ('message = { type = "auth", jwt = "{token}" }', TOKEN, {"type": "auth", "jwt": TOKEN}),
        ('message = { type = "auth", jwt = "{token}" }', None, None),
        ('message = { type = "hello" }, query = { t = "{token}" }', None, {"type": "hello"}),
        (CARRY, TOKEN, None),
    ],
)
def test_the_first_message_is_sent_where_it_has_what_it_carries(shown, carry, token, message):
    """Who shows no token says nothing that would hold one."""
    assert message == shown("ws://127.0.0.1:9", Shown(token=token), carry=carry)[1].message


def test_each_connection_shows_a_ticket_of_its_own(shown, accounts):
    """It is got for the token that is shown; no run holds it."""
    of = {"http": f'http = "{accounts}"', "carry": CARRIED, "auth": TICKET.format(how="plain")}
    rig, said = shown("ws://127.0.0.1:9", Shown(token="first-" + TOKEN), **of)
    assert re.fullmatch(r"ws://127.0.0.1:9\?t=ticket-number-\d+-for-tttttttt", said.url)
    assert b"ticket" not in rig.credentials.marked(said.url.encode())
    who = rig.principal("user")
    again = opening(rig, who, rig.session_id(), Shown(token="other-" + TOKEN))
    assert said.url != again.url
    assert "ws://127.0.0.1:9" == opening(rig, who, rig.session_id(), Shown(token=None)).url


@pytest.mark.parametrize(
    ("how", "asks"),
    [("open", r"\?t=ticket-number-\d+-for-no-token"), ("plain", ""), ("401", "")],
)
def test_who_shows_no_token_asks_for_a_ticket_all_the_same(shown, accounts, how, asks):
    """The door at which tickets are given may stand open; where it does not, the next is tried."""
    of = {"http": f'http = "{accounts}"', "carry": CARRIED, "auth": TICKET.format(how=how)}
    _, said = shown("ws://127.0.0.1:9", Shown(token=None), **of)
    assert re.fullmatch(rf"ws://127.0.0.1:9{asks}", said.url)


def test_a_ticket_that_trouble_kept_back_was_refused_to_nobody(shown, accounts):
    """Not even to whoever showed no token."""
    of = {"http": f'http = "{accounts}"', "carry": CARRIED, "auth": TICKET.format(how="500")}
    with pytest.raises(TicketError, match="HTTP 500"):
        shown("ws://127.0.0.1:9", Shown(token=None), **of)


@pytest.mark.parametrize(("how", "said"), [("401", "HTTP 401"), ("rubbish", "HTTP 200")])
def test_where_no_ticket_is_given_there_is_no_connection(shown, accounts, how, said):
    """It is said what was answered."""
    of = {"http": f'http = "{accounts}"', "carry": CARRIED, "auth": TICKET.format(how=how)}
    with pytest.raises(TicketError, match=f"a ticket was refused: {said}"):
        shown("ws://127.0.0.1:9", Shown(token=TOKEN), **of)


def test_who_speaks_may_be_somebody_else_than_who_holds_the_token(shown):
    """In the address and beside it, where the plan says who speaks."""
    what = Shown(token=TOKEN, subject="some/body")
    carry = 'headers = { X-Token = "{token}", X-User = "{subject}" }'
    _, said = shown("ws://127.0.0.1:9/of/{subject}", what, carry=carry)
    assert "ws://127.0.0.1:9/of/some%2Fbody" == said.url
    assert {"X-Token": TOKEN, "X-User": "some/body"} == said.headers
