from __future__ import annotations

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from reports import markdown
from reports.disarm import disarm
from tests.reports import samples

OURS = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "ul", "li"}
OURS |= {"br", "hr", "em", "details", "summary"}


class Shown(HTMLParser):
    """Markdown as a reader sees it: its tags and its words."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = set(), []
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
        self.text = " ".join("".join(self.words).replace("\u200b", "").split())

    def handle_starttag(self, tag, attrs):
        """Remember a tag; links and styles have attributes."""
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style"}

    def handle_data(self, data):
        """Remember words."""
        self.words.append(data)


def shown(name):
    """A sample as a reader sees it."""
    return Shown(markdown.render(samples.EVERY[name]()).decode())


def test_a_failure_is_told_from_verdict_to_what_was_not_asked():
    """The verdict first, then the parts, the proof, the tables."""
    order = [
        "❌ FAIL: isolation broken: 38 findings, one root",
        "isolation ❌ FAIL 37 findings on the wire, one root",
        "F1 words that only ana-07 was given reached ben-12",
        "frame · CWE-488 · 37 times, first at 4.2 s",
        "4.203 s ben-12 agent_thinking",
        samples.CANARY,
        "← ana-07's",
        "Looks like the newest socket wins: all 37 follow a connect within 40 ms",
        "(once; follows from F1)",
        "foreign canary in a frame ❌ FAIL 9,402 37",
        "object access NOT ASKED — —",
        "completion p95 ≤ 5 s ✅ PASS 1.31 s (at most 1.38 s; n = 1,140)",
        "foreign canary in a frame Did anyone receive words that only someone else was given?",
        "What to do. Follow the first finding's witness",
        "no two queries overlapped in the connect phase",
        "What was not asked probes",
        "What the others ask",
        "completion p95 ≤ 5 s How long a user waits from wanting an answer until it is complete.",
        "exit 1",
    ]
    told, place = " ".join(" ".join(shown("failing").words).split()), 0
    for part in order:
        assert part in told[place:]
        place = told.index(part, place) + len(part)


def test_foreign_words_stand_out():
    """The marked part of an excerpt is bold code; the table has a row for each moment."""
    content = markdown.render(samples.failing()).decode()
    assert f"**` {samples.CANARY} `** " in content
    assert "| 4.191\u00a0s | ben-12 | connected |  |" in content


def test_five_findings_are_shown_and_all_are_counted():
    """Of 300 occurrences the first five findings are 15."""
    told = shown("crowded").text
    assert "300 findings, 40 roots" in told
    assert "customer-of-the-north-05" in told
    assert "customer-of-the-north-06" not in told
    assert "… and 285 more." in told


def test_silence_is_not_shown_as_good_news():
    """UNKNOWN, what is missing, and no tick anywhere."""
    told = shown("unknown").text
    assert "⚠️ UNKNOWN: nothing was examined" in told
    assert "no frame was received" in told
    assert "✅" not in told


@pytest.mark.parametrize("name", samples.EVERY)
def test_nothing_is_formatted_but_by_us(name):
    """No link, picture, raw markup or heading comes from the target; the bytes are the same."""
    assert shown(name).tags <= OURS
    assert markdown.render(samples.EVERY[name]()) == markdown.render(samples.EVERY[name]())


@pytest.mark.parametrize(
    "text",
    [
        "@octocat and octo/repo#123, GH-77 and #5",
        "![x](http://evil.example/a.png) [link](http://evil.example) <b>bold</b> &amp; &lt;",
        "a | b || c \\| d",
        "`code` ``two`` ~~gone~~ **bold** _low_ $x^2$ \\",
        "# heading",
        "- item",
        "1. item",
        "1.31 s",
        "---",
        "=====",
        "> quote",
        "www.evil.example a@b.example deadbeef deadbeefdeadbeef",
        samples.HOSTILE,
    ],
)
def test_words_arrive_as_they_are(text):
    """Alone on a line, in a list and in a cell of a table, escaped or as code."""
    text = " ".join(disarm(samples.passing(headline=text)).headline.split())
    cell = "| a | b |\n| - | - |\n| {} | last |"
    words, code = markdown.plain(text), markdown.code(text)
    for frame, written in (("{}", words), ("- {}", words), (cell, words), (cell, code)):
        told = Shown(frame.format(written))
        assert text in told.text
        assert told.tags <= OURS - {"h2", "h3"}
        assert (frame == cell) == told.text.endswith("last")


@pytest.mark.parametrize(
    "sign", ["@octocat", "#123", "http://evil.example", "www.x.example", "GH-1"]
)
def test_what_would_refer_to_somebody_or_something_is_split(sign):
    """By a blank of no width: GitHub looks for these after Markdown was read."""
    assert sign not in Shown(markdown.plain(f"see {sign}")).words[0]


def test_it_fits_a_comment_whatever_there_is_to_say():
    """The least important makes way, line by line, and that is said."""
    checks = tuple(samples.check(f"{'c|' * 100}{number}", 1) for number in range(900))
    content = markdown.render(samples.failing(checks=checks))
    assert len(content) < 60_000
    assert content.endswith(b"*The rest stands in the report.*\n")
    assert b"reached ben-12" in content
    assert content.count(b"\n| c\\|c") > 100
