import re
import secrets
import threading
import time

import gevent
import httpx
import jwt
import pytest

from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import read
from isolation_checks.records import RunId
from locustfiles.driving import tokens
from locustfiles.driving.principals import Roster
from locustfiles.driving.tokens import AuthError, Http, names_of, token_source, words_of

RUN = RunId("a-run")
SECRET = "a secret that is long enough for HS256"
LOGIN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/ws"
http = "{accounts}"
[auth]
source = "login"
pace = {pace}
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
[auth.register]
path = "/{how}/register"
send = {{ email = "{{email}}", password = "{{password}}" }}
[auth.login]
path = "/{how}/login"
send = {{ email = "{{email}}", password = "{{password}}" }}
"""
REFRESH = """
[auth.refresh]
path = "/{how}/refresh"
send = {{ refresh_token = "{{refresh_token}}" }}
"""
MINT = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/ws"
[auth]
source = "mint"
secret = "env:CROSSTALK_TEST_SECRET"
lifetime = "60s"
carry = { headers = { Authorization = "Bearer {token}" } }
claims = { tenant = "{tenant}", role = "user", email = "{email}" }
"""
FILE = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1/ws"
[auth]
source = "file"
path = "PATH"
carry = { headers = { Authorization = "Bearer {token}" } }
"""


class Clock:
    """The wall clock, as far ahead as a test wants it; the monotonic one stays."""

    monotonic = staticmethod(time.monotonic)
    _now = staticmethod(time.time)

    def __init__(self):
        self.ahead_s = 0.0

    def time(self):
        """Seconds since the epoch."""
        return self._now() + self.ahead_s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (tokens.fresh, tokens.http, tokens.mint):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def roster():
    return Roster(
        key=b"k" * 32, account_key=secrets.token_bytes(32), run=RUN, slot=0, seed=1, tenants=2
    )


@pytest.fixture
def credentials():
    return Credentials(b"k" * 32)


@pytest.fixture
def login(accounts, credentials):
    """Makes sources that log in to the auth service, which behaves in a certain way."""

    def make(how="plain", *, refresh=True, pace=1000.0, **keys):
        text = (LOGIN + (REFRESH if refresh else "")).format(accounts=accounts, how=how, pace=pace)
        for key, value in keys.items():
            text = text.replace("[auth]", f"[auth]\n{key} = {value}")
        return token_source(read.parse(text, "a plan"), credentials, RUN, 0, 1)

    return make


def asked(accounts):
    """The last words of the paths that were asked for."""
    return [each["path"].rpartition("/")[2] for each in httpx.get(f"{accounts}/requests").json()]


# -- logging in


def test_a_new_principal_is_registered(login, accounts, roster):
    """A register that answers with a token suffices."""
    principal = roster.next("user")
    token = login().token(principal)
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == principal.subject
    assert principal.subject == f"user-{principal.email}"
    assert asked(accounts) == ["register"]


@pytest.mark.parametrize("how", ["plain", "picky"])
def test_an_account_that_exists_is_used_again(login, accounts, roster, how):
    """Whether the platform says 409 or 422: what follows is a login with the same password."""
    first = roster.next("user")
    login(how).token(first)
    again = Roster.again(roster._account_key, RUN, first.id, first.email)
    assert login(how).token(again)
    assert asked(accounts)[-2:] == ["register", "login"]


def test_a_register_without_a_token_is_followed_by_a_login(login, accounts, roster):
    """Platforms that only confirm."""
    assert login("picky").token(roster.next("user"))
    assert asked(accounts) == ["register", "login"]


@pytest.mark.parametrize("how", ["cookie", "form"])
def test_a_login_may_answer_by_a_cookie(login, roster, how):
    """Its value is the token, letter for letter; beside it the body says what it says.

    A form's login sets it and leads on to a page.
    """
    principal = roster.next("user")
    token = login(how, access='["cookies.sid"]', user='["user.id"]').token(principal)
    assert re.fullmatch(r"s%3Aopaque-\d+=", token)
    assert f"u-{principal.email}" == principal.subject


def test_a_token_that_is_fresh_is_kept(login, accounts, roster):
    """No request is made for what we have."""
    principal, source = roster.next("user"), login()
    assert source.token(principal) == source.token(principal)
    assert not source.renew(principal)
    assert asked(accounts) == ["register"]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("401", "register answered 401"),
        ("500", "register answered 500"),
        ("302", "register answered 302"),
        ("rubbish", "login answered 200 and no token"),
        ("silent", "POST /silent/register"),
    ],
)
def test_a_platform_that_gives_no_token_is_an_error_of_its_own(login, roster, how, why):
    """It is said what it answered; a redirect is not followed."""
    with pytest.raises(AuthError, match=why):
        login(how).token(roster.next("user"))


def test_accounts_are_set_up_at_the_plans_pace(login, accounts, roster):
    """Ten a second at most, however many ask at once."""
    source = login(pace=10.0)
    principals = [roster.next("user") for _ in range(5)]
    gevent.joinall([gevent.spawn(source.token, each) for each in principals], raise_error=True)
    times = [each["at"] for each in httpx.get(f"{accounts}/requests").json()]
    assert times[-1] - times[0] >= 0.35


def test_a_form_is_sent_as_a_form(accounts):
    """Where the plan says form, the body is one."""
    plan = read.parse(
        LOGIN.format(accounts=accounts, how="plain", pace=9).replace(
            'path = "/plain/login"\nsend =', 'path = "/plain/login"\nform ='
        ),
        "a plan",
    )
    http = Http(accounts, {}, insecure=False)
    status, _ = http.call(plan.auth.login, {"email": "a b@c", "password": "p&q"})
    assert status == 200
    (request,) = httpx.get(f"{accounts}/requests").json()
    assert request["asked"] == {"form": "email=a+b%40c&password=p%26q"}


# -- keeping tokens fresh


@pytest.mark.parametrize(("ahead_s", "renewed"), [(0, False), (700, False), (730, True)])
def test_a_token_is_refreshed_when_a_fifth_of_its_life_is_left(
    login, accounts, roster, clock, ahead_s, renewed
):
    """By the token's own `exp`, 900 s from now; the service says that it is one second."""
    principal, source = roster.next("user"), login()
    first = source.token(principal)
    clock.ahead_s = ahead_s
    assert source.renew(principal) is renewed
    assert (principal.access != first) is renewed
    assert asked(accounts) == ["register"] + ["refresh"] * renewed


def test_a_token_of_a_short_life_is_refreshed_at_half_of_it(login, roster, clock):
    """Five seconds before its end would be before its beginning."""
    principal, source = roster.next("user"), login("hasty")
    source.token(principal)
    assert not source.renew(principal)
    clock.ahead_s = 5.5
    assert source.renew(principal)


def test_a_refresh_token_is_used_once(login, accounts, roster, clock):
    """A platform that rotates them takes none twice: two sessions of one principal wait."""
    principal, source = roster.next("user"), login("rotating")
    source.token(principal)
    old = principal.refresh
    clock.ahead_s = 800
    both = [gevent.spawn(source.renew, principal) for _ in range(2)]
    gevent.joinall(both, raise_error=True)
    assert principal.refresh != old
    assert asked(accounts) == ["register", "refresh"]


@pytest.mark.parametrize("how", ["forgetful", "plain"])
def test_without_a_refresh_it_is_a_login_again(login, accounts, roster, clock, how):
    """Where the refresh is refused, and where the platform has none."""
    principal, source = roster.next("user"), login(how, refresh=how == "forgetful")
    source.token(principal)
    clock.ahead_s = 800
    assert source.renew(principal)
    assert asked(accounts)[-1] == "login"


def test_a_token_without_an_end_is_kept(login, roster, clock):
    """No `exp`: there is nothing to go by."""
    principal, source = roster.next("user"), login("ageless")
    source.token(principal)
    clock.ahead_s = 1e6
    assert not source.renew(principal)


def test_an_opaque_token_is_kept_and_its_user_taken_from_the_answer(login, roster, clock):
    """A token that is no JWT says neither when it ends nor whose it is."""
    principal, source = roster.next("user"), login("opaque")
    assert source.token(principal).startswith("opaque-access-token-")
    assert principal.subject == "u-1"
    clock.ahead_s = 1e6
    assert not source.renew(principal)


def test_a_platform_whose_clock_is_slow_is_not_asked_again_and_again(login, accounts, roster):
    """What was issued now has all its life before it, whatever the clock that wrote it says."""
    principal, source = roster.next("user"), login("skewed")
    source.token(principal)
    assert not source.renew(principal)
    assert asked(accounts) == ["register"]


def test_claims_of_an_odd_kind_break_nothing(login, roster):
    """`exp` may be anything; a platform's oddity is no fault of ours."""
    principal = roster.next("user")
    assert login("odd").token(principal)
    assert principal.expires_s is None


def test_every_credential_is_known_to_the_screen(login, credentials, roster):
    """The password before it is sent, the tokens before they are used."""
    principal = roster.next("user")
    login("opaque").token(principal)
    login("plain").token(other := roster.next("user"))
    for secret, owner in (
        (principal.password, principal.id),
        (principal.access, principal.id),
        (other.refresh, other.id),
        (other.access, other.id),
    ):
        assert f"credential.{owner}." in credentials.marked_text(f"it is {secret}!")


# -- minting


@pytest.fixture
def minted(monkeypatch, credentials):
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", SECRET)
    return token_source(read.parse(MINT, "a plan"), credentials, RUN, 0, 1)


def test_a_minted_token_speaks_for_its_principal(minted, roster):
    """Signed with the platform's secret, with the plan's claims beside the usual ones."""
    principal = roster.next("user")
    claims = jwt.decode(minted.token(principal), SECRET, algorithms=["HS256"])
    assert claims["sub"] == principal.subject == f"{principal.id}-a-run"
    assert claims["exp"] - claims["iat"] == 60
    assert (claims["tenant"], claims["role"]) == (principal.tenant, "user")
    assert claims["email"] == principal.email


def test_minted_tokens_are_made_anew(minted, roster, clock):
    """Before they run out, and for the same subject."""
    principal = roster.next("user")
    first = minted.token(principal)
    assert minted.token(principal) == first
    clock.ahead_s = 50
    second = minted.token(principal)
    assert second != first
    assert jwt.decode(second, options={"verify_signature": False})["sub"] == principal.subject


def test_the_secret_itself_is_screened(minted, credentials):
    """Should the platform ever say it."""
    assert minted
    assert SECRET not in credentials.marked_text(f"the key is {SECRET}")


def test_a_secret_that_is_not_there_is_the_users_mistake(monkeypatch, credentials):
    """Exit 2, with the name of the variable."""
    monkeypatch.delenv("CROSSTALK_TEST_SECRET", raising=False)
    with pytest.raises(UsageError, match="CROSSTALK_TEST_SECRET"):
        token_source(read.parse(MINT, "a plan"), credentials, RUN, 0, 1)


# -- a file


def test_the_tokens_of_a_file_are_shared_out(tmp_path, credentials, roster):
    """No token goes to two processes, nor to one that came later, and each to one principal."""
    given = [f"token-number-{number:08}" for number in range(5)]
    (tmp_path / "tokens").write_text("\n".join(given))
    plan = read.parse(FILE.replace("PATH", str(tmp_path / "tokens")), "a plan")
    taken = []
    for slot, processes in ((0, 2), (1, 2), (2, 0)):
        source = token_source(plan, credentials, RUN, slot, processes)
        for _ in range({0: 3, 1: 2, 2: 0}[slot]):
            principal = roster.next("user")
            taken.append(source.token(principal))
            assert source.token(principal) == taken[-1]
            assert not source.renew(principal)
        with pytest.raises(AuthError, match="none is left"):
            source.token(roster.next("user"))
    assert sorted(taken) == given


# -- what templates may say


def test_what_templates_may_say_of_a_principal(roster, login):
    """A token also in the form in which subprotocols carry it."""
    principal = roster.next("user")
    login().token(principal)
    names = names_of(principal, RUN)
    assert names["email"] == principal.email
    assert names["token"] == principal.access
    assert "=" not in names["token_b64url"]
    assert names["uuid"] == names_of(principal, RUN)["uuid"]
    alike = {names_of(roster.next("collider", alike=True), RUN)["uuid"] for _ in range(2)}
    assert [2, 1] == [len(alike), len({each[:8] for each in alike})]
    assert names["uuid"] != names_of(roster.next("user"), RUN)["uuid"]


def test_the_plans_own_words_may_be_secret(monkeypatch, credentials):
    """They are known to the screen, and missing ones are said."""
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", SECRET)
    monkeypatch.setenv("CROSSTALK_TEST_KEY", "an-api-key-of-some-length")
    text = MINT + '[auth.secrets]\napi_key = "env:CROSSTALK_TEST_KEY"\n'
    words = words_of(read.parse(text, "a plan"), credentials)
    assert words["api_key"] == "an-api-key-of-some-length"
    assert words["api_key"] not in credentials.marked_text(f"key={words['api_key']}")


def test_requests_run_beside_each_other(accounts):
    """The pool is not the bottleneck; an error says what was asked for, never with what."""
    http = Http(accounts, {}, insecure=False)
    call = read.parse(LOGIN.format(accounts=accounts, how="silent", pace=9), "p").auth.login
    found = []

    def ask():
        try:
            http.call(call, {"email": "a@b", "password": "hunter22-hunter22"})
        except AuthError as error:
            found.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all("hunter22" not in said and "/silent/login" in said for said in found)
