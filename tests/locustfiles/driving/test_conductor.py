import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import gevent
import msgspec
import pytest
from gevent import monkey

if not monkey.is_module_patched("socket"):
    pytest.skip("Locust patches its process; test_patched runs this", allow_module_level=True)

from locust.argument_parser import get_parser
from locust.env import Environment

from isolation_checks.errors import UsageError
from isolation_checks.history import directory
from isolation_checks.history.directory import RunDirectory
from locustfiles.driving import concluding, lifecycle, refused
from locustfiles.driving import conductor as conducting
from locustfiles.driving import performer as performing
from locustfiles.driving import workers as working
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.conductor import BEGIN, Conductor
from locustfiles.driving.performer import BROKEN, Performer
from locustfiles.driving.workers import HERE
from tests.locustfiles import drives
from tests.locustfiles.driving.conftest import DEFAULTS, PLAN

VERDICT = {"verdict": "PASS", "headline": "nothing reached another"}
NONCE = "the nonce of this Locust"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Nothing is provoked or probed, nobody waits long, and the class is left as it was."""
    for name in ("PROVOCATIONS", "PROBES", "AFTER_THE_DRIVE"):
        monkeypatch.setattr(performing, name, ())
    monkeypatch.setattr(conducting, "SEAL_SECONDS", 0.5)
    monkeypatch.setattr(working, "ANNOUNCE_SECONDS", 2.0)
    for name in ("rig", "seats"):
        monkeypatch.setattr(AgentUser, name, None)


@pytest.fixture
def judging(monkeypatch):
    """Stands in for the process that judges: it is the only thing here that is not real."""
    asked = []
    answer = {"code": 0, "verdict": VERDICT, "said": b"PASS  nothing reached another"}

    def judge(command, **_):
        run = RunDirectory(Path(command[-1]))
        asked.append(run.id)
        if answer["verdict"] is not None:
            folder = run.next_in(run.judgements)
            directory.add_json(folder / "verdict.json", answer["verdict"])
        return subprocess.CompletedProcess(command, answer["code"], answer["said"])

    monkeypatch.setattr(concluding, "subprocess", SimpleNamespace(run=judge, PIPE=subprocess.PIPE))
    judge.asked, judge.answer = asked, answer
    return judge


class Life:
    """One Locust from its first word to its last."""

    def __init__(self, options, port=None):
        self.environment = Environment(parsed_options=options, host=options.host)
        if port is None:
            self.environment.create_local_runner()
        else:
            self.environment.create_master_runner("127.0.0.1", port)
        local = Performer(self.environment) if port is None else None
        self.runner = self.environment.runner
        self.conductor = Conductor(self.environment, options, NONCE, local)
        self.performer = local

    @property
    def events(self):
        """What Locust fires."""
        return self.environment.events

    def begin(self):
        """As Locust does when a test starts."""
        self.events.test_start.fire(environment=self.environment)

    def stop(self):
        """… when its users have stopped."""
        self.events.test_stopping.fire(environment=self.environment)
        self.events.test_stop.fire(environment=self.environment)

    def leave(self):
        """… when it quits; the code that it ends with."""
        self.events.quitting.fire(environment=self.environment, reverse=True)
        self.events.quit.fire(exit_code=self.environment.process_exit_code)
        return self.environment.process_exit_code


@pytest.fixture
def living(tmp_path, server, monkeypatch):
    """Begins lives, with real options; they have left when the test is over."""
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", "a secret that is long enough for HS256")
    address = server.ws("/agent?answer=completed")
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.format(**DEFAULTS | {"address": address}), encoding="utf-8")
    lifecycle.install()
    parser = get_parser(default_config_files=[])
    runs = tmp_path / "runs"
    lives = []

    def live(*said, port=None):
        options = parser.parse_args(["--headless", "--runs", str(runs), "--plan", str(path), *said])
        refused.begun()  # Locust would now say that it begins
        lives.append(Life(options, port))
        return lives[-1]

    live.runs = runs
    yield live
    for life in lives:
        life.leave()
        life.runner.quit()


def only(runs):
    """The only run there is."""
    (described,) = runs.glob("*/run.json")
    return RunDirectory(described.parent)


def test_a_run_is_begun_sealed_judged_and_its_code_is_locusts(living, judging, capsys):
    """The verdict is the last that is said, behind Locust's own tables."""
    judging.answer["code"] = 1
    life = living("--run", "mine", "--seed", "11")
    life.begin()
    run = only(living.runs)
    described = run.describe()
    assert ("mine", ["p0"], 11) == (run.id, described["expected"], described["seed"])
    assert not described["seed_drawn"]
    assert run.id == life.conductor.present.id
    life.stop()
    assert life.conductor.present is None
    assert 1 == life.leave()
    assert {"p0"} == drives.sealed(run)
    assert judging.asked == [run.id]
    assert "PASS  nothing reached another\n" == capsys.readouterr().out


def test_who_quits_in_the_middle_of_a_run_has_it_judged_all_the_same(living, judging, until):
    """On SIGTERM Locust says that it quits before anybody has stopped."""
    life = living()
    life.runner.start(0, 1)
    until(lambda: AgentUser.rig is not None)
    run = only(living.runs)
    assert 0 == life.leave()
    assert (judging.asked, {"p0"}) == ([run.id], drives.sealed(run))


def test_without_a_run_nothing_was_looked_at(living, judging):
    """Locust itself would say 0, which is a verdict's alone."""
    assert 3 == living().leave()
    assert judging.asked == []


def test_a_judge_that_leaves_no_judgement_is_four(living, judging):
    """Whatever its own code is."""
    judging.answer.update(code=0, verdict=None)
    life = living()
    life.begin()
    life.stop()
    assert 4 == life.leave()


def test_a_judge_that_cannot_be_started_is_four(living, monkeypatch):
    """The run stays, and can be judged later."""

    def missing(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(concluding, "subprocess", SimpleNamespace(run=missing, PIPE=None))
    life = living()
    life.begin()
    life.stop()
    assert 4 == life.leave()
    assert {"p0"} == drives.sealed(only(living.runs))


def test_a_process_that_broke_is_four_though_the_run_was_judged(living, judging):
    """And nobody waits for a seal that will never come."""
    judging.answer["code"] = 3
    life = living()
    life.begin()
    life.performer.broken(RuntimeError("a task of ours"))
    life.stop()
    assert 4 == life.leave()
    assert set() == drives.sealed(only(living.runs))
    assert len(judging.asked) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("the folder is not ours"), 2), (OSError("the disk is full"), 4)],
)
def test_a_run_that_cannot_begin_ends_in_a_sentence(
    living, judging, monkeypatch, caplog, error, code
):
    """A user's mistake in 2, ours in 4; nothing was driven, so nothing is judged."""

    def refuses(*_):
        raise error

    life = living()
    monkeypatch.setattr(conducting.directory, "create", refuses)
    life.begin()
    assert code == life.leave()
    assert judging.asked == []
    assert "Crosstalk cannot begin a run" in caplog.text


def test_one_locust_may_have_several_runs(living, judging):
    """In the web UI: each in a directory of its own, named once, by the plan as it then is."""
    life = living("--run", "first")
    life.begin()
    first = life.conductor.present
    life.stop()
    life.conductor.spare_objectives()
    judging.answer["code"] = 3
    life.begin()
    second = life.conductor.present
    life.stop()
    assert 3 == life.leave()
    assert "first" == first.id != second.id
    assert judging.asked == [first.id, second.id]
    required = [run.describe()["plan"]["required"] for run in (first, second)]
    assert [["evidence", "isolation", "objectives"], ["evidence", "isolation"]] == required
    assert {life.conductor.key.hex()} == {r.describe()["canary_key"] for r in (first, second)}


def test_a_plan_that_asks_for_objectives_alone_keeps_something_to_decide(living):
    """Where a climb goes beyond them, evidence decides."""
    life = living()
    plan = life.conductor.plan
    life.conductor.plan = msgspec.structs.replace(plan, required=("objectives",))
    life.conductor.spare_objectives()
    assert ("evidence",) == life.conductor.plan.required


class Worker:
    """A real worker that writes down what it is ordered, and drives nothing."""

    def __init__(self, port):
        self.environment = Environment()
        self.runner = self.environment.create_worker_runner("127.0.0.1", port)
        self.orders = []
        self.runner.register_message(BEGIN, lambda msg, **_: self.orders.append(msg.data))

    def here(self):
        """Say who it is."""
        self.runner.send_message(HERE, {"nonce": None})

    def seal(self):
        """Join, and write the mark of an orderly end."""
        order = self.orders[-1]
        folder = RunDirectory(Path(order["directory"])).of_process(order["process"])
        folder.mkdir(parents=True)
        directory.add_json(folder / "seal.json", {"streams": {}})


@pytest.fixture
def distributed(living, until):
    """A master that has so many workers, each of which has said who it is."""
    made = []

    def begin(workers):
        port = drives.free_port()
        life = living("--master", "--expect-workers", str(workers), port=port)
        team = [Worker(port) for _ in range(workers)]
        made.extend(team)
        for worker in team:
            worker.here()
        until(lambda: len(life.runner.clients.ready) == workers)
        life.begin()
        until(lambda: all(worker.orders for worker in team))
        life.port = port
        return life, team

    yield begin
    for worker in made:
        worker.runner.quit()


def test_every_worker_is_ordered_and_awaited(distributed, living, judging, until):
    """Each has a slot and a name of its own; all the rest of the order is the same."""
    life, team = distributed(2)
    orders = [worker.orders[-1] for worker in team]
    run = only(living.runs)
    assert {0, 1} == {order["slot"] for order in orders}
    assert {2} == {order["processes"] for order in orders}
    assert sorted(order["process"] for order in orders) == run.describe()["expected"]
    one, two = ({**o, "slot": 0, "process": ""} for o in orders)
    assert one == two
    late = Worker(life.port)
    late.here()
    until(lambda: late.orders)
    assert (2, 0) == (late.orders[-1]["slot"], late.orders[-1]["processes"])
    life.events.test_stopping.fire(environment=life.environment)
    too_late = Worker(life.port)
    too_late.here()
    until(lambda: len(life.runner.clients.ready) == 4)
    gevent.sleep(0.05)
    assert [] == too_late.orders
    for worker in team:
        worker.seal()
    life.events.test_stop.fire(environment=life.environment)
    gevent.sleep(0.2)
    assert judging.asked == []  # the one that came late has not sealed yet
    late.seal()
    until(lambda: judging.asked)
    for worker in (late, too_late):
        worker.runner.quit()


def test_a_worker_that_broke_is_not_awaited(distributed, living, judging, monkeypatch, until):
    """It ends the run, with 4; the others' evidence is judged as soon as it is whole."""
    monkeypatch.setattr(conducting, "SEAL_SECONDS", 60.0)
    life, (one, other) = distributed(2)
    one.seal()
    other.runner.send_message(BROKEN, {"process": other.orders[-1]["process"]})
    until(lambda: life.conductor._broken)
    life.stop()
    with gevent.Timeout(10):  # the limit was a minute
        assert 4 == life.leave()
    assert len(judging.asked) == 1
    assert {one.orders[-1]["process"]} == drives.sealed(only(living.runs))


def test_a_worker_that_never_seals_is_awaited_no_longer_than_the_limit(distributed, judging):
    """The judge is asked all the same, and the missing seal is its affair."""
    judging.answer["code"] = 3
    life, _ = distributed(1)
    life.stop()
    with gevent.Timeout(10):
        assert 3 == life.leave()
    assert len(judging.asked) == 1


@pytest.mark.usefixtures("judging")
def test_of_its_keys_a_run_says_only_that_of_canaries(living):
    """Those of accounts and of the marks on credentials stay in memory."""
    life = living()
    life.begin()
    text = only(living.runs).description.read_text(encoding="utf-8")
    life.stop()
    assert json.loads(text)["canary_key"] == life.conductor.key.hex()
    assert life.conductor._order["mark_key"] not in text
    assert life.conductor._order["account_key"] not in text
    assert 0 == life.leave()
