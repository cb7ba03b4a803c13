from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from isolation_checks.history.directory import RunDirectory, installation_key
from isolation_checks.records import RunId
from locustfiles.driving.cleaning import _principals
from locustfiles.driving.principals import Roster
from tests.end_to_end.platforms import platform


def post(url, **content):
    """The status of a request."""
    request = urllib.request.Request(
        url, json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def changed(run, change):
    """A run whose plan is another."""
    described = json.loads((run / "run.json").read_bytes())
    change(described["plan"])
    (run / "run.json").write_text(json.dumps(described), encoding="utf-8")


def test_the_accounts_of_a_run_are_really_removed(crosstalk, recorded):
    """Nobody of it can log in any more; what is gone already counts as left, with its reason."""
    run = recorded("honest")
    key = installation_key(run.parent, "account")
    with platform() as announced:
        base = announced["auth"]
        changed(run, lambda plan: plan["target"].update(http=announced["http"], auth=base))
        everybody = [
            Roster.again(key, RunId("honest"), name, email)
            for name, email in _principals(RunDirectory(run))
        ]
        for each in everybody:
            account = {"email": each.email, "password": each.password}
            assert post(f"{base}/auth/register", name=each.id, **account) in (200, 201)
            assert post(f"{base}/auth/login", **account) == 200
        said = crosstalk("cleanup", "latest", "--runs", run.parent)
        assert said.code == 0, said.out
        assert f"removed {len(everybody)} accounts" in said.out
        for each in everybody:
            assert post(f"{base}/auth/login", email=each.email, password=each.password) == 401
        again = crosstalk("cleanup", "latest", "--runs", run.parent)
    assert again.code == 3
    assert again.out.splitlines()[0] == "removed 0 accounts"
    assert len(again.out.splitlines()) == 1 + len(everybody)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plan: plan["auth"].update(remove=None), "no request that removes an account"),
        (lambda plan: plan["auth"].update(source="mint"), "was not got by a login"),
    ],
)
def test_what_cannot_be_removed_is_listed(crosstalk, recorded, change, why):
    """One line each, and 3: something is left."""
    run = recorded("honest")
    changed(run, change)
    said = crosstalk("cleanup", "latest", "--runs", run.parent)
    assert said.code == 3
    left = said.out.splitlines()[1:]
    assert len(left) > 5
    assert all(line.startswith("left: ") and why in line for line in left)


@pytest.mark.parametrize("gone", ["principals.arrow", "seal.json"])
def test_accounts_that_nobody_wrote_down_are_left_and_said(crosstalk, recorded, gone):
    """A process that was killed may have made more than it could record: 3, and never 0."""
    run = recorded("honest")
    changed(run, lambda plan: plan["auth"].update(source="mint"))
    for file in (run / "history").glob(f"*/{gone}"):
        file.unlink()
    said = crosstalk("cleanup", "latest", "--runs", run.parent)
    assert said.code == 3
    assert "left: p0: it may have made more accounts than the " in said.out
