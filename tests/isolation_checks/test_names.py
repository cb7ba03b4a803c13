from __future__ import annotations

from isolation_checks import names


def test_a_name_that_means_one_user_is_long_and_no_mere_word():
    """Numbers of few digits and words are others' names, too."""
    sure = ["6f1c2a9e-41d2", "1049284403929382912", "a@example.org"]
    others = ["2", "10000002", "20261123", "user-12", "anastasia", "", None]
    assert sure == [each for each in [*others, *sure] if names.unmistakable(each)]
