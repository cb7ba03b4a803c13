from __future__ import annotations

import json

import pytest

from isolation_checks.discovery.sample import LEAVES, Column, Sample, leaves


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", []),
        ("17", []),
        ("{broken", []),
        ('{"a": {"b": "x"}, "n": 3, "t": true, "no": null}', [("a.b", "x"), ("n", "3")]),
        ('[{"text": {"value": "v"}}]', [("0.text.value", "v")]),
        ('{"with space": 1, "a": [1, 2, 3, 4]}', [("a.0", "1"), ("a.1", "2"), ("a.2", "3")]),
        ('{"a": {"b": {"c": {"d": {"e": "deep"}}}}}', []),
        ("[" * 100_000, []),
    ],
)
def test_leaves_are_what_a_way_can_reach(text, found):
    """Keys that a plan can write, a few of a list's elements, and not too deep."""
    assert found == list(leaves(text))


def test_leaves_are_bounded():
    """A huge object is looked into a little."""
    assert LEAVES == len(list(leaves(json.dumps({f"k{n}": n for n in range(1_000)}))))


def test_places_are_columns_and_paths():
    """Each with what stands there, by its row; a column is JSON by type or by its texts."""
    columns = (Column(name="id", type="text"), Column(name="m", type="text"))
    rows = [{"id": "1", "m": '{"u": "ana"}'}, {"id": "2", "m": None}]
    sample = Sample(name="t", columns=(*columns, Column(name="j", type="jsonb")), rows=rows)
    assert {0: "ana"} == sample.places["m.u"]
    assert {0: "1", 1: "2"} == sample.places["id"]
    assert [False, True, True] == [sample.is_json(name) for name in ("id", "m", "j")]
