import time

import jwt
import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import read, references

PLAN = """
dialect = "plain"
[target]
websocket = "ws://127.0.0.1:1"
[auth]
source = "file"
path = "{}"
carry = {{ headers = {{ Authorization = "{{token}}" }} }}
"""


ONE, TWO = "one-opaque-token", "two-opaque-token"


def of(subject):
    return jwt.encode({"sub": subject}, "k" * 32, algorithm="HS256")


@pytest.fixture
def plan(tmp_path):
    def written(text):
        path = tmp_path / "tokens.txt"
        path.write_text(text, "utf-8")
        return read.parse(PLAN.format(path), "a plan")

    return written


def test_a_file_of_tokens_may_hold_comments_and_names(plan):
    """A name stands behind an opaque token; a JWT says its own."""
    given = references.tokens(
        plan(f"# ours\n\nopaque-token-number-1 u-1\nopaque-token-number-2\n{of('u-3')}\n")
    )
    assert [
        ("opaque-token-number-1", "u-1"),
        ("opaque-token-number-2", None),
        (of("u-3"), "u-3"),
    ] == given


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no tokens"),
        ("# nothing\n", "holds no tokens"),
        ("one\n", "holds 1 token; it must hold one a line, of at least two users"),
        ("one\ntwo\n", "fewer than 16 characters"),
        (f"{ONE}\n{TWO}\n{ONE}\n", "holds the same token twice"),
        (f"{ONE} u-1\n{TWO} u-1\n", "holds tokens of the same user twice"),
        (f"{of('u-1')}\n{TWO} u-1\n", "holds tokens of the same user twice"),
    ],
)
def test_every_principal_must_be_a_user_of_its_own(plan, text, said):
    """Two that are one user would seem to bleed into each other."""
    with pytest.raises(UsageError, match=said):
        references.require(plan(text))


@pytest.mark.parametrize(
    ("ends", "says"), [(-3_600, True), (-5, False), (60, False), (None, False)]
)
def test_tokens_that_have_run_out_are_said_before_anything_is_driven(plan, ends, says):
    """One sentence, with how many; a little behind is what clocks differ by."""
    claims = {} if ends is None else {"exp": int(time.time()) + ends}
    spent = jwt.encode({"sub": "u-1", **claims}, "k" * 32, algorithm="HS256")
    asked = plan(f"{spent}\n{of('u-2')}\n")
    assert 2 == len(references.tokens(asked))  # they are secrets still, and screened
    if not says:
        references.require(asked)
        return
    with pytest.raises(UsageError, match=r"1 of the 2 tokens in .* have run out .* get fresh"):
        references.require(asked)


def test_every_secret_is_looked_up_before_anything_is_driven(plan, monkeypatch, tmp_path):
    """That of the rows too, which are read last."""
    text = PLAN.format(tmp_path / "tokens.txt")
    plan(f"{ONE}\n{TWO}\n")
    tables = "[rows]\nurl = 'env:ROWS_URL'\ntables = [{ name = 'messages' }]\n"
    asking = read.parse(text + tables, "a plan")
    with pytest.raises(UsageError, match="ROWS_URL is not set"):
        references.require(asking)
    monkeypatch.setenv("ROWS_URL", "sqlite:///rows.db")
    references.require(asking)
    keyed = read.parse(text + "secrets = { key = 'file:/no/such/file' }", "a plan")
    with pytest.raises(UsageError, match="No such file"):
        references.require(keyed)


def test_an_option_names_an_address_or_where_one_stands(monkeypatch, tmp_path):
    """A variable and a file may hold a password; a command line is everybody's to read."""
    url = "postgresql://me:s3cret@127.0.0.1/x"
    monkeypatch.setenv("CROSSTALK_TEST_URL", url)
    (tmp_path / "url").write_text(f"{url}\n", "utf-8")
    assert url == references.typed("--database", "env:CROSSTALK_TEST_URL")
    assert url == references.typed("--database", f"file:{tmp_path}/url")
    for plain in ("sqlite:///x.db", "postgresql://me@127.0.0.1/x", "redis://127.0.0.1:6379/0"):
        assert plain == references.typed("--database", plain)
    with pytest.raises(UsageError, match="example --database env:NAME") as refused:
        references.typed("--database", url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "no text in UTF-8")],
)
def test_a_file_that_holds_no_secret_is_said(tmp_path, content, said):
    """An empty key would sign, and nothing would tell it from a right one."""
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UsageError, match=f"--redis refers to file:.*{said}"):
        references.typed("--redis", f"file:{tmp_path}/key")
