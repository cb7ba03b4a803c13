import json
import logging
from pathlib import Path

import gevent
import pytest
from gevent import monkey

if not monkey.is_module_patched("socket"):
    pytest.skip("Locust patches its process; test_patched runs this", allow_module_level=True)

from locust.env import Environment

from isolation_checks.history import directory
from isolation_checks.plan import read
from isolation_checks.records import RunId
from locustfiles.driving import performer as performing
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.performer import BROKEN, Performer, end_run
from locustfiles.driving.seats import Seats
from locustfiles.driving.session import Session
from tests.locustfiles import drives
from tests.locustfiles.driving.conftest import DEFAULTS, PLAN

OPEN = 'model = "open"\nrate = "1/s"\npool = 0\nconcurrent = 1'


@pytest.fixture
def performer(monkeypatch):
    """A local Locust's performer, which provokes and probes nothing."""
    for name in ("PROVOCATIONS", "PROBES", "AFTER_THE_DRIVE"):
        monkeypatch.setattr(performing, name, ())
    monkeypatch.setattr(AgentUser, "rig", None)
    monkeypatch.setattr(AgentUser, "seats", None)
    environment = Environment()
    environment.create_local_runner()
    made = Performer(environment)
    yield made
    made.finish()
    environment.runner.quit()


@pytest.fixture
def order(tmp_path, server, monkeypatch):
    """What a conductor orders a process to do."""
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", "a secret that is long enough for HS256")

    def make(run="one", **of):
        text = PLAN.format(**DEFAULTS | {"address": server.ws("/agent?answer=completed")} | of)
        made = directory.create(tmp_path / "runs", RunId(run))
        return {
            "run": made.id,
            "directory": str(made.path),
            "plan": read.encode(read.parse(text, "a plan")),
            "key": "6b" * 32,
            "account_key": "61" * 32,
            "mark_key": "6d" * 32,
            "probe_key": None,
            "seed": 7,
            "live": False,
            "slot": 0,
            "process": "p0",
            "processes": 1,
        }

    return make


def run_of(order):
    """The directory that an order names."""
    return directory.RunDirectory(Path(order["directory"]))


def said(path):
    """A small file of a run."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_run_is_begun_driven_and_sealed(performer, order):
    """It joins with its clock, users get the rig, and behind their sessions it seals."""
    given = order()
    run = run_of(given)
    performer.begin(given)
    joined = said(run.joined / "p0.json")
    assert ("p0", 0) == (joined["process"], joined["slot"])
    assert joined["monotonic_ns"] > 0
    rig = AgentUser.rig
    assert rig is performer.rig
    assert AgentUser.seats is None
    session = Session(rig, rig.principal("user"))
    assert session.open()
    performer.finish()
    assert not session.is_open
    assert AgentUser.rig is None
    assert "stopped" == said(run.ended / "p0.json")["how"]
    assert {"p0"} == drives.sealed(run)
    assert performer.environment.process_exit_code is None


def test_the_next_run_of_one_process_is_a_run_of_its_own(performer, order):
    """In the web UI several are started; what broke one is forgotten in the next."""
    first, second = order("one"), order("two")
    performer.begin(first)
    performer.broken(RuntimeError("that one"))
    performer.finish()
    performer.begin(second)
    assert not performer.broke
    performer.finish()
    assert set() == drives.sealed(run_of(first))
    assert {"p0"} == drives.sealed(run_of(second))


def test_in_an_open_workload_the_clock_drives(performer, order):
    """Users join its seats, and it ends with the run."""
    performer.begin(order(workload=OPEN))
    assert isinstance(AgentUser.seats, Seats)
    acts = performer._acts
    performer.finish()
    assert [True] == [act.dead for act in acts]


@pytest.mark.parametrize("wrong", [{"key": "no hex"}, {"plan": {}}, {"directory": "/proc/nowhere"}])
def test_a_run_that_cannot_begin_ends_with_four(performer, order, wrong, caplog):
    """Locust would log what a listener raises, and drive on without evidence."""
    with caplog.at_level(logging.ERROR):
        performer.begin(order() | wrong)
        gevent.idle()
        gevent.sleep(0)
    assert (4, True) == (performer.environment.process_exit_code, performer.broke)
    assert AgentUser.rig is None
    assert "Crosstalk broke" in caplog.text


def test_what_breaks_leaves_the_run_without_a_seal(performer, order, until, monkeypatch):
    """An act that dies is a hole in the run; an error of a user's too, and both are one end."""
    given = order()

    def dies(_):
        raise RuntimeError("nothing was provoked")

    monkeypatch.setattr(performing, "PROVOCATIONS", (dies,))
    performer.begin(given)
    until(lambda: performer.broke)
    performer.environment.events.user_error.fire(
        user_instance=None, exception=RuntimeError("and a user"), tb=None
    )
    performer.finish()
    assert 4 == performer.environment.process_exit_code
    assert "broken" == said(run_of(given).ended / "p0.json")["how"]
    assert set() == drives.sealed(run_of(given))


def test_acts_end_with_the_run_and_what_could_destroy_comes_behind_it(
    performer, order, monkeypatch
):
    """Probes that could change something are made when nobody else is there; each has a limit."""
    seen = []

    def goes_on(_):
        seen.append("began")
        gevent.sleep(60)

    def afterwards(rig):
        seen.append(("afterwards", all(act.dead for act in performer._acts), rig.stopping))

    def hangs(_):
        gevent.sleep(60)

    monkeypatch.setattr(performing, "PROBES", (goes_on,))
    monkeypatch.setattr(performing, "AFTER_THE_DRIVE", (hangs, afterwards))
    monkeypatch.setattr(performing, "AFTERWARDS_SECONDS", 0.1)
    given = order()
    performer.begin(given)
    gevent.sleep(0)
    performer.finish()
    assert ["began", ("afterwards", True, False)] == seen
    assert {"p0"} == drives.sealed(run_of(given))


def test_whoever_is_told_twice_to_stop_waits_for_the_first_time(performer, order, monkeypatch):
    """On SIGTERM a process must not leave while its run is being sealed."""
    given = order()
    performer.begin(given)
    finish, order_of = performer.rig.finish, []

    def slowly(how):
        gevent.sleep(0.1)
        finish(how)
        order_of.append("sealed")

    monkeypatch.setattr(performer.rig, "finish", slowly)
    first = gevent.spawn(performer.finish)
    gevent.sleep(0)
    performer.finish()
    order_of.append("went on")
    first.join()
    assert ["sealed", "went on"] == order_of
    assert {"p0"} == drives.sealed(run_of(given))


def test_a_seal_that_cannot_be_written_ends_with_four(performer, order, monkeypatch):
    """The harness lost something: that is never silent."""
    given = order()
    performer.begin(given)
    monkeypatch.setattr(performer.rig.recorder, "seal", lambda _: 1 // 0)
    performer.finish()
    assert (4, True) == (performer.environment.process_exit_code, performer.broke)
    assert not (run_of(given).ended / "p0.json").exists()


def test_a_worker_tells_its_master_that_it_broke(order, monkeypatch, until):
    """Over a real connection: the master must not wait for its seal."""
    monkeypatch.setattr(AgentUser, "rig", None)
    port = drives.free_port()
    master, worker = Environment(), Environment()
    heard = []
    master.create_master_runner("127.0.0.1", port)
    master.runner.register_message(BROKEN, lambda msg, **_: heard.append(msg.data))
    worker.create_worker_runner("127.0.0.1", port)
    made = Performer(worker)
    made.begin(order() | {"process": "p3-abc", "key": "no hex"})
    until(lambda: heard)
    assert [{"process": "p3-abc"}] == heard
    worker.runner.quit()
    master.runner.quit()


def test_what_is_logged_of_a_break_holds_no_credential(performer, order, caplog):
    """A traceback may quote the token that was being sent."""
    performer.begin(order())
    ana = performer.rig.principal("user")
    token = performer.rig.tokens.token(ana)
    with caplog.at_level(logging.ERROR):
        performer.broken(RuntimeError(f"cannot send {token}"))
        gevent.sleep(0)
    assert token not in caplog.text
    assert "cannot send credential." in caplog.text


@pytest.mark.parametrize(("web_ui", "called"), [(None, "quit"), (object(), "stop")])
def test_a_run_is_ended_but_not_whoever_sits_before_it(web_ui, called):
    """With a web UI the process stays, and the next run can be started."""

    class Runner:
        """Remembers what was asked of it; a real one would end this process's loop."""

        said = ""

        def quit(self):
            self.said = "quit"

        def stop(self):
            self.said = "stop"

    environment = Environment()
    environment.runner, environment.web_ui = Runner(), web_ui
    end_run(environment)
    assert called == environment.runner.said
