from __future__ import annotations

from isolation_checks.selftest.nouns import Look, NotRun, Result, Score, Selftest, Told, Trial
from reports import selftest


def score(fault, **said):
    known = {
        "database": "sqlite",
        "rate": 1.0,
        "trials": 1,
        "detected": 1,
        "lower": 0.025,
        "upper": 1.0,
        "opportunities": 1200,
        "predicted": 1.0,
        "first_s": 0.84,
        "claimed": ("frames",),
        "caught": ("frames",),
        "other": (),
        "missed": False,
        "looks": (Look(mechanism="sent to all", trials=1, fits=True),),
        "told": Told(rightly=1),
    }
    return Score(fault=fault, **(known | said))


def whole(**said):
    honest = Trial(fault="none", rate=0, database="sqlite", seed=1, seconds=9, users=9)
    known = {
        "command": "crosstalk selftest",
        "crosstalk": "0.1",
        "checks": ("frames", "rows", "never"),
        "scores": (
            score("broadcast"),
            score(
                "lost_row",
                detected=0,
                lower=0.0,
                upper=0.975,
                opportunities=None,
                predicted=None,
                first_s=None,
                claimed=("rows",),
                caught=(),
                other=("frames",),
                missed=True,
                looks=(),
                told=Told(),
            ),
        ),
        "honest": (Result(trial=honest, parts={"isolation": "PASS"}),),
        "not_run": (NotRun(fault="pool_residue", database="postgresql", why="it needs it"),),
        "broken": (Result(trial=honest, problem="no judgement"),),
    }
    return Selftest(**(known | said))


def test_the_page_says_all_that_the_selftest_found():
    """Noticed and missed, the honest platform, what was not tried, and what broke."""
    text = selftest.render(whole()).decode()
    assert text.startswith(
        "1 of 2 faults that were tried were noticed; in 1 runs of the honest platform nothing was "
        "found; 1 faults were not tried at all."
    )
    assert (
        "| broadcast | sqlite | 1 | 1,200 | 100% | 1 of 1 | 2.5% – 100% | 0.8 s | frames "
        "| sent to all (1 of 1) |"
    ) in text
    assert ("| **lost_row** | sqlite | 1 |  |  | 0 of 1 | 0% – 97.5% |  | **nothing** |  |") in text
    assert "- sqlite, seed 1: isolation PASS\n" in text
    assert "- pool_residue on postgresql was not run: it needs it" in text
    assert "- none-sqlite-1 broke: no judgement" in text
    assert text.endswith("Made by `crosstalk selftest`.\n")


def test_the_matrix_tells_a_claim_from_a_catch():
    """Checks that neither claim nor say anything are left out."""
    text = selftest.render(whole()).decode()
    assert "1 frames · 2 rows." in text
    assert "| broadcast | sqlite | ● | · |" in text
    assert "| lost_row | sqlite | ~ | ○ |" in text


def test_what_faults_look_like_is_compared_with_what_fits():
    """By trials and over every root: rightly, wrongly, or like nothing that is known."""
    right = Look(mechanism="sent to all", trials=18, fits=True)
    wrong = Look(mechanism="sent to all", trials=2, fits=False)
    unknown = Look(mechanism="unknown", trials=1, fits=False)
    scores = (
        score("broadcast", trials=20, looks=(right, unknown), told=Told(rightly=17, beside=1)),
        score("broadcast", trials=20, database="postgresql", looks=(right,), told=Told(rightly=9)),
        score("singleton_agent", trials=3, looks=(wrong,), told=Told(wrongly=2)),
        score("pool_residue", looks=(unknown,), told=Told(unknown=1)),
        score("slow_tail", looks=(), told=Told()),
    )
    text = selftest.render(whole(scores=scores)).decode()
    assert (
        "Of 30 trials in which something looks like a mechanism or might, 26 look like the right "
        "one and nothing else, 1 like it and another beside it, 1 like none that is known, 2 like "
        "another only:"
    ) in text
    assert "| sent to all | broadcast (36 of 40) | singleton_agent (2 of 3) |" in text
    assert "| unknown |  | broadcast (1 of 40), pool_residue (1 of 1) |" in text
    assert "| sent to all (18 of 20); unknown (1 of 20) |" in text
    assert "| wrongly sent to all (2 of 3) |" in text


def test_a_false_finding_is_the_first_thing_that_is_said():
    """And one without the honest platform says so."""
    accused = whole().honest[0].__class__(trial=whole().honest[0].trial, failed=("frames",))
    text = selftest.render(whole(honest=(accused,))).decode()
    assert "in 1 of 1 runs of the honest platform something was found" in text.splitlines()[0]
    assert "**found by** frames" in text
    text = selftest.render(whole(honest=())).decode()
    assert "the honest platform was not tried" in text.splitlines()[0]
