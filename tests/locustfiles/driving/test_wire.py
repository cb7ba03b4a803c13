import json
import socket
import ssl
import time

import gevent
import pytest

from isolation_checks.records import Opcode
from locustfiles.driving.loopwatch import LoopWatch
from locustfiles.driving.wire import Wire, WireError

LIMIT_S = 5.0


class Heard:
    """A wire and everything that it told."""

    def __init__(self, url, watch, **options):
        self.messages = []
        self.closed = []
        self.broken = []
        self.wire = Wire(
            url,
            watch,
            headers=options.pop("headers", {}),
            subprotocols=options.pop("subprotocols", ()),
            on_messages=self.take,
            on_closed=lambda *end: self.closed.append(end),
            on_broken=self.broken.append,
            frame_limit=options.pop("frame_limit", 1_000_000),
            binary=options.pop("binary", False),
            compression=options.pop("compression", False),
        )
        self.options = {"timeout": LIMIT_S, "tls": None} | options

    def take(self, opcodes, contents, received_ns, late_ns):
        """Keep what was heard, one by one."""
        for opcode, content in zip(opcodes, contents, strict=True):
            self.messages.append((opcode, content, received_ns, late_ns))

    def open(self):
        """Connect and upgrade."""
        self.wire.open(**self.options)
        return self

    @property
    def contents(self):
        """Opcode and content of what was heard."""
        return [(opcode, content) for opcode, content, _, _ in self.messages]

    def until(self, condition):
        """Wait until a condition of this holds."""
        with gevent.Timeout(LIMIT_S, AssertionError((self.contents[-3:], self.closed))):
            while not condition(self):
                gevent.sleep(0.005)
        assert not self.broken
        return self

    def until_messages(self, count):
        """Wait until this many were heard."""
        return self.until(lambda heard: len(heard.messages) >= count)

    def until_closed(self):
        """Wait for the end; there is just one."""
        self.until(lambda heard: heard.closed)
        gevent.sleep(0.02)
        ((code, by, detail),) = self.closed
        return code, by, detail


@pytest.fixture
def watch():
    watch = LoopWatch(gevent.get_hub().loop)
    yield watch
    watch.stop()


@pytest.fixture
def wire(watch):
    """Makes wires, and drops those that are left."""
    made = []

    def make(url, **options):
        made.append(Heard(url, watch, **options))
        return made[-1]

    yield make
    for heard in made:
        heard.wire.abort()


# -- what is heard


def test_text_and_binary_messages_arrive_as_they_were_sent(wire, server):
    """What is sent as text comes as text, octets as octets, each with its own opcode."""
    text = wire(server.ws("/echo")).open()
    assert text.wire.send("grüße".encode())
    binary = wire(server.ws("/say?octets=3&binary")).open()
    assert text.until_messages(1).contents == [(Opcode.TEXT, "grüße".encode())]
    assert binary.until_messages(1).contents == [(Opcode.BINARY, b"xxx")]
    octets = wire(server.ws("/echo"), binary=True).open()
    assert octets.wire.send(b"\x81\xa1q")
    assert octets.until_messages(1).contents == [(Opcode.BINARY, b"\x81\xa1q")]


def test_a_message_in_fragments_is_one_message(wire, server):
    """Fragments are joined, and a control frame between them is heard where it came."""
    heard = wire(server.ws("/fragments")).open().until_messages(3)
    assert heard.contents == [
        (Opcode.PING, b"between"),
        (Opcode.TEXT, b"one two three"),
        (Opcode.BINARY, b"\x00\xff\x01"),
    ]


@pytest.mark.parametrize("compression", [True, False])
def test_compression_is_offered_where_it_is_asked_for_and_changes_no_message(
    wire, server, compression
):
    """Whole, in fragments, and one behind another, of which the later refer to the earlier."""
    echo = wire(server.ws("/echo"), compression=compression).open()
    assert compression == echo.wire.compressed
    said = [(f"the same words again and again, {n} " * 9).encode() for n in range(3)]
    assert all(echo.wire.send(words) for words in said)
    assert [(Opcode.TEXT, words) for words in said] == echo.until_messages(3).contents
    heard = wire(server.ws("/fragments"), compression=compression).open().until_messages(3)
    assert (Opcode.TEXT, b"one two three") == heard.contents[1]


def test_pings_are_answered_from_the_hub(wire, server):
    """The platform gets its pong although nobody here is waiting for anything."""
    heard = wire(server.ws("/ping")).open().until_messages(2)
    assert heard.contents == [(Opcode.PING, b"are you there"), (Opcode.TEXT, b"the pong came")]


def test_text_that_is_not_utf8_is_kept_verbatim(wire, server):
    """Nothing is lost because it cannot be read."""
    heard = wire(server.ws("/raw?hex=8103fffe41")).open().until_messages(1)
    assert heard.contents == [(Opcode.TEXT, b"\xff\xfeA")]


def test_a_message_carries_when_it_came_and_how_late_we_may_be(wire, server):
    """The time is the monotonic clock's, taken before parsing; the bound is small when idle."""
    before = time.monotonic_ns()
    heard = wire(server.ws("/say")).open().until_messages(1)
    ((_, _, received_ns, late_ns),) = heard.messages
    assert before < received_ns < time.monotonic_ns()
    assert 0 <= late_ns < 1_000_000_000


def test_what_is_not_read_for_a_while_waits_and_is_known_to_have_waited(wire, server):
    """The rest stays with the platform; every byte comes, and none seems to be the platform's."""
    heard = wire(server.ws("/say?octets=9000&times=40")).open()
    heard.wire.deafen(0.3)
    before = len(heard.messages)
    gevent.sleep(0.2)
    assert len(heard.messages) == before
    heard.until_messages(40)
    assert max(late_ns for _, _, _, late_ns in heard.messages[before:]) > 250_000_000


def test_a_connection_may_end_while_nobody_listens(wire, server):
    """Nothing is read from what is over."""
    heard = wire(server.ws("/say")).open()
    heard.wire.deafen(0.05)
    heard.wire.abort()
    gevent.sleep(0.1)
    heard.wire.deafen(0.05)
    assert not heard.broken


def test_many_messages_at_once_all_arrive(wire, server):
    """A burst that takes many reads loses nothing."""
    heard = wire(server.ws("/say?times=3000&octets=200")).open().until_messages(3000)
    assert heard.contents == [(Opcode.TEXT, b"x" * 200)] * 3000


# -- how it ends


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "leaving"), (1008, "strangers"), (1011, "crash")]
)
def test_the_platforms_close_code_and_reason_are_kept(wire, server, code, reason):
    """A close frame ends the connection, by them; what came before it was heard."""
    heard = wire(server.ws(f"/close?code={code}&reason={reason}")).open()
    assert heard.until_closed() == (code, "them", reason)
    assert [opcode for opcode, _ in heard.contents] == [Opcode.TEXT, Opcode.CLOSE]
    assert not heard.wire.send(b"too late")


def test_our_goodbye_is_ours(wire, server):
    """After our close frame the end is by us, with the code that we gave."""
    heard = wire(server.ws("/echo")).open()
    heard.wire.close()
    assert heard.until_closed() == (1000, "us", "")


def test_what_comes_after_our_goodbye_is_still_heard(wire, server):
    """Until the platform's own close frame, everything it says is taken."""
    heard = wire(server.ws("/late")).open()
    heard.wire.close()
    assert heard.until_closed() == (1000, "us", "")
    assert heard.contents[0] == (Opcode.TEXT, b"late words")


def test_goodbyes_that_cross_are_ours_with_our_code(wire, server):
    """A platform may end a session for its own reason while we leave it: all of it was heard."""
    heard = wire(server.ws("/late?code=1008")).open()
    heard.wire.close()
    assert heard.until_closed() == (1000, "us", "late")
    assert [opcode for opcode, _ in heard.contents] == [Opcode.CLOSE]


def test_who_is_sent_away_in_words_leaves_and_the_end_is_theirs(wire, server):
    """The platform left the connection to us: we say goodbye, and it said why."""
    heard = wire(server.ws("/echo")).open()
    heard.wire.leave("disconnect")
    heard.wire.leave("and again")
    assert heard.until_closed() == (1000, "them", "disconnect")


def test_what_cannot_be_read_behind_our_goodbye_is_no_good_end(wire, server):
    """Nobody heard what came there, whoever ended it."""
    heard = wire(server.ws("/late?hex=f100")).open()
    heard.wire.close()
    code, by, why = heard.until_closed()
    assert (code, by) == (1002, "us")
    assert "reserved bits" in why


def test_an_end_without_a_close_frame_is_1006_by_them(wire, server):
    """The connection's plain end is the platform's doing, and abnormal."""
    code, by, detail = wire(server.ws("/raw?hex=&then=drop")).open().until_closed()
    assert (code, by) == (1006, "them")
    assert "without a close frame" in detail


def test_a_reset_is_1006_by_them(wire, server):
    """A TCP reset is said as what it is."""
    code, by, detail = wire(server.ws("/raw?hex=&then=reset")).open().until_closed()
    assert (code, by) == (1006, "them")
    assert "reset" in detail.lower()


@pytest.mark.parametrize("then", ["drop", "reset"])
def test_a_message_that_breaks_off_is_heard_as_far_as_it_came(wire, server, then):
    """Half a message may hold another's words too; it is kept, and the end is theirs."""
    half = b"\x81\x7e\x01\x00" + b"half of it"  # 256 octets were announced
    heard = wire(server.ws(f"/raw?hex={half.hex()}&then={then}")).open()
    assert heard.until_closed()[:2] == (1006, "them")
    assert heard.contents == [(Opcode.TEXT, b"half of it")]


def test_fragments_without_an_end_are_heard(wire, server):
    """So are fragments whose last one never came."""
    two = b"\x01\x04one " + b"\x00\x04two "
    heard = wire(server.ws(f"/raw?hex={two.hex()}&then=drop")).open()
    heard.until_closed()
    assert heard.contents == [(Opcode.TEXT, b"one two ")]


def test_what_was_said_before_a_reset_is_heard_although_we_were_sending(wire, server):
    """A failed send does not throw away what already lies in the kernel."""
    heard = wire(server.ws("/reset")).open()
    gevent.sleep(0.02)
    with gevent.Timeout(LIMIT_S):
        while heard.wire.send(b"x" * 100_000) and not heard.closed:
            gevent.sleep(0.01)
    heard.until_closed()
    assert heard.contents == [(Opcode.TEXT, b"before the reset")]


@pytest.mark.parametrize(
    ("octets", "code", "detail"),
    [
        (b"\x81\x7e\x04\x00" + b"x" * 1024, 1009, "exceed"),  # over the limit
        (b"\x01\x7e\x01\xf4" + b"x" * 500 + b"\x80\x7e\x02\x58" + b"x" * 600, 1009, "exceed"),
        (b"\xf1\x00", 1002, "reserved bits"),
        (b"\x80\x01x", 1002, "unexpected continuation"),
        (b"\x81\x81\x00\x00\x00\x00x", 1002, "mask"),
    ],
)
def test_a_connection_that_we_end_is_recorded_as_ours(wire, server, octets, code, detail):
    """A message over the limit, in one frame or several, and rubbish make us stop listening."""
    heard = wire(server.ws(f"/raw?hex={octets.hex()}"), frame_limit=1000).open()
    said, by, why = heard.until_closed()
    assert (said, by) == (code, "us")
    assert detail in why


def test_a_message_of_just_the_limit_is_taken(wire, server):
    """The limit is the longest message that is taken."""
    heard = wire(server.ws("/say?octets=1000"), frame_limit=1000).open().until_messages(1)
    assert len(heard.contents[0][1]) == 1000


def test_dropping_ends_at_once_and_says_so_once(wire, server):
    """`abort` needs nobody's consent, and a second one does nothing."""
    heard = wire(server.ws("/unanswered")).open()
    heard.wire.close()
    heard.wire.abort()
    heard.wire.abort()
    assert [by for _, by, _ in heard.closed] == ["us"]


def test_an_exception_in_a_handler_is_handed_over(wire, server):
    """The hub would print it and stop watching; instead it is given to `on_broken`."""
    heard = wire(server.ws("/say?times=2"))
    heard.wire._on_messages = lambda *_: 1 / 0
    heard.open()
    with gevent.Timeout(LIMIT_S):
        while not heard.broken:
            gevent.sleep(0.005)
    assert isinstance(heard.broken[0], ZeroDivisionError)


# -- how it does not begin


@pytest.mark.parametrize("status", [401, 403, 302, 500])
def test_a_refused_upgrade_says_the_status(wire, server, status):
    """Any answer but 101 is a refusal, and a redirect is not followed."""
    refused = wire(server.ws(f"/refuse?status={status}&location=/echo"))
    with pytest.raises(WireError, match=f"HTTP {status}"):
        refused.open()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/bytes?hex=" + b"SSH-2.0-OpenSSH_9\r\n".hex(), "valid HTTP response"),
        ("/bytes?hex=" + b"\x00\xff\x00".hex(), "valid HTTP response"),
        ("/bytes?hex=" + b"HTTP/1.1 101 Switching Protocols\r\n\r\n".hex(), "header"),
        ("/bytes?hex=" + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".hex(), "ends after"),
        ("/bytes?hex=", "connection closed"),
        ("/endless", "valid HTTP response"),
    ],
)
def test_rubbish_instead_of_an_upgrade_is_a_refusal(wire, server, path, why):
    """Whatever answers, the connection was not made, and it is said why."""
    with pytest.raises(WireError, match=why):
        wire(server.rubbish(path)).open()


def test_a_platform_that_never_answers_is_given_up(wire, server):
    """The time-out covers everything from the name to the upgrade."""
    began = time.monotonic()
    with pytest.raises(WireError, match=r"no connection within 0\.3 s"):
        wire(server.ws("/silent"), timeout=0.3).open()
    assert time.monotonic() - began < 2


def test_a_port_where_nobody_listens_is_a_refusal(wire):
    """The kernel's own words are kept."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"ws://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(WireError, match="refused"):
            wire(nobody).open()


def test_a_connect_that_hangs_is_given_up(wire):
    """A listener whose queue is full answers no SYN; the time-out covers that too."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the library's signature
            each.connect_ex(address)
        with pytest.raises(WireError, match=r"within 0\.3 s"):
            wire(f"ws://127.0.0.1:{address[1]}/", timeout=0.3).open()
        for each in waiting:
            each.close()


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b"])
def test_a_name_that_means_nothing_is_a_refusal(wire, host):
    """A name that cannot be resolved, or cannot even be asked for."""
    with pytest.raises(WireError):
        wire(f"ws://{host}:80/").open()


def test_a_greenlet_that_is_killed_while_it_connects_leaves_nothing(wire, server):
    """The connection is dropped with it."""
    heard = wire(server.ws("/silent"))
    connecting = gevent.spawn(heard.open)
    gevent.sleep(0.1)
    connecting.kill()
    assert heard.wire._socket.closed


# -- what is sent


def test_a_platform_that_does_not_read_blocks_nobody(wire, server):
    """Big sends return at once, the loop goes on, and in the end all has arrived."""
    octets = 30_000_000
    heard = wire(server.ws(f"/deaf?seconds=0.5&octets={octets}")).open()
    began = time.monotonic()
    for _ in range(30):
        assert heard.wire.send(b"x" * 1_000_000)
    assert time.monotonic() - began < 0.45
    other = wire(server.ws("/say")).open().until_messages(1)
    assert other.messages
    assert heard.wire._out, "the test needs a partial write"
    assert heard.until_messages(1).contents == [(Opcode.TEXT, str(octets).encode())]


def test_the_first_subprotocol_is_the_platforms_choice(wire, server):
    """The platform picks one of those that were offered."""
    heard = wire(server.ws("/echo"), subprotocols=["jwt.abc", "jwt-auth"]).open()
    assert heard.wire.subprotocol == "jwt-auth"
    assert wire(server.ws("/echo")).open().wire.subprotocol is None


def test_headers_and_query_travel_with_the_request(wire, server):
    """A header that a WebSocket has anyway is replaced, not doubled."""
    headers = {"Authorization": "Bearer abc", "Host": "staging.example"}
    heard = wire(server.ws("/headers?token=abc%20d"), headers=headers).open()
    said = json.loads(heard.until_messages(1).contents[0][1])
    assert said["path"] == "/headers?token=abc%20d"
    assert ["Authorization", "Bearer abc"] in said["headers"]
    assert [v for k, v in said["headers"] if k == "Host"] == ["staging.example"]


# -- TLS


@pytest.fixture
def trusting(server):
    """A context that trusts the scripted server's certificates."""
    context = ssl.create_default_context()
    for name in ("good", "expired", "stranger"):
        context.load_verify_locations(server.folder / f"{name}.pem")
    return context


def test_tls_carries_large_messages_both_ways(wire, server, trusting):
    """Records and reads do not fit each other; nothing is lost, in either direction."""
    heard = wire(server.wss("/echo"), tls=trusting, frame_limit=9_000_000).open()
    big = b"0123456789abcdef" * 500_000
    assert heard.wire.send(big)
    assert heard.until_messages(1).contents == [(Opcode.TEXT, big)]


def test_a_close_code_survives_tls(wire, server, trusting):
    """The close frame comes before TLS's own end."""
    heard = wire(server.wss("/close?code=1008&reason=no"), tls=trusting).open()
    assert heard.until_closed() == (1008, "them", "no")


@pytest.mark.parametrize("then", ["drop", "reset"])
def test_an_end_without_a_close_frame_under_tls_is_theirs(wire, server, trusting, then):
    """Half a message is kept here too."""
    half = b"\x81\x7e\x01\x00" + b"half of it"
    path = f"/raw?hex={half.hex()}&then={then}"
    heard = wire(server.wss(path), tls=trusting).open()
    assert heard.until_closed()[:2] == (1006, "them")
    assert heard.contents == [(Opcode.TEXT, b"half of it")]


@pytest.mark.parametrize(
    ("name", "why"), [("expired", "expired"), ("stranger", "IP address mismatch")]
)
def test_a_certificate_that_is_wrong_is_said(wire, server, trusting, name, why):
    """What is wrong with the certificate stands in the message."""
    with pytest.raises(WireError, match=why):
        wire(server.wss("/echo", name), tls=trusting).open()


def test_a_certificate_of_nobodys_is_refused_unless_any_will_do(wire, server):
    """Without trust there is no connection; with `insecure_tls` there is."""
    with pytest.raises(WireError, match="self-signed"):
        wire(server.wss("/echo"), tls=ssl.create_default_context()).open()
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    heard = wire(server.wss("/echo"), tls=anybody).open()
    assert heard.wire.send(b"hello")
    heard.until_messages(1)


def test_what_does_not_speak_tls_is_a_refusal(wire, server, trusting):
    """Asking a plain port for TLS ends in a sentence, not in a wait."""
    plain = server.ws("/echo").replace("ws://", "wss://")
    with pytest.raises(WireError):
        wire(plain, tls=trusting).open()


def test_a_secured_platform_that_does_not_read_blocks_nobody(wire, server, trusting):
    """Partial writes lose nothing of what TLS has encrypted."""
    octets = 20_000_000
    heard = wire(server.wss(f"/deaf?seconds=0.5&octets={octets}"), tls=trusting).open()
    for _ in range(20):
        assert heard.wire.send(b"x" * 1_000_000)
    assert heard.wire._out, "the test needs a partial write"
    assert heard.until_messages(1).contents == [(Opcode.TEXT, str(octets).encode())]
