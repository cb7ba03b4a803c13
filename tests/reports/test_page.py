from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import pytest

from reports import page
from tests.reports import samples

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """A page as its tags and words; complains about tags that do not close in order."""

    def __init__(self, judgement):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.source = page.render(judgement).decode()
        self.feed(self.source)
        self.close()
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        """Remember a tag and that it is open."""
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Remember a tag."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Remember words that a reader sees."""
        if "style" not in self.open:
            self.words.append(data)

    def values(self, name):
        """What is given for an attribute, all over the page."""
        return [value for _, attribute, value in self.attributes if attribute == name]


@cache
def page_of(name):
    """The page of a sample, read once."""
    return Page(samples.EVERY[name]())


@pytest.mark.parametrize("name", samples.EVERY)
def test_a_page_is_whole_by_itself(name):
    """No script, no request: every reference stays on the page, and every tag closes."""
    shown = page_of(name)
    assert not {"script", "iframe", "object", "img", "form", "base"} & set(shown.tags)
    references = shown.values("href") + shown.values("src") + shown.values("xlink:href")
    assert all(reference.startswith(("#", "data:,")) for reference in references)
    assert not [attribute for _, attribute, _ in shown.attributes if attribute.startswith("on")]
    assert shown.open == []
    style = shown.source[shown.source.index("<style>") : shown.source.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_link_leads_somewhere_and_no_id_is_used_twice(name):
    """Links in the page and in its pictures find what they name."""
    shown = page_of(name)
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    links = {value[1:] for value in shown.values("href") if value.startswith("#")}
    assert links <= set(ids)


def test_a_page_forbids_what_it_does_not_need():
    """The policy stands before anything that the target wrote."""
    source = page.render(samples.hostile()).decode()
    policy = "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""
    assert source.index(policy) < source.index("alert(1)")


def test_hostile_words_are_shown_and_do_nothing():
    """Markup arrives as words, escapes and reordering as visible signs, a flood is cut."""
    shown = page_of("hostile")
    assert "<script>alert(1)</script>" not in shown.source
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in shown.text
    assert r"\x1b[31mred\x1b[0m" in shown.text
    assert r"\u202eesrever\u202c" in shown.text
    assert not set("\x1b\u202e\x00\x07") & set(shown.source)
    assert "答えは東京です 👩\u200d💻🙂" in shown.text
    assert max(map(len, shown.text.split())) <= 1_000
    assert len(shown.source) < 250_000


def test_a_failure_is_told_from_verdict_to_repetition():
    """The verdict and headline come first, then the parts, the proof, the tables, the rest."""
    shown = page_of("failing")
    order = [
        "FAIL isolation broken: 38 findings, one root",
        "Evidence PASS",
        "Isolation FAIL",
        "words that only ana-07 was given reached ben-12",
        "The witness",
        "4.203 s ben-12 agent_thinking",
        "← ana-07's",
        "the newest socket wins all 37 follow a connect within 40 ms",
        "What was examined",
        "Does any row hold words that its owner was never given?",
        "Objectives",
        "completion p95 ≤ 5 s How long a user waits from wanting an answer until it is complete.",
        "PASS 1.31 s at most 1.38 s n = 1,140",
        "Opportunities",
        "The rate is under 3.4 % at 95 %, at most once in 29 cases.",
        "no two queries overlapped in the connect phase",
        "What was not asked probes",
        "crosstalk explain 1122-0941-k3v F1",
    ]
    place = 0
    for part in order:
        assert part in shown.text[place:]
        place = shown.text.index(part, place) + len(part)


def test_every_finding_has_its_anchor_its_picture_and_its_words_marked():
    """`#F1` leads to the finding; its picture is there for a screen and for a phone."""
    shown = page_of("failing")
    assert {"F1", "F2"} <= set(shown.values("id"))
    article = shown.source[shown.source.index('<article id="F1"') : shown.source.index('id="F2"')]
    expected = 2
    assert expected == article.count("<svg role=") == article.count("<mark>")
    assert f"<mark>{samples.CANARY}</mark>" in article
    assert 'aria-label="4.180' in article


def test_a_finding_that_follows_names_its_root():
    """A consequence links to its cause."""
    before, _, article = (
        page.render(samples.failing()).decode().partition('<article class="follower"')
    )
    assert 'follows from <a href="#F1">F1</a>' in article
    head, _, folded = article.partition("</summary>")
    assert "<details>" in head
    assert 'id="F2"' in folded  # within the fold, so that a link to it opens it
    assert "<details" not in before


def test_findings_beyond_those_kept_are_counted():
    """Those that are kept happened 210 times of 300, and the page says so."""
    assert "300 findings, 40 roots." in page_of("crowded").text
    assert "90 more are counted and not shown." in page_of("crowded").text
    assert "not shown" not in page_of("failing").text


def test_silence_is_not_shown_as_good_news():
    """Nothing asked: UNKNOWN, what is missing, how much would do, and no findings section."""
    shown = page_of("unknown")
    assert "UNKNOWN nothing was examined" in shown.text
    assert "no frame was received" in shown.text
    assert "It could not have shown, so nothing is known. 299 more are needed" in shown.text
    assert "rows not read" in shown.text
    assert "findings" not in shown.values("id")
    assert "PASS" not in shown.text.replace("to say PASS", "").replace("never PASS", "")


def test_a_part_that_does_not_gate_says_so():
    """Its verdict is shown, and that it does not decide."""
    parts = samples.parts(samples.PASS, samples.PASS, samples.FAIL)
    loose = samples.changed(parts[2], gates=False)
    shown = Page(samples.changed(samples.passing(), parts=(*parts[:2], loose)))
    assert "Does not decide the exit code." in shown.text
    assert "Does not decide the exit code." not in page_of("passing").text


@pytest.mark.parametrize("name", samples.EVERY)
def test_the_same_judgement_gives_the_same_bytes(name):
    """Rendering looks at nothing but the judgement."""
    assert page_of(name).source.encode() == page.render(samples.EVERY[name]())


def test_more_than_one_pair_is_a_matrix_on_the_page():
    """For a screen and for a phone, told in words too; with one pair there is none."""
    shown = page_of("bleeding")
    assert "pairs" in shown.values("id")
    assert "1,560 pairs of somebody and somebody else" in shown.text
    assert 'aria-label="user-01&#39;s reached user-02 450 times; ' in shown.source
    assert "pairs" not in page_of("failing").values("id")
