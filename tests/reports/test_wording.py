from __future__ import annotations

import msgspec
import pytest

from reports import wording
from tests.reports import samples


def plain(words: str) -> str:
    """Words with ordinary blanks."""
    return words.replace(wording.NBSP, " ")


@pytest.mark.parametrize(
    ("expected", "value", "toward"),
    [
        ("0 s", 0.0, "nearest"),
        ("0.0019 s", 0.00191, "nearest"),
        ("0.012 s", 0.0121, "nearest"),
        ("0.070 s", 0.07, "up"),  # no noise of binary fractions
        ("0.21 s", 0.21, "nearest"),
        ("1.31 s", 1.3100001, "nearest"),
        ("1.38 s", 1.3741, "up"),
        ("7.91 s", 7.919, "down"),
        ("5.00 s", 4.999, "up"),
        ("5.01 s", 5.0001, "up"),
        ("12.3 s", 12.34, "nearest"),
        ("1,234 s", 1_234.4, "nearest"),
    ],
)
def test_a_duration_keeps_two_or_three_digits(expected, value, toward):
    """An upper bound is never rounded down, nor a lower one up."""
    assert expected == plain(wording.seconds(value, toward))


@pytest.mark.parametrize(
    ("expected", "value", "toward"),
    [
        ("0 %", 0.0, "nearest"),
        ("0.13 %", 0.001268, "up"),
        ("0.12 %", 0.001268, "down"),
        ("1.00 %", 0.00997, "up"),
        ("12 %", 0.123, "nearest"),
        ("100 %", 1.0, "up"),
        ("0.00010 %", 1e-6, "up"),
    ],
)
def test_a_share_keeps_two_digits_and_a_bound_stays_true(expected, value, toward):
    """A share is in per cent; a bound is rounded away from the claim."""
    assert expected == plain(wording.share(value, toward))


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("1.31 s (at most 1.38 s; n = 1,140)", {}),
        ("0.21 s (n = 63)", {"measured": 0.21, "lower": None, "upper": None, "samples": 63}),
        ("0.21 s (n = 63)", {"measured": 0.21, "lower": 0.21, "upper": 0.21, "samples": 63}),
        (
            "not reached (at least 7.91 s; n = 1,140, 142 unfinished)",
            {"verdict": samples.FAIL, "measured": None, "lower": 7.913, "upper": None,
             "censored": 142},
        ),
        (
            "7.95 s (at least 7.91 s; n = 1,140)",
            {"verdict": samples.FAIL, "measured": 7.95, "lower": 7.913, "upper": 8.0},
        ),
        (
            "1.31 s (at least 1.22 s, at most 1.38 s; n = 40; 59 would do)",
            {"verdict": samples.UNKNOWN, "samples": 40, "needed": 59},
        ),
        ("nothing measured (59 would do)", {"samples": 0, "measured": None, "needed": 59}),
        (
            "0.40 % (at most 0.91 %; n = 1,140)",
            {"unit": "share", "measured": 0.004, "lower": 0.001, "upper": 0.00901},
        ),
    ],
)  # fmt: skip
def test_an_objective_says_what_was_measured_and_how_sure_that_is(expected, fields):
    """PASS shows the upper bound, FAIL the lower one, UNKNOWN both; unfinished are counted."""
    assert expected == plain(wording.measured(samples.objective("…", **fields)))


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("frame · CWE-488 · 37 times, first at 4.2 s", {}),
        ("frame · CWE-488 · once, at 4.2 s", {"times": 1}),
        ("row · once", {"channel": "row", "cwe": None, "times": 1, "first_s": None}),
    ],
)
def test_a_finding_says_where_and_how_often(expected, fields):
    """What is unknown is left out, not made up."""
    assert expected == plain(wording.where(samples.shared_socket(**fields)))


def test_only_what_reached_somebody_else_is_pointed_at():
    """The owner's own moment, an unmarked one, and one of nobody in particular are not."""
    finding = samples.shared_socket()
    given, connected, arrived = finding.witness
    expected = ["", "", "ana-07's"]
    assert expected == [wording.pointed_at(finding, at) for at in (given, connected, arrived)]
    nobodys = samples.shared_socket(victim=None)
    assert wording.pointed_at(nobodys, arrived) == ""


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("The rate is under 0.28 % at 95 %, at most once in 358 cases.", {}),
        ("Bleeding was seen, so there is no bound to give.", {"seen": 37, "bound": None}),
        (
            "It could not have shown, so nothing is known. 299 more are needed.",
            {"count": 0, "bound": None, "wanted": None, "needed": 299},
        ),
        ("So few say nothing.", {"count": 1, "bound": 0.99999}),
        (
            "There is no bound to give: whether a break would be found is not known.",
            {"bound": None, "detection": 0.0},
        ),
        ("The rate is under 2.4 % at 95 %, at most once in 42 cases. 174 more are needed.",
         {"count": 125, "bound": 0.02368, "wanted": None, "needed": 174}),
    ],
)  # fmt: skip
def test_an_opportunity_says_what_follows_from_it(expected, fields):
    """A newcomer reads a bound as one case in so many, and what is missing as a number."""
    kind = msgspec.structs.replace(samples.OPPORTUNITIES[0], **fields)
    assert expected == plain(wording.so(kind))


@pytest.mark.parametrize(
    ("expected", "limit_s", "quantile"),
    [("p95 within 5 s", 5.0, 0.95), ("p99.9 within 0.5 s", 0.5, 0.999),
     ("every one within 2 s", 2.0, None), ("", None, None)],
)  # fmt: skip
def test_a_phase_says_its_limit(expected, limit_s, quantile):
    """A quantile, every one, or nothing where there is no objective."""
    phase = samples.distribution("connect", 0.1, 0.2, limit_s=limit_s, limit_quantile=quantile)
    assert expected == plain(wording.within(phase))


def test_what_follows_comes_after_all_roots():
    """Roots keep their order, and so do their consequences."""
    order = wording.roots_first(
        samples.shared_socket(id=name, folded_into=root)
        for name, root in (("F1", None), ("F2", "F1"), ("F3", None), ("F4", "F3"))
    )
    expected = ["F1", "F3", "F2", "F4"]
    assert expected == [finding.id for finding in order]


@pytest.mark.parametrize(
    ("expected", "stamp"),
    [("2 November 2026, 09:41:00 UTC", "2026-11-02T09:41:00Z"), ("yesterday", "yesterday")],
)
def test_a_date_is_written_out_and_anything_else_stays(expected, stamp):
    """The day has no leading zero; what is no ISO stamp is shown as it stands."""
    assert expected == wording.date(stamp)


def test_rows_that_were_not_read_are_not_zero_rows():
    """None is unknown and never becomes zero."""
    scale = msgspec.structs.replace(samples.passing().scale, rows=None)
    assert "rows not read" in wording.size(scale)
    assert "0 rows" in wording.size(msgspec.structs.replace(scale, rows=0))


def test_unknown_without_a_reason_has_one():
    """A check that looked at nothing and says nothing of it is not left without a word."""
    silent = samples.check("canaries echoed", 0, verdict=samples.UNKNOWN)
    assert "nothing was examined" == wording.found_note(silent)
    assert "" == wording.found_note(samples.check("canaries echoed", 3))
