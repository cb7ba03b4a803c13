from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.verdicts import baseline, capacity, verdict


@pytest.mark.parametrize(
    ("module", "noun", "command"),
    [
        (verdict, "judgement", "judge"),
        (capacity, "capacity", "capacity"),
        (baseline, "baseline", "baseline"),
    ],
)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `schema`"),
        (b'{"schema": "crosstalk.other/1"}', "says 'crosstalk.other/1', not 'crosstalk."),
    ],
)
def test_what_is_none_of_ours_or_of_another_version_is_said_in_a_sentence(
    module, noun, command, content, said
):
    """It says what it is, and how one makes a new one."""
    with pytest.raises(UsageError) as refused:
        module.decode(content)
    sentence = str(refused.value)
    assert said in sentence
    assert f"this {noun}" in sentence or f"this is no {noun}" in sentence
    assert sentence.endswith(f"`crosstalk {command} RUN` makes a new one from the evidence")


@pytest.mark.parametrize("module", [verdict, capacity, baseline])
def test_the_right_version_without_its_fields_is_none(module):
    """Half a file is no file."""
    with pytest.raises(UsageError, match="missing required field"):
        module.decode(b'{"schema": "%s"}' % module.SCHEMA.encode())
