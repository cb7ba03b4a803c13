from __future__ import annotations

import json

import pytest

from isolation_checks.checks.control_found import control_found, measured
from isolation_checks.control import into_rows
from isolation_checks.control.into_rows import OWNER, WORDS
from isolation_checks.control.writing import ENCODINGS, PLAIN
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.judging.meetings import meetings
from tests.isolation_checks.language import recorded, word

TABLE = {"name": "messages", "owner": "owner", "query": "request_id", "text": ["content"]}
BOTH = TABLE | {"json": ["meta"]}
MET = 30
"""Times that a and b met; each has a row of every one of its answers."""


def kept(texts, table=BOTH, **how):
    """A run of which every row has these texts; `{}` is its own word."""
    plan = {"isolation": {"control": True}, "rows": {"url": "sqlite:///x", "tables": [table]}}
    asked = [(who, 2 * n + 1 + (who == "b")) for n in range(MET) for who in "ab"]
    named = "owner" in table
    rows = " ".join(f"messages|{who if named else '?'},q{n}" for who, n in asked)
    recording = recorded(f"{meetings(MET)} {rows}", plan=plan, **how)
    for row, (who, n) in zip(recording.streams["rows/1/messages"], asked, strict=True):
        own = word(f"{who.upper()}{n}")
        row["texts"] = [text and text.replace("{}", own) for text in texts]
    return recording.loaded("duckdb")


def in_rows(run, seed=7):
    """What was planted in rows, by kind."""
    control = measured(run, seed=seed)
    return {kind.kind: kind for kind in control.kinds if kind.channel == "row"}


@pytest.mark.parametrize(
    "texts",
    [
        ("said {} there", '{"of": "{}", "n": [1, "two"]}'),
        ("said nothing", None),  # only its query tells whose it is
        (None, '["{}"]'),
        ("", "{}"),  # nothing of JSON that could hold words
    ],
)
def test_words_are_put_into_rows_in_every_encoding_and_found(texts):
    """Into texts and into the strings of JSON, beside the row's own word or without one."""
    planted = in_rows(kept(texts))
    others = {WORDS if how == PLAIN else f"{WORDS}, {how}" for how in ENCODINGS}
    assert {OWNER, *others} == planted.keys()
    assert 2 * MET == sum(kind.planted for kind in planted.values())
    assert [kind.planted for kind in planted.values()] == [kind.found for kind in planted.values()]


@pytest.mark.parametrize("how", ENCODINGS)
def test_what_is_put_into_json_leaves_it_json(how):
    """At the end of any of its strings, whatever is escaped in them."""
    text = json.dumps({"a": 'x"y\\', "b": ["zwei", 3], "": None})
    about = {"stream": "rows/1/messages", "index": 0, "whose": "a", "column": "owner"}
    row = into_rows._Row(record={"texts": ["said", text]}, telling=True, json_from=1, **about)
    places = into_rows._places(row)
    assert 1 + 5 == len(places)  # behind the only word of the text, in keys and values of JSON
    for place in places[1:]:
        record = {"texts": ["said", text]}
        into_rows._put(record, *place, ENCODINGS[how](word("A1").encode()).decode())
        assert "said" == record["texts"][0]
        assert json.loads(record["texts"][1]) != json.loads(text)


def test_rows_that_hold_no_text_are_only_given_to_others():
    """There is nothing to put words into."""
    planted = in_rows(kept((None, None)))
    assert {OWNER} == planted.keys()
    assert planted[OWNER].planted == planted[OWNER].found == 2 * MET


def test_a_plan_whose_tables_name_no_owner_asked_for_no_breaks_in_rows():
    """Nobody could say whose they were: that is the plan's word, and no fault of the evidence."""
    table = {"name": "messages", "text": ["content"], "json": ["meta"]}
    outcome = control_found(kept(("said {}", None), table))
    assert (Verdict.PASS, ()) == (outcome.decided, outcome.blind)
    assert "row" not in {each.channel for each in outcome.control.detection}
