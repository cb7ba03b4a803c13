"""A user's mistake ends in 2 with one sentence that says what would be right.

Nothing is driven: every one of these is refused before the first connect.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.end_to_end.foreign.strangers import EXAMPLES, ROOT, locust

SECRET = {"SINGLE_SECRET": "s" * 40}


def changed(name: str, *pairs: tuple[str, str]) -> str:
    """An example's plan with some of its text replaced."""
    text = (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        pytest.param(
            changed("single", ("[auth]", "[auth]\nalgoritm = 'HS256'")),
            "[auth] has no key 'algoritm' (did you mean 'algorithm'?)",
            id="a key that no plan knows",
        ),
        pytest.param(
            changed("single", ("SINGLE_SECRET", "NOBODY_SET_THIS")),
            "the plan refers to env:NOBODY_SET_THIS, and NOBODY_SET_THIS is not set",
            id="a secret that is not set",
        ),
        pytest.param(
            changed("single", ('"env:SINGLE_SECRET"', '"hunter2"')),
            "a secret is a reference, env:NAME or file:PATH, never the value itself",
            id="a secret in the plan itself",
        ),
        pytest.param(
            changed("single", ("127.0.0.1", "192.0.2.7")),
            "192.0.2.7 is not loopback; to drive it, write allow_hosts",
            id="a host that nobody allowed",
        ),
        pytest.param(
            changed("single", ("127.0.0.1", "no.such.host.invalid")),
            "the host of ws://no.such.host.invalid:8000 cannot be resolved",
            id="a host that does not exist",
        ),
        pytest.param(
            changed("lines", ("line_dialect", "lost_dialect")),
            "lost_dialect:LineDialect' cannot be loaded (ModuleNotFoundError",
            id="a class whose module is not there",
        ),
        pytest.param(
            changed("lines", (":LineDialect", ":Ask")),
            "line_dialect:Ask' cannot be loaded (TypeError",
            id="a class that is no dialect",
        ),
        pytest.param(
            changed("single", ("{text}", "{test}")),
            "dialect.ask must hold {text}",
            id="a question without its words",
        ),
        pytest.param(
            changed("single", ('q = "{text}"', 'q = "{text}", for = "{subjcet}"')),
            "dialect.ask refers to {subjcet} (did you mean 'subject'?), which is not known there",
            id="a hole that nothing fills",
        ),
        pytest.param(
            changed("single", ('auth = "{token}"', 'auth = "{token}", who = "{userId}"')),
            "auth.carry.message refers to {userId}",
            id="a hole that would be sent as it stands",
        ),
        pytest.param(
            changed("lobby", ('"tokens.txt"', '"/dev/null"')),
            "auth.path: /dev/null holds no tokens; it must hold one a line",
            id="a file without tokens",
        ),
        pytest.param(
            changed("single", ('secret = "env', 'subject = "tester"\nsecret = "env')),
            "auth.subject is the same for every principal",
            id="one account for all",
        ),
        pytest.param(
            changed("single", ('auth = "{token}"', 'auth = "abc"')),
            "auth.carry must say how the token travels",
            id="a token that does not travel",
        ),
        pytest.param(
            "[[sharing]]\nscope = 'user'\nchannels = ['frame']\n" + changed("single"),
            "sharing allows nothing on the channel 'http'",
            id="own words that would be foreign",
        ),
        pytest.param(
            changed("single") + "\n[workload]\nconcurrent = 2\n",
            "workload.concurrent must be 1 here",
            id="answers that could not be told apart",
        ),
        pytest.param(
            changed("plainly", ('dialect = "plain"', 'dialect = "plaine"')),
            "no dialect is called 'plaine' (did you mean 'plain'?)",
            id="a preset that there is not",
        ),
        pytest.param("[target\n", "is not valid TOML", id="no TOML"),
    ],
)
def test_a_wrong_plan_ends_in_2_with_one_sentence(tmp_path, plan, sentence):
    """The sentence says what is wrong and what would be right; no run is begun."""
    path = tmp_path / "plan.toml"
    path.write_text(plan, encoding="utf-8")
    over = locust(tmp_path / "runs", "--plan", str(path), "-t", "5s", "-u", "2", env=SECRET)
    [said] = [line for line in over.output.splitlines() if line.startswith("crosstalk: ")]
    assert 2 == over.code, over.output
    assert sentence in said
    assert "Traceback" not in over.output
    assert over.directory is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--processes", "-7"), "Invalid --processes count -7"),
        (("Nobody",), "Unknown User(s): Nobody"),
        (("-u", "0"), "crosstalk: -u 0: at least one user is needed"),
    ],
)
def test_a_wrong_command_line_ends_in_2_too(tmp_path, arguments, sentence):
    """Where Locust itself says what is wrong, it would end with 1, which means FAIL."""
    over = locust(tmp_path / "runs", "--only-verdict", "-t", "5s", *arguments)
    assert 2 == over.code, over.output
    assert sentence in over.output
    assert [line for line in over.output.splitlines() if line.strip()] == [
        line for line in over.output.splitlines() if sentence in line
    ]
    assert over.directory is None


def test_a_token_that_stands_twice_is_refused(tmp_path):
    """Two principals who are one user would seem to bleed into each other."""
    tokens = tmp_path / "tokens.txt"
    tokens.write_text(
        "\n".join(f"opaque-token-number-{n} u-{n % 2}" for n in range(3)), encoding="utf-8"
    )
    path = tmp_path / "plan.toml"
    path.write_text(changed("lobby", ('"tokens.txt"', f'"{tokens}"')), encoding="utf-8")
    over = locust(tmp_path / "runs", "--plan", str(path), "-t", "5s", "-u", "2")
    assert 2 == over.code, over.output
    assert "holds tokens of the same user twice" in over.output


def test_a_scenario_that_cannot_be_imported_ends_in_4(tmp_path):
    """Locust alone would end in 1, which means FAIL."""
    broken = tmp_path / "websockets"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('broken')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "locustfiles/agents.py", "--headless", "-t", "1s"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert 4 == done.returncode, done.stderr.decode()
