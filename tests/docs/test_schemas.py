"""The schemas of what programs read, as the structs have them."""

from __future__ import annotations

import json

import pytest

from isolation_checks.verdicts import verdict
from tests.docs import generated
from tests.docs.pages import DOCS
from tests.reports import samples


@pytest.mark.parametrize("name", generated.SCHEMAS)
def test_a_schema_is_as_the_code_would_write_it(name):
    """`python -m tests.docs.generated` rewrites it."""
    assert generated.schema(name) == (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("name", generated.SCHEMAS)
def test_a_schema_names_its_version_and_describes_itself(name):
    """Whoever reads one file knows what it is of."""
    schema = json.loads((DOCS / name).read_text("utf-8"))
    _, version = generated.SCHEMAS[name]
    assert version == schema["title"]
    assert schema["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def test_every_field_of_a_verdict_is_in_its_schema():
    """What is written has no field that the schema does not know."""
    schema = json.loads((DOCS / "verdict.schema.json").read_text("utf-8"))
    known = set(schema["$defs"]["Judgement"]["properties"])
    for make in samples.EVERY.values():
        assert set(json.loads(verdict.encode(make()))) == known
