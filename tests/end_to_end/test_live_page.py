"""The live page, in Locust's own web UI and a real browser."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.servers.chromium import chromium, cut_off
from tests.servers.postgres import free_port

AGENTS = "locustfiles/agents.py"
WITHIN_S, POLLED_S = 2.0, 0.5
"""When a lead shall be seen, and how often the page asks."""
SCROLLED = """[...document.querySelectorAll('.room')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1).length"""
"""How many tables do not fit, and have to be moved to be read."""
LOGIN = """
from flask_login import UserMixin
from locust import events

class Somebody(UserMixin):
    id = "somebody"

@events.init.add_listener
def with_login(environment, **_):
    environment.web_ui.login_manager.user_loader(lambda _: Somebody())
    environment.web_ui.app.secret_key = "a secret of the test's"
"""


@contextlib.contextmanager
def locust(runs, *options, file=AGENTS):
    """Locust with its web UI; yields its address, and ends it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (runs.parent / f"{runs.name}.log").open("w+b") as said:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "locust", "-f", file, "--web-host", "127.0.0.1",
                "--web-port", str(port), *options,
            ],
            env={**os.environ, "CROSSTALK_RUNS": str(runs)},
            stdout=said,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            until(lambda: status(f"{address}/crosstalk/") in (200, 302))
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def status(url, data=None, **headers):
    """What is answered: the status, redirections unfollowed; None where nobody is there."""
    form = None if data is None else urllib.parse.urlencode(data).encode()
    request = urllib.request.Request(url, data=form, headers=headers)
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def seen(address):
    with urllib.request.urlopen(f"{address}/crosstalk/data", timeout=10) as answer:
        return json.load(answer)


def until(true, limit_s=60.0):
    limit = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < limit
        time.sleep(0.2)
    return found


def lost(request):
    """Whether a request failed, and was not just given up because the page was left."""
    return "net::ERR_ABORTED" != request.failure


HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"


def hostile(told):
    """The same data, as a hostile platform would have it."""
    now = told["now"]
    lead = now["leads_shown"][0]
    lead |= {"victim": HOSTILE, "recipient": HOSTILE, "text": HOSTILE, "mark": [5, 9]}
    return told | {"now": now | {"reasons": [[HOSTILE, 1]], "headline": HOSTILE}}


def delays(address, many):
    """For how long new leads had been there, in seconds, when they could first be asked for."""
    known, found = None, []
    while known is None or len(found) < many:
        now = seen(address)["now"]
        leads = {(lead["victim"], lead["recipient"]): lead["at_s"] for lead in now["leads_shown"]}
        if known is not None:
            found += [now["seconds"] - at_s for pair, at_s in leads.items() if pair not in known]
        known = leads
        time.sleep(0.1)
    return found


def edit_and_reset_begin_no_run(address):
    """And no lead is lost by either."""
    before = seen(address)["now"]
    assert 200 == status(f"{address}/stats/reset", {"now": ""})
    assert 200 == status(f"{address}/swarm", {"user_count": "6", "spawn_rate": "8"})
    time.sleep(1)
    after = seen(address)
    assert 1 == len(after["runs"])
    assert after["now"]["leads"] >= before["leads"]
    assert {"p0", "p1"} == {each["process"][:2] for each in after["now"]["health"]}


def hostile_words_stay_words(browser, address):
    """Whatever the platform wrote is text."""
    page = browser.new_page()
    told = hostile(seen(address))
    page.route("**/crosstalk/data", lambda route: route.fulfill(json=told))
    page.goto(f"{address}/crosstalk/")
    page.wait_for_selector("#leads li")
    assert HOSTILE in page.text_content("#leads li")
    assert 0 == page.locator("main img, main script").count()
    assert "pwned" != page.title()
    page.close()


def only_reports_are_served(address, run):
    """Files of a report that are there, to nobody but the page's own reader."""
    served = f"{address}/crosstalk/runs/{run}"
    for name, code in {
        "index.html": 200,
        "findings.csv": 200,
        "..%2fverdict.json": 404,
        "%2e%2e/%2e%2e/%2e%2e/run.json": 404,
        "figures": 404,
        "../../../run.json": 404,
    }.items():
        assert code == status(f"{served}/{name}"), name
    assert 404 == status(f"{address}/crosstalk/runs/..%2f{run}/index.html")
    assert 403 == status(f"{address}/crosstalk/data", Origin="http://elsewhere.example")
    assert 200 == status(f"{address}/crosstalk/data", Origin=address)


@pytest.mark.slow
def test_a_lead_shows_while_the_run_goes_on_and_the_report_afterwards(tmp_path):
    """Two workers, a shared socket, a browser: form, lead, Edit, Reset, Stop, report, next run."""
    options = ("--processes", "2", "--fault", "shared_socket")
    with locust(tmp_path / "runs", *options) as address, chromium() as browser:
        ui = browser.new_page(viewport={"width": 1280, "height": 900})
        ui.goto(address)
        ui.fill("input[name=userCount]", "8")
        ui.fill("input[name=spawnRate]", "8")
        ui.get_by_role("button", name="Start").click()

        page, asked, wrong = browser.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("requestfailed", lambda request: wrong.append(request) if lost(request) else None)
        page.goto(f"{address}/crosstalk/")
        page.wait_for_selector("#leads li", timeout=60_000)
        assert statistics.median(delays(address, 4)) < WITHIN_S - POLLED_S
        first = page.text_content("#leads li:last-child")
        assert "first at" in first
        assert "history/p" in first
        assert "the verdict comes after Stop" in page.text_content("#meaning")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert [] == cut_off(page)
            assert 0 == page.evaluate(SCROLLED)
        ui.get_by_role("tab", name="Isolation leads").click()
        ui.get_by_role("cell", name="history/p").first.wait_for(timeout=30_000)
        edit_and_reset_begin_no_run(address)
        hostile_words_stay_words(browser, address)

        ui.get_by_role("button", name="Stop").first.click()
        page.get_by_role("link", name="Open the report").first.click(timeout=90_000)
        page.wait_for_selector("h1 .verdict")
        assert "FAIL" == page.text_content("h1 .verdict")
        assert [] == wrong
        assert all(url.startswith((address, "data:")) for url in asked)
        only_reports_are_served(address, seen(address)["runs"][0]["run"])

        assert 200 == status(f"{address}/swarm", {"user_count": "2", "spawn_rate": "2"})
        two = until(lambda: len(said := seen(address)["runs"]) == 2 and said)
        assert ["running", "judged"] == [each["state"] for each in two]
        assert "FAIL" == two[1]["verdict"]


def test_a_login_that_locust_demands_is_demanded_here_too(tmp_path):
    """Nothing of it is seen without: not the page, its script, the data or a report."""
    file = tmp_path / "with_login.py"
    file.write_text(LOGIN)
    with locust(tmp_path / "runs", "--web-login", file=f"{AGENTS},{file}") as address:
        assert 302 == status(f"{address}/")
        for name in ("", "live.js", "data", "runs/a/index.html", "nothing"):
            assert 302 == status(f"{address}/crosstalk/{name}"), name
