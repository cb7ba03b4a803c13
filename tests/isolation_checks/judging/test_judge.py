from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec
import pytest

from isolation_checks.checks.canaries_echoed import canaries_echoed
from isolation_checks.checks.check import check
from isolation_checks.checks.error_budget import error_budget
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.history_complete import history_complete
from isolation_checks.control import measure
from isolation_checks.judging import findings, opportunities
from isolation_checks.judging.judge import judge
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.judging.judging import says
from tests.isolation_checks.judging.meetings import EVENTS, answered, meetings
from tests.isolation_checks.language import told

PASS, FAIL, UNKNOWN, NOT_ASKED = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_ASKED
ENOUGH = meetings(149, alone=1)
"""299 opportunities."""
LENIENT = {"isolation": {"bound": 0.9}, "required": ["evidence", "isolation"]}
"""Two opportunities suffice, and objectives are not required."""


def parts(judgement):
    return {part.name: part.verdict for part in judgement.parts}


def test_299_opportunities_pass_and_298_do_not():
    """The bound is what stands between nothing was seen and nothing is there."""
    enough = judge(told(ENOUGH))
    assert (PASS, 0) == (enough.verdict, enough.exit_code), enough.headline
    assert {"evidence": PASS, "isolation": PASS, "objectives": PASS} == parts(enough)
    assert (
        "nothing of one user's reached another, on the wire; rows not asked: 299 opportunities, "
        "so under 1.00 % of such answers at 95 %"
    ) == enough.headline
    short = judge(told(meetings(149)))
    assert (UNKNOWN, 3) == (short.verdict, short.exit_code)
    [isolation] = [part for part in short.parts if part.name == "isolation"]
    assert (
        "only 298 opportunities of the class overlap were examined; "
        "1 more would put the rate under 1 % at 95 %"
    ) == isolation.because


def test_with_the_control_it_takes_376_opportunities():
    """The bound is divided by the share of planted breaks that is certainly found."""
    asked = {"isolation": {"control": True}}
    short = judge(told(ENOUGH, plan=asked))
    assert UNKNOWN == short.verdict
    overlap = short.opportunities[0]
    found = 0.025 ** (1 / 160)
    assert (77, pytest.approx(found)) == (overlap.needed, overlap.detection)
    assert pytest.approx((1 - 0.025 ** (1 / 299)) / found) == overlap.bound
    assert {"frame", "delivery"} == {each.channel for each in short.control.detection}
    enough = judge(told(meetings(188), plan=asked))
    assert PASS == enough.verdict, enough.headline


def test_without_the_control_nothing_is_divided_and_that_is_said():
    """It is the plan's choice, and the judgement names it."""
    judgement = judge(told(ENOUGH))
    assert None is judgement.control is judgement.opportunities[0].detection
    assert any(line.startswith("planted breaks: the plan sets") for line in judgement.not_asked)


def test_a_control_that_crashes_leaves_no_bound(monkeypatch):
    """Whether a break would be found is then not known, though isolation alone is required."""
    monkeypatch.setattr(measure, "extract", lambda *_, **__: 1 // 0)
    plan = {"required": ["isolation"], "isolation": {"control": True}}
    judgement = judge(told(ENOUGH, plan=plan))
    assert UNKNOWN == judgement.verdict
    assert "it is not known that a break would be found" in judgement.headline
    assert None is judgement.opportunities[0].bound
    assert UNKNOWN == parts(judgement)["evidence"]


def test_correlated_opportunities_count_as_fewer():
    """By Kish's design effect: 299 of two users, a little alike, are no 299."""
    some = judge(told(ENOUGH, plan={"isolation": {"correlation": 0.01}}))
    overlap = some.opportunities[0]
    effect = 1 + ((150**2 + 149**2) / 299 - 1) * 0.01
    assert math.ceil(299 * effect) - 299 == overlap.needed
    assert pytest.approx(1 - 0.05 ** (effect / 299)) == overlap.bound


def test_silence_is_unknown_in_every_part():
    """An empty run proves nothing, and every part says why."""
    silent = judge(told(""))
    assert (UNKNOWN, 3) == (silent.verdict, silent.exit_code)
    assert {UNKNOWN} == set(parts(silent).values())
    assert all(part.because for part in silent.parts)


def test_one_principal_alone_proves_nothing():
    """There is nobody from whom anything could come."""
    alone = judge(told("a?q1,A1 " + answered("a", "q1", "A1"), plan=LENIENT))
    assert {"evidence": UNKNOWN, "isolation": UNKNOWN} == {
        name: said for name, said in parts(alone).items() if name != "objectives"
    }


def test_a_leak_fails_whatever_else_is_unknown():
    """FAIL over UNKNOWN: one proof suffices."""
    leak = judge(told("a:A1 b:A1"))
    assert (FAIL, 1) == (leak.verdict, leak.exit_code)
    assert "isolation broken: words that only a was given reached b (1 findings, one root)" == (
        leak.headline
    )


def test_a_leak_leaves_no_bound():
    """What was seen is not rare by any bound."""
    leak = judge(told(meetings(2) + " b:A1", plan=LENIENT))
    overlap = leak.opportunities[0]
    assert ("overlap", 1, None) == (overlap.name, overlap.seen, overlap.bound)


@pytest.mark.parametrize(
    ("required", "verdict", "code"),
    [
        (["evidence"], PASS, 0),
        (["isolation"], FAIL, 1),
        (["objectives"], UNKNOWN, 3),
        (["evidence", "objectives"], UNKNOWN, 3),
        (["evidence", "isolation", "objectives"], FAIL, 1),
    ],
)
def test_what_is_required_gates(required, verdict, code):
    """The other parts are judged, shown, and decide nothing."""
    checks = [
        says(PASS, "evidence"),
        says(FAIL, "isolation"),
        says(UNKNOWN, "objectives"),
    ]
    judgement = judge(told("", plan={"required": required}), checks)
    assert (verdict, code) == (judgement.verdict, judgement.exit_code)
    assert set(required) == {part.name for part in judgement.parts if part.gates}
    assert {"evidence": PASS, "isolation": FAIL, "objectives": UNKNOWN} == parts(judgement)


def test_a_plan_that_requires_nothing_is_not_met():
    """No gate is no success."""
    run = told(ENOUGH)
    run.history.plan = msgspec.structs.replace(run.history.plan, required=())
    judgement = judge(run)
    assert (UNKNOWN, 3) == (judgement.verdict, judgement.exit_code)


def test_a_check_that_crashes_is_unknown():
    """It is not a clean platform; where it broke is said."""

    @check(asks="Does it break?")
    def breaking(_):
        """It does."""
        raise ZeroDivisionError("by nothing")

    judgement = judge(told(""), [breaking])
    [said] = judgement.checks
    assert (UNKNOWN, 0) == (said.verdict, said.examined)
    assert said.note.startswith("the check crashed: ZeroDivisionError: by nothing (test_judge.py:")
    assert UNKNOWN == parts(judgement)["isolation"]


def test_isolation_cannot_pass_without_knowing_how_often_it_could_have_shown(monkeypatch):
    """What counts opportunities may crash: then there is no bound at all, and no crash."""
    monkeypatch.setattr(opportunities, "of", lambda *_: 1 // 0)
    judgement = judge(told(ENOUGH, plan={"required": ["isolation"]}))
    assert UNKNOWN == judgement.verdict
    assert "how often bleeding could have shown is not known" in judgement.headline


def test_findings_that_cannot_be_explained_are_findings(monkeypatch):
    """A fingerprint may crash: the verdict stands, and what was found is counted."""
    monkeypatch.setattr(findings, "of", lambda *_: 1 // 0)
    leak = judge(told("a:A1 b:A1"))
    assert (FAIL, 1, ()) == (leak.verdict, leak.findings_total, leak.findings)
    assert "foreign canary in a frame: 1 found" in leak.headline


def test_which_phases_met_is_told_and_what_never_met_is_named():
    """Provocation beats volume: two users who never connect at once prove nothing of connects."""
    judgement = judge(told(meetings(1)))
    met = {(cell.one, cell.other): cell.times for cell in judgement.coverage.met}
    assert met["waiting", "waiting"]
    [never] = [line for line in judgement.blind if "ever met while" in line]
    assert "connecting and waiting" in never
    assert "waiting and waiting" not in never
    assert any(line.startswith("no opportunity of the class twins") for line in judgement.blind)


def test_a_check_that_examined_nothing_is_unknown():
    """Asked, and nothing examined."""
    nothing = says(None, examined=0)
    assert UNKNOWN == judge(told(""), [nothing]).checks[0].verdict


def test_what_the_plan_never_asked_is_named_and_lowers_nothing():
    """It is decided from the plan, before anything is looked at."""
    asked = judge(told(ENOUGH))
    assert "rows: the plan names no database" in asked.not_asked
    assert {"foreign row", "row accounting"}.isdisjoint(said.name for said in asked.checks)
    rows = judge(told(ENOUGH, rows=True))
    assert "rows: the plan names no database" not in rows.not_asked
    assert UNKNOWN == rows.verdict  # asked for, and the table is empty


def test_what_was_never_provoked_is_named():
    """By the plan: what it sets to 0s, and what it gives no means for."""
    judgement = judge(told(ENOUGH, plan={"provocations": {"twins": "0s"}}))
    assert "provocation twins: never, by the plan" in judgement.not_asked
    assert not any(line.startswith("provocation connect") for line in judgement.not_asked)


def test_probes_that_the_plan_leaves_out_were_not_asked():
    """They are no blindness of the run's; a family of which nothing is asked has one line."""
    judgement = judge(told(ENOUGH, plan={"probes": {"every": "1s"}}))
    lines = [line for line in judgement.not_asked if line.startswith("forged token: ")]
    assert len(lines) == 1
    assert "public key as a secret (the plan names no public keys, probes.jwks)" in lines[0]
    assert not any("not asked" in line for line in judgement.blind)


def test_provocations_that_were_asked_for_and_never_came_about_are_named():
    """A run that was too short for them has not tried what they try."""
    off = dict.fromkeys(("abandon", "reconnect", "burst", "tabs", "alike", "churn"), "0s")
    judgement = judge(told(ENOUGH + " a*connect,b", plan={"provocations": off}))
    [never] = [line for line in judgement.blind if line.startswith("provocations that were")]
    assert never.startswith("provocations that were asked for and never came about: twins")
    assert not {"connect", "tabs"} & set(never.replace(",", "").split())


def test_the_dialect_is_called_by_what_it_is():
    """A preset, one that the plan changes, or the plan's own."""
    changed = {"dialect": {"extends": "reference", "first": ["agent_thinking"]}}
    own = {"dialect": {"ask": {"text": "{text}"}, "ends": {"done": "ok"}}}
    assert "reference" == judge(told(ENOUGH, plan={"dialect": {"extends": "reference"}})).dialect
    assert "reference, changed by the plan" == judge(told(ENOUGH, plan=changed)).dialect
    assert "as the plan describes it" == judge(told(ENOUGH, plan=own)).dialect


def test_a_part_of_which_nothing_was_asked_is_unknown():
    """Where the plan lets everyone see everything there is no isolation to pass."""
    everyone = {"sharing": [{"scope": "user"}, {"scope": "everyone"}]}
    judgement = judge(told(ENOUGH, plan=everyone))
    [isolation] = [part for part in judgement.parts if part.name == "isolation"]
    assert UNKNOWN == isolation.verdict
    assert "frames: the plan lets everyone see everyone's" in judgement.not_asked


IDS, LABELS = "frame of anothers", "labels contradict content"
UNSTATED = {
    "ask": {"id": "{query}", "text": "{text}"},
    "opens": ["connection_established"],
    "ends": {"agent_completed": "ok"},
}
"""A dialect that says nothing of ids, which are looked for at the usual places."""
STATED = UNSTATED | {"where": {"query": ["request_id"], "user": ["user_id"]}}
WELCOMES = "a:=a,/connection_established b:=b,/connection_established"
NAMELESS = {"query": [], "run": [], "conversation": [], "user": []}


@pytest.mark.parametrize(
    ("dialect", "more", "verdict", "said"),
    [
        (STATED, "", UNKNOWN, {IDS: UNKNOWN, LABELS: UNKNOWN}),  # promised, and never seen
        (
            STATED,
            f"{WELCOMES} a:q1",
            PASS,
            {IDS: PASS},
        ),  # kept where sessions open, and nowhere else
        (
            STATED,
            f"{WELCOMES} a:q1 a:=a",
            UNKNOWN,
            {IDS: PASS, LABELS: UNKNOWN},
        ),  # or elsewhere, too
        (UNSTATED, "", PASS, {}),  # nobody promised any
        (UNSTATED, "a:q1,=a,A1", PASS, {IDS: PASS, LABELS: PASS}),  # and all the same some came
        (UNSTATED, "b:q1", FAIL, {IDS: FAIL}),  # even another's
        (UNSTATED, "b:=b,A1", FAIL, {LABELS: FAIL}),  # or a lie
        (UNSTATED | {"where": NAMELESS}, "b:q1", PASS, {}),  # not looked at
    ],
)
def test_what_a_plan_states_must_be_seen_and_what_it_does_not_may_be(dialect, more, verdict, said):
    """Where ids stand: stated, they are asked for; else what comes is judged and none missed."""
    plan = {"required": ["isolation"], "isolation": {"bound": 0.5}, "dialect": dialect}
    judgement = judge(told(f"{_one_at_a_time(4)} {more}", plan=plan))
    seen = {each.name: each.verdict for each in judgement.checks if each.name in (IDS, LABELS)}
    assert verdict == judgement.verdict, judgement.headline
    assert said == seen
    listed = [line for line in judgement.not_asked if line.startswith(("ids in", "user ids in"))]
    assert 2 - len(said) == len(listed)


def test_a_plan_may_say_that_frames_carry_no_ids():
    """Then nobody is asked for them, whatever is seen."""
    where = {"dialect": {"extends": "reference", "where": NAMELESS}}
    judgement = judge(told(ENOUGH, plan=where))
    assert "ids in frames: the plan says that frames carry none" in judgement.not_asked
    assert "user ids in frames: the plan says that there are none" in judgement.not_asked
    asked = {said.name for said in judgement.checks}
    assert {"frame of anothers", "labels contradict content"}.isdisjoint(asked)


def test_rows_that_were_asked_for_are_named_in_the_headline():
    """A PASS says where it looked."""
    script = meetings(1) + " messages|a,q1,A1 messages|b,q2,B2"
    judgement = judge(told(script, plan=LENIENT))
    assert "on the wire and in the rows: 2 opportunities" in judgement.headline
    without = judge(told(meetings(1), plan=LENIENT))
    assert "on the wire; rows not asked: 2 opportunities" in without.headline


def test_objectives_alone_say_what_holds_and_where():
    """Where isolation is not required nothing is said of it."""
    objectives = {
        "required": ["objectives"],
        "objectives": [{"indicator": "completion", "limit": "9s", "every": True}],
    }
    judgement = judge(told(meetings(1), plan=objectives))
    assert "everything that was required holds, on the wire; rows not asked" == judgement.headline


def test_a_missed_objective_says_what_was_measured():
    """With the statement of the plan."""
    slow = {
        "objectives": [{"indicator": "completion", "limit": "50ms", "every": True}],
        "required": ["objectives"],
    }
    judgement = judge(told(meetings(1), plan=slow))
    assert FAIL == judgement.verdict
    assert judgement.headline.startswith("objectives missed: completion, every ≤ 0.05 s: ")


def test_where_nothing_was_answered_no_objective_is_missed():
    """The platform may be down, or asked in the wrong way: nobody can say which."""
    judgement = judge(told("a?q1 +9s a!q1=timeout b?q2 +9s b!q2=timeout"))
    assert UNKNOWN == parts(judgement)["objectives"]
    assert FAIL not in {objective.verdict for objective in judgement.objectives}
    assert () == judgement.findings


def test_a_platform_that_the_dialect_cannot_read_is_neither_cleared_nor_accused():
    """Frames come and say nothing to us: every query times out, and nobody is to blame."""
    said = " ".join(f"a?q{n} b?q{n}0 a:- b:- +20s a!q{n}=timeout b!q{n}0=timeout" for n in (7, 8))
    judgement = judge(told(said))
    assert (UNKNOWN, 3, ()) == (judgement.verdict, judgement.exit_code, judgement.findings)
    answered_once = judge(told(said + " " + meetings(1), plan=LENIENT))
    assert FAIL not in parts(answered_once).values()


def test_how_big_the_run_was():
    """Counted from the evidence; rows are unknown where none were read."""
    judgement = judge(told("a?q1,A1 a:q1,A1 a!q1 b*twins,a messages|a,q1 messages|b"))
    scale = judgement.scale
    assert (1, 2, 2, 2, 1, 1, 1, 2, 1) == (
        scale.processes,
        scale.users,
        scale.principals,
        scale.sessions,
        scale.queries,
        scale.answered,
        scale.frames,
        scale.rows,
        scale.provocations,
    )
    assert 1.3 == pytest.approx(scale.seconds)
    assert None is judge(told("")).scale.rows


def test_a_judgement_says_of_what_and_when():
    """The clock is given to it."""
    moment = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    judgement = judge(told(""), now=lambda: moment)
    assert ("told", "2026-11-22T10:00:00+00:00", "ws://127.0.0.1:1/ws") == (
        judgement.run,
        judgement.judged_at,
        judgement.target,
    )


def test_progress_says_what_is_asked():
    """Each question as it is put."""
    said = []
    judge(told(""), [history_complete, canaries_echoed], said.append)
    assert [f"asking: {history_complete.asks}", f"asking: {canaries_echoed.asks}"] == said


def test_a_clean_check_bounds_what_it_did_not_find():
    """By how much it examined, where that says anything."""
    judgement = judge(told(ENOUGH), [foreign_canary_in_a_frame, error_budget])
    [said] = judgement.checks
    assert 0.0021 == pytest.approx(said.bound, abs=1e-3)
    [little] = judge(told("a:A1 b:B1"), [foreign_canary_in_a_frame]).checks
    assert None is little.bound


def test_what_could_not_be_seen_is_said():
    """Of every check that is unknown, its reason; once each."""
    judgement = judge(told(""))
    assert "canaries echoed: no query was answered" in judgement.blind
    assert len(set(judgement.blind)) == len(judgement.blind)


def _one_at_a_time(rounds):
    """Two principals meet, each with one query open, and no frame names anything."""
    said = []
    for number in range(1, rounds + 1):
        said.append(f"a?q{number},A{number} b?q{number}0,B{number}")
        for name in "ab":
            said += [
                f"{name}:/{event.replace('A1', name.upper() + str(number))}" for event in EVENTS
            ]
        said.append(f"a!q{number} b!q{number}0")
    return " ".join(said)
