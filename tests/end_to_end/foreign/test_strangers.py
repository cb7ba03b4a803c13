"""Foreign servers, each driven by its plan alone: honest ones pass, and each bug is found.

What a server confesses is compared with what is found: nobody is accused who did not do it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from isolation_checks.loading import fold
from isolation_checks.loading.history import Session
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.foreign import leftovers
from tests.end_to_end.foreign.strangers import Drive, Stranger, drive, stranger

pytestmark = pytest.mark.slow

BEARER = 'carry = { headers = { Authorization = "Bearer {token}" } }'
QUERY = 'carry = { query = { token = "{token}" } }'
EVENTS = {"agent_thinking", "tool_completed", "agent_completed"}
GATEWAY = {"GATEWAY_API_KEY": "a-key-for-the-gateway"}


@contextmanager
def driven(
    folder: Path, name: str, bug: str = "", *, changes: dict[str, str] | None = None
) -> Iterator[tuple[Stranger, Drive]]:
    """A foreign server of this name and a drive of it, with what its plan refers to."""
    changes, settings, env, scheme = dict(changes or {}), {}, {}, "http"
    seconds = 8 if bug == "once" else 4  # it takes a hundred queries to show
    if name in ("plainly", "threads", "rpc"):
        env[f"{name.upper()}_ROWS"] = f"sqlite:///{folder}/{name}.db"
    elif name == "numbered":
        env |= GATEWAY
    elif name == "lobby":
        tokens = folder / "tokens.txt"
        lines = [f"{secrets.token_urlsafe(24)} u-{number}" for number in range(40)]
        tokens.write_text("\n".join(["# forty strangers", "", *lines]), encoding="utf-8")
        changes["path ="] = f'path = "{tokens}"'
        settings["tokens"] = str(tokens)
    elif name == "secure":
        certify(folder)
        scheme = "https"
        if not changes:
            env["SSL_CERT_FILE"] = str(folder / "cert.pem")
    with stranger(name, folder, bug, **settings) as server:
        yield (
            server,
            drive(server, name, seconds=seconds, changes=changes, env=env, scheme=scheme),
        )


@pytest.mark.parametrize(
    "name",
    [
        "september",
        "october",
        "plainly",
        "single",
        "numbered",
        "threads",
        "secure",
        "lobby",
        "lines",
        "rpc",
        "aide",
        "salon",
        "graph",
        "switchboard",
        "turnstile",
    ],
)
def test_an_honest_stranger_passes(tmp_path, name):
    """Nothing is found, nobody accused, and enough was looked at to say so."""
    with driven(tmp_path, name) as (server, over):
        assert (0, Verdict.PASS, Verdict.PASS) == (
            over.code,
            over.part("evidence"),
            over.part("isolation"),
        ), over.output
        assert over.judgement is not None
        assert not over.kinds()
        assert set() == over.accused() == server.leaked()
        assert Verdict.FAIL != over.part("objectives"), over.output
        [overlap] = [o for o in over.judgement.opportunities if o.name == "overlap"]
        assert overlap.count >= 29
        assert not leftovers.secrets_in(over, server)


@pytest.mark.parametrize(
    ("name", "bug", "changes", "shows_in"),
    [
        ("september", "last_socket", {"carry =": BEARER}, EVENTS),
        ("september", "tool_bridge", {"carry =": QUERY}, {"tool_completed"}),
        ("october", "prefix", {}, EVENTS),
        ("plainly", "current_request", {}, {"agent_completed"}),
        ("single", "cache", {}, {"answer"}),
        ("numbered", "shared_agent", {}, {"completed"}),
        ("threads", "shared_history", {}, {"delta"}),
        ("threads", "no_owner_check", {}, {"history"}),
        ("secure", "once", {"[target]": "[target]\ninsecure_tls = true"}, {"agent_completed"}),
        ("lobby", "gossip", {}, {"presence"}),
        ("lines", "mixed", {}, {"ANSWER"}),
        ("rpc", "prefix", {}, {"started", "output", "result"}),
        ("salon", "everyone", {}, {"answer"}),
        ("salon", "prefix", {}, {"token", "answer"}),
        ("graph", "unfiltered", {}, {"token"}),
        ("turnstile", "last_ticket", {}, {"agent:piece"}),
    ],
)
def test_words_that_reach_another_are_found(tmp_path, name, bug, changes, shows_in):
    """Isolation fails; all that is said of victims and recipients the server confesses."""
    with driven(tmp_path, name, bug, changes=changes) as (server, over):
        assert (1, Verdict.FAIL) == (over.code, over.part("isolation")), over.output
        assert "foreign-canary" in over.kinds()
        assert over.kinds_of_frames() <= shows_in
        accused, leaked = over.accused(), server.leaked()
        assert accused
        assert accused <= leaked
        # the last ones may have been sent when nobody listened any more
        assert len(accused) > len(leaked) / 2
        assert not leftovers.secrets_in(over, server)


@pytest.mark.parametrize(
    ("bug", "shows_in", "mechanism"),
    [
        ("memory", {"piece"}, "a memory that is searched without the user in its filter"),
        ("notices", {"notice"}, "the newest socket wins"),
    ],
)
def test_what_names_nobody_is_told_by_its_words(tmp_path, bug, shows_in, mechanism):
    """Streamed pieces and notices without ids: whose words they are, and how they came there."""
    with driven(tmp_path, "aide", bug) as (server, over):
        assert (1, Verdict.FAIL) == (over.code, over.part("isolation")), over.output
        assert over.kinds_of_frames() <= shows_in
        assert over.accused()
        assert over.accused() <= server.leaked()
        assert mechanism == over.looks_like()


def test_what_was_left_over_on_a_kept_line_is_told_from_all_else(tmp_path):
    """Who borrows it gets the answer to the question before, under ids of its own."""
    with driven(tmp_path, "switchboard", "left_over") as (server, over):
        assert (1, Verdict.FAIL) == (over.code, over.part("isolation")), over.output
        assert over.accused()
        assert over.accused() <= server.leaked()
        assert "a reply left on a connection for whoever borrows it next" == over.looks_like()


@pytest.mark.parametrize(
    ("name", "bug", "mechanism"),
    [
        ("plainly", "newest_owner", "a row written with the id of whoever came last"),
        ("plainly", "out_of_step", "one's words written into another's row"),
        ("rpc", "worker", None),  # which of several it looks like is chance
    ],
)
def test_rows_that_got_anothers_id_or_words_are_found(tmp_path, name, bug, mechanism):
    """The wire is clean and said to be, the rows are not."""
    with driven(tmp_path, name, bug) as (server, over):
        assert (1, Verdict.FAIL) == (over.code, over.part("isolation")), over.output
        assert {"foreign-row"} == over.kinds()
        assert set() == over.accused()
        assert over.judgement is not None
        assert over.directory is not None
        subjects = subjects_of(over)
        wrong = {(note["victim"], note["owner"]) for note in server.notes("rows")}
        found = {
            (subjects[f.victim], subjects[f.recipient])
            for f in over.judgement.findings
            if f.kind == "foreign-row"
        }
        assert found
        assert found <= wrong
        assert mechanism in (None, over.looks_like())


def test_rows_whose_owners_cannot_be_told_accuse_nobody(tmp_path):
    """Owners that are numbers of the platform's own make the rows UNKNOWN, not foreign."""
    env = {"PLAINLY_ROWS": f"sqlite:///{tmp_path}/plainly.db"}
    with stranger("plainly", tmp_path, owners="numbers") as server:
        over = drive(server, "plainly", env=env)
    assert (3, Verdict.UNKNOWN) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()


@pytest.mark.parametrize("mode", ["silent", "errors", "canned", "refuses", "denies"])
def test_a_platform_that_shows_nothing_is_unknown(tmp_path, mode):
    """No answer, no echo or no way in is neither PASS nor FAIL."""
    with stranger("useless", tmp_path, mode) as server:
        over = drive(server, "secure", env={"SECURE_SECRET": "s" * 40}, seconds=4)
    assert 3 == over.code, over.output
    assert Verdict.UNKNOWN == over.part("isolation")
    assert Verdict.UNKNOWN == over.part("evidence")
    assert not over.kinds()


def test_a_bad_token_is_unknown(tmp_path):
    """A platform that refuses everybody was not looked at."""
    with stranger("plainly", tmp_path) as server:
        env = {"PLAINLY_SECRET": "n" * 40, "PLAINLY_ROWS": f"sqlite:///{tmp_path}/plainly.db"}
        over = drive(server, "plainly", env=env, seconds=3)
    assert (3, Verdict.UNKNOWN) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()
    assert {"401"} == {word for s in sessions_of(over) for word in (s.failed or "").split()[-1:]}


def test_who_is_refused_by_socket_io_says_why(tmp_path):
    """The upgrade succeeds, and the namespace is refused: nobody was looked at."""
    with stranger("salon", tmp_path) as server:
        over = drive(server, "salon", env={"SALON_SECRET": "n" * 40}, seconds=3)
    assert (3, Verdict.UNKNOWN) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()
    said = {session.failed for session in sessions_of(over) if session.failed}
    assert {"refused: connect_error: no token of ours: Signature verification failed"} == said


def test_socket_io_acknowledges_by_number_and_sends_away_without_closing(tmp_path):
    """What was asked with a number ends by it; who is disconnected knows it, and comes back."""
    ask = 'data = { id = "{query}", chat = "{conversation}", text = "{text}" }'
    changes = {
        "ask =": f'ask = {{ event = "ask", ack = "{{query_number}}", {ask} }}',
        "protocol =": 'protocol = ["started", "token", "ack"]',
        "query =": 'query = ["data.id", "ack"]',
        "answer =": 'ack = "ok"',
    }
    with stranger("salon", tmp_path, stays="4") as server:
        over = drive(server, "salon", changes=changes, seconds=7)
        dismissed = len(server.notes("dismissed"))
        left = {note["reason"] for note in server.notes("left")}
    assert Verdict.PASS == over.part("isolation"), over.output
    assert not over.kinds()
    assert over.directory is not None
    run = fold.load(over.directory)
    assert {"server disconnect"} <= left
    assert "ping timeout" not in left, "heartbeats were not answered"
    endings = {query.reason for query in run.queries.values()}
    assert "completed" in endings
    assert "timeout" not in endings
    assert all(query.id.isdecimal() for query in run.queries.values())
    sent_away = [s for s in run.sessions.values() if s.why == "disconnect"]
    assert {"them"} == {s.by for s in sent_away}
    # the last ones may have been sent away when nobody listened any more
    assert dismissed / 2 < len(sent_away) <= dismissed
    assert not leftovers.secrets_in(over, server)


def test_a_platform_that_lets_few_in_is_unknown(tmp_path):
    """The four who got in bled nothing; of the others nobody can say."""
    with stranger("useless", tmp_path, "few") as server:
        over = drive(server, "secure", env={"SECURE_SECRET": "s" * 40}, seconds=5)
    assert (3, Verdict.UNKNOWN) == (over.code, over.part("evidence")), over.output
    assert "never had a session" in over.check("everybody came").note


def test_a_certificate_that_nobody_vouches_for_is_unknown(tmp_path):
    """Without the plan's word for it no certificate is taken, and the session says why."""
    certify(tmp_path)
    with stranger("secure", tmp_path) as server:
        over = drive(server, "secure", scheme="https", seconds=3)
    assert (3, Verdict.UNKNOWN) == (over.code, over.part("isolation")), over.output
    failures = [session.failed for session in sessions_of(over) if session.failed]
    assert failures, "nobody said why"
    assert all("certificate" in why for why in failures)


def test_sessions_that_are_dropped_come_back(tmp_path):
    """A connection lost in mid-answer is opened again; its query took effect or did not."""
    with stranger("useless", tmp_path, "forgets") as server:
        over = drive(server, "secure", env={"SECURE_SECRET": "s" * 40}, seconds=8)
        dropped = len(server.notes("dropped"))
    assert dropped
    assert (0, Verdict.PASS) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()
    assert over.directory is not None
    run = fold.load(over.directory)
    lost = [query for query in run.queries.values() if query.reason == "session lost"]
    assert lost
    assert {"info"} == {query.ending for query in lost}
    opened = [s for s in run.sessions.values() if s.ready_s is not None]
    assert len({s.principal for s in opened}) < len(opened) - dropped / 2


def test_tokens_are_refreshed_before_they_run_out(tmp_path):
    """With tokens of seconds every session comes back by a fresh one, none refreshed twice."""
    with stranger("september", tmp_path, lifetime="5") as server:
        over = drive(server, "september", seconds=13, users=6)
        refreshed, expired = server.notes("refreshed"), server.notes("expired")
        assert not server.notes("reuse")
    assert len(expired) >= 6
    assert len(refreshed) >= 6
    assert (0, Verdict.PASS) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()
    assert not [session.failed for session in sessions_of(over) if session.failed]
    assert Verdict.PASS == over.check("event protocol").verdict


def sessions_of(over: Drive) -> list[Session]:
    """The sessions of a drive."""
    assert over.directory is not None, over.output
    return list(fold.load(over.directory).sessions.values())


def subjects_of(over: Drive) -> dict[str | None, str | None]:
    """What the platform calls each principal."""
    assert over.directory is not None, over.output
    return {p.id: p.subject for p in fold.load(over.directory).principals.values()}


def certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a stranger")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
