"""What the live page is told to show."""

import msgspec
import pytest

from isolation_checks.plan import read
from isolation_checks.plan.tables.objectives import Allow
from locustfiles.driving.live import board as boards
from locustfiles.driving.live.board import Board, Watched
from locustfiles.driving.live.digest import sketch

PLAN = read.parse(
    """
    dialect = "reference"
    [target]
    websocket = "ws://127.0.0.1:1/ws"
    [auth]
    source = "mint"
    secret = "env:NOBODYS"
    carry = { query = { token = "{token}" } }
    """,
    "a plan",
)
SECOND = 1_000_000_000
PRINCIPALS = [
    (1, "ana-01", "user", "tenant-1", "s-ana"),
    (2, "ben-02", "user", "tenant-1", "s-ben"),
]


def watched(run="a-run", plan=PLAN, **of):
    return Watched(run=run, started_at="now", started_ns=SECOND, plan=plan, processes=2, **of)


def told(run="a-run", process="p0", **of):
    nothing = {
        "run": run, "process": process, "now_ns": 0, "principals": [], "counts": {},
        "reasons": {}, "provocations": {}, "latency": {}, "health": {}, "pairs": [],
    }  # fmt: skip
    return nothing | of


def passage(owner=1, recipient=2, times=1, at_ns=0):
    first = {
        "at_ns": at_ns, "stream": "history/p0/frames", "index": 7, "session": 3,
        "text": "a word", "mark": [2, 6],
    }  # fmt: skip
    return [owner, recipient, {"times": times, "first": first}]


@pytest.fixture
def board():
    board = Board()
    board.begin(watched())
    return board


def test_nothing_was_started():
    """The page says so and breaks over nothing."""
    assert {"runs": [], "now": None} == Board().view(0)


def test_a_lead_names_both_whoever_told_of_them(board):
    """The victim may be another process's; until that told, the number must do."""
    board.fold(told(pairs=[passage()]), 0)
    (lead,) = board.view(0)["now"]["leads_shown"]
    assert ("principal 1", "principal 2") == (lead["victim"], lead["recipient"])
    board.fold(told(process="p1", principals=PRINCIPALS), 0)
    (lead,) = board.view(0)["now"]["leads_shown"]
    assert ("ana-01", "ben-02") == (lead["victim"], lead["recipient"])


def test_moments_of_another_clock_are_placed_by_when_they_came(board):
    """It happened 2 s before it was told, and was told 5 s after the run began."""
    board.fold(told(now_ns=100 * SECOND, pairs=[passage(at_ns=98 * SECOND)]), 6 * SECOND)
    (lead,) = board.view(0)["now"]["leads_shown"]
    assert 3.0 == lead["at_s"]


def test_a_passage_that_goes_on_is_counted(board):
    """Its first moment stays."""
    board.fold(told(pairs=[passage(times=2)]), 0)
    board.fold(told(pairs=[[1, 2, {"times": 5}]]), 9 * SECOND)
    now = board.view(0)["now"]
    assert (7, 1, -1.0) == (now["leads"], now["pairs"], now["leads_shown"][0]["at_s"])


@pytest.mark.parametrize(
    ("scope", "channel", "leads"),
    [("user", "frame", 1), ("tenant", "frame", 0), ("tenant", "row", 1), ("everyone", "frame", 0)],
)
def test_what_the_plan_shares_is_no_lead(scope, channel, leads):
    """An honest platform is not accused of what it was asked to do."""
    plan = msgspec.structs.replace(PLAN, sharing=(Allow(scope=scope, channels=(channel,)),))
    board = Board()
    board.begin(watched(plan=plan))
    board.fold(told(principals=PRINCIPALS, pairs=[passage()]), 0)
    assert leads == board.view(0)["now"]["leads"]


def test_sketches_of_all_processes_are_added(board):
    """As if one process had seen it all."""
    for process, took_us in (("p0", 1_000), ("p1", 9_000)):
        one = sketch()
        one.record_value(took_us)
        board.fold(told(process=process, latency={"connect": one.encode()}), 0)
    connect, *_ = board.view(0)["now"]["latency"]
    assert ("connect", 2) == (connect["phase"], connect["samples"])
    assert 0.001 == pytest.approx(connect["p50"], rel=0.01)
    assert 0.009 == pytest.approx(connect["worst"], rel=0.01)


def test_health_is_shares_of_the_time_between_two_records(board):
    """Half a second of CPU in one second; before a second record nobody knows."""
    base = {"stall_ns": 5, "run_delay_ns": None, "sessions": 1, "open_queries": 0}
    board.fold(told(health={**base, "at_ns": 0, "cpu_ns": 0}), 0)
    assert None is board.view(0)["now"]["health"][0]["cpu"]
    board.fold(told(health={**base, "at_ns": SECOND, "cpu_ns": SECOND // 2}), 0)
    (process,) = board.view(0)["now"]["health"]
    assert (0.5, None) == (process["cpu"], process["waited"])


def test_reset_forgets_durations_and_no_lead(board):
    """Locust's button clears statistics; that something leaked is none."""
    one = sketch()
    one.record_value(1)
    board.fold(told(latency={"lag": one.encode()}, pairs=[passage()], counts={"ok": 3}), 0)
    board.reset()
    now = board.view(0)["now"]
    assert 0 == sum(each["samples"] for each in now["latency"])
    assert 1 == now["leads"]
    assert ("answered", 3) in now["scale"]


def test_a_run_after_another_begins_anew(board, tmp_path):
    """The one before keeps its verdict; what its workers still tell goes to it alone."""
    board.ended("a-run", "being judged")
    board.begin(watched("the next"))
    board.fold(told("a-run", pairs=[passage()]), 0)
    board.judged("a-run", {"verdict": "FAIL", "headline": "isolation broken"}, tmp_path)
    view = board.view(0)
    assert ("the next", 0) == (view["now"]["run"], view["now"]["leads"])
    assert ["running", "judged"] == [run["state"] for run in view["runs"]]
    assert ("FAIL", 1) == (view["runs"][1]["verdict"], view["runs"][1]["leads"])


def test_what_is_kept_is_bounded(monkeypatch):
    """However long it goes on, and whatever a platform invents."""
    for name, most in (("RUNS", 2), ("PAIRS", 3), ("REASONS", 4)):
        monkeypatch.setattr(boards, name, most)
    board = Board()
    for number in range(5):
        board.begin(watched(f"run-{number}"))
    for number in range(9):
        board.fold(told("run-4", pairs=[passage(number, 99)], reasons={f"r{number}": 1}), 0)
    view = board.view(0)
    assert ["run-4", "run-3"] == [run["run"] for run in view["runs"]]
    assert (9, 3, 5) == (view["now"]["leads"], view["now"]["pairs"], len(view["now"]["reasons"]))
