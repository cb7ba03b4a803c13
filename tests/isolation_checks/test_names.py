from __future__ import annotations

from isolation_checks import names


def test_a_name_that_means_one_user_is_long_and_no_mere_word():
    """Numbers of few digits and words are others' names, too."""
    sure = ["6f1c2a9e-41d2", "10000002", "a@example.org"]
    assert sure == [
        each for each in [*sure, "2", "user-12", "anastasia", ""] if names.unmistakable(each)
    ]
