import pytest

from isolation_checks.dialects.framing import Json
from isolation_checks.dialects.socket_io import SocketIo
from locustfiles.driving.manners import Manners


@pytest.fixture
def said():
    """What is said, and why we leave."""
    return []


def manners(framing, said):
    made = Manners(framing, lambda content: not said.append(content), said.append)
    made.know({"token": "t"})
    return made


def test_a_client_of_json_speaks_first(said):
    """With what carries its token; and nothing is minded behind it."""
    quiet = manners(Json(), said)
    quiet.greet()
    assert [b'{"token":"t"}'] == said
    assert quiet.mind(b"2") is None
    assert 1 == len(said)
    quiet.know(None)
    quiet.greet()
    assert 1 == len(said)


def test_a_first_message_that_is_a_text_is_sent_as_it_stands(said):
    """As platforms want it that are shown the bare token, or speak no JSON."""
    made = Manners(Json(), lambda content: not said.append(content), said.append)
    made.know("CONNECT\ntoken:t\n\n\x00")
    made.greet()
    assert [b"CONNECT\ntoken:t\n\n\x00"] == said


def test_a_client_of_socket_io_is_asked_in_and_sent_away(said):
    """It greets when the connection is open, pongs, and leaves when it is told to."""
    polite = manners(SocketIo("/room"), said)
    polite.greet()
    assert [] == said
    for content in (b'0{"sid":"e"}', b'40/room,{"sid":"s"}', b"2"):
        assert polite.mind(content) is None
    assert [b'40/room,{"token":"t"}', b"3"] == said
    assert "disconnect" == polite.mind(b"41/room,")
    assert "disconnect" == said[-1]
