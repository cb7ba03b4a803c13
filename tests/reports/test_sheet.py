from __future__ import annotations

import pytest

from reports.sheet import NARROWEST, WIDEST, Sheet


def columns(rows, *, width, **layout):
    """A table of plain words as lines."""
    sheet = Sheet(width=width, colour=False)
    sheet.columns([tuple(map(sheet.ink, row)) for row in rows], indent=2, **layout)
    return sheet.text().splitlines()


def test_numbers_are_aligned_on_the_right_and_nothing_trails():
    """A column named in `right` ends together; lines have no blanks at their end."""
    expected = [
        "  check   examined   found",
        "  a          9,402       0   under 1 %",
        "  bcd            4      37",
    ]
    rows = [
        ("check", "examined", "found", ""),
        ("a", "9,402", "0", "under 1 %"),
        ("bcd", "4", "37", ""),
    ]
    assert expected == columns(rows, width=100, right=(1, 2))


def test_columns_move_together_before_a_note_moves_down():
    """Gaps of three become two when that keeps every row on one line."""
    expected = ["  " + "n" * 30 + "  PASS  under 1 %"]
    assert expected == columns([("n" * 30, "PASS", "under 1 %")], width=49)


def test_a_note_without_room_goes_under_its_row():
    """The last cell never squeezes into a few columns."""
    expected = ["  " + "n" * 30 + "  PASS", "      some words that do not fit there"]
    rows = [("n" * 30, "PASS", "some words that do not fit there")]
    assert expected == columns(rows, width=50)


def test_a_note_with_room_wraps_in_its_place():
    """A long reason goes on under its own beginning."""
    expected = [
        "  evidence  UNKNOWN  one of two processes left",
        "                     no seal at its end",
    ]
    rows = [("evidence", "UNKNOWN", "one of two processes left no seal at its end")]
    assert expected == columns(rows, width=48)


def test_a_note_that_would_be_a_tower_goes_under_its_row():
    """More than four lines in its place are fewer lines over the whole width."""
    note = "nobody can say of what was tried " * 4
    lines = columns([("evidence", "UNKNOWN", note.strip())], width=48)
    assert "  evidence  UNKNOWN" == lines[0]
    assert all(line.startswith(" " * 6) for line in lines[1:])
    assert len(lines) <= 5


def test_wide_characters_count_twice():
    """CJK letters take two columns, so the next column still begins in line."""
    lines = columns([("東京", "PASS", ""), ("abcd", "FAIL", "")], width=60)
    expected = ["  東京   PASS", "  abcd   FAIL"]
    assert expected == lines


def test_a_name_gives_way_when_the_columns_need_the_room():
    """The first column is cut with an ellipsis of ASCII."""
    line = columns([("x" * 90, "PASS", "")], width=60)[0]
    assert len(line) <= 60
    assert "xxx...  PASS" in line


def test_a_line_of_items_breaks_between_two_items():
    """No item is torn apart where it fits on a line."""
    sheet = Sheet(width=48, colour=False)
    sheet.strung([sheet.ink(item) for item in ("run 1122-0941", "1,184 queries", "2,361 rows and")])
    expected = "run 1122-0941 - 1,184 queries - 2,361 rows and\n"
    assert expected == sheet.text()
    sheet.strung(
        [sheet.ink(item) for item in ("run 1122-0941", "1,184 queries", "2,361 rows and all")]
    )
    assert sheet.text().endswith("run 1122-0941 - 1,184 queries\n2,361 rows and all\n")


def test_signs_become_ascii_and_escape_codes_appear_only_on_a_terminal():
    """The same words: a terminal gets the sign and the colour, a log neither."""
    plain, terminal = Sheet(width=60, colour=False), Sheet(width=60, colour=True)
    for sheet in (plain, terminal):
        sheet.lines.append(sheet.ink("← ≤ · … —", "bold red"))
    expected = "<- <= - ... -\n"
    assert expected == plain.text()
    assert "\x1b[1;31m← ≤ · … —\x1b[0m" in terminal.text()


def test_markup_in_words_is_not_read():
    """`[red]` is five characters."""
    sheet = Sheet(width=60, colour=True)
    sheet.lines.append(sheet.ink("[red]no[/red] :smile:"))
    expected = "[red]no[/red] :smile:\n"
    assert expected == sheet.text()


@pytest.mark.parametrize(("expected", "width"), [(NARROWEST, 3), (80, 80), (WIDEST, 400)])
def test_the_width_stays_readable(expected, width):
    """A width beyond reason is brought back."""
    assert expected == Sheet(width=width, colour=False).width


def test_the_environment_has_no_say(monkeypatch):
    """The same words give the same text whatever the shell says about colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    words = ("word " * 10).strip()
    for colour, expected in ((False, f"{words}\n"), (True, f"\x1b[31m{words}\x1b[0m\n")):
        sheet = Sheet(width=60, colour=colour)
        sheet.lines.append(sheet.ink(words, "red"))
        assert expected == sheet.text()


def test_a_number_stays_with_its_unit():
    """A line breaks before both of them."""
    sheet = Sheet(width=48, colour=False)
    sheet.hang(
        sheet.ink(""),
        sheet.ink("so under the rate that was wanted, it is 0.0085\u00a0% at"),
        indent=0,
    )
    expected = "so under the rate that was wanted, it is\n0.0085 % at\n"
    assert expected == sheet.text()
