import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks import stretches

UUID = b"89b5109f-34b8-4381-8f2d-c0e68e98e1a2"
PIECES = st.sampled_from((UUID, UUID[:-1], b"abc/+_-", b" ", b'"', b"\xc3\xa9", b"\0", b"x" * 30))


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(stretches.SHORTEST, 40))
def test_it_finds_what_the_pattern_finds(content, least):
    """Arrays and the pattern agree on every stretch, and on which look like a UUID."""
    starts, lengths, uuids = stretches.long(content, least)
    found = [content[s : s + n] for s, n in zip(starts, lengths, strict=True)]
    assert stretches.pattern(least).findall(content) == found
    assert [stretches.is_uuid(each) for each in found] == uuids.tolist()


def test_nothing_is_found_in_nothing():
    """Empty content has no stretches, and that is no special case."""
    assert [len(each) for each in stretches.long(b"", 16)] == [0, 0, 0]


def test_short_stretches_are_the_patterns_affair():
    """One that fills no block of eight could be overlooked, so nobody may ask for it."""
    with pytest.raises(ValueError, match="not found for sure"):
        stretches.long(b"abc", stretches.SHORTEST - 1)


def test_a_uuid_is_known_by_its_dashes():
    """36 symbols with dashes elsewhere are something else."""
    assert stretches.is_uuid(UUID)
    assert not stretches.is_uuid(re.sub(b"-", b"0", UUID))
    assert not stretches.is_uuid(UUID + b"0")
    _, _, uuids = stretches.long(UUID + b" " + b"-" * 36, 16)
    assert np.array_equal(uuids, [True, True])
