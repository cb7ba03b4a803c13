"""A capacity as a page, pictures and a PDF."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from isolation_checks.errors import UsageError
from isolation_checks.verdicts.capacity import (
    Answer,
    Bleeding,
    Capacity,
    Estimate,
    Law,
    Quantile,
    Step,
    encode,
)
from isolation_checks.verdicts.lattice import Verdict
from reports import ladder, planned, write
from tests.reports import samples
from tests.servers.chromium import chromium, collided, cut_off

WIDTHS = (860, 336)


def around(value, share=0.1):
    """An estimate with its interval."""
    return Estimate(value=value, lower=value * (1 - share), upper=value * (1 + share))


def step(number, users, rate, p95, **fields):
    """A load that was held."""
    plain = {
        "confirms": False, "from_s": 60.0 * number, "to_s": 60.0 * number + 50, "queries": 800,
        "verdict": Verdict.PASS if p95 < 5 else Verdict.FAIL, "answered": 790, "unfinished": 0,
        "objectives": (
            samples.objective(
                "completion p95 <= 5 s", measured=p95,
                verdict=Verdict.PASS if p95 < 5 else Verdict.FAIL, upper=p95 * 1.2,
            ),
        ),
        "offered": rate,
        "throughput": around(rate), "goodput": around(rate * 0.9), "own": around(rate * 0.8),
        "concurrency": users / 3, "errors": 0.0, "bleeds": 0,
        "bleeds_per_thousand": None, "late": 0.0, "stall_s": 0.02, "trusted": True,
        "completion": tuple(
            Quantile(q=q, measured=p95 * part, lower=p95 * part * 0.9, upper=p95 * part * 1.2)
            for q, part in ((0.5, 0.4), (0.95, 1.0), (0.99, 1.4))
        ),
    }  # fmt: skip
    return Step(number=number, users=users, **(plain | fields))


def capacity(**fields):
    """Four loads; the last one misses its objective and bleeds."""
    steps = (
        step(0, 10, 9.0, 0.5), step(1, 20, 17.0, 0.8), step(2, 40, 29.0, 2.0),
        step(3, 80, 36.0, 7.5, bleeds=9, bleeds_per_thousand=around(11.0, 0.5), trusted=False),
    )  # fmt: skip
    curve = tuple((float(n), n / (1 + 0.011 * (n - 1))) for n in range(1, 81))
    plain = {
        "run": "1122-1200-cap1", "target": "ws://127.0.0.1:1/ws", "steps": steps,
        "model": "closed: 2 s of pause", "within": 40, "confirmed": True, "breached": 80,
        "headline": "40 users are served within every objective; 80 are not", "knee": around(45.0),
        "law": Law(
            alpha=around(0.011), beta=around(0.0001), gamma=around(1.0), explained=0.99,
            points=tuple((float(s.users), s.throughput.value) for s in steps), curve=curve,
            peak=around(96.0), ceiling=None,
        ),
        "bleeding": Bleeding(users=80, borne=40, concurrency=26.0),
        "answers": (Answer(asks="how many at peak?", users=around(40.0), because="held twice"),),
        "refused": ("nothing beyond 80 users was driven",),
    }  # fmt: skip
    return Capacity(**(plain | fields))


def marks(figure, mark):
    """Where the marks of one kind stand."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() == mark]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_rate_of_every_load_and_the_law(width):
    """A mark for each step, a line for the law, and where the largest borne load is."""
    figure = ladder.throughput(capacity(), width=width)
    assert [(10, 9.0), (20, 17.0), (40, 29.0), (80, 36.0)] == marks(figure, "o")
    law, borne = figure.axes[0].lines[-2:]
    assert (80, 80) == (len(law.get_xdata()), law.get_xdata()[-1])
    assert [40, 40] == list(borne.get_xdata())


@pytest.mark.parametrize("width", WIDTHS)
def test_quantiles_of_every_load_and_the_limit(width):
    """p50, p95 and p99, told apart by their marks, and the objective's line."""
    figure = ladder.durations(capacity(), width=width)
    assert [(10, 0.5), (20, 0.8), (40, 2.0), (80, 7.5)] == marks(figure, "D")
    assert 4 == len(marks(figure, "s"))
    assert [5.0, 5.0] in [list(line.get_ydata()) for line in figure.axes[0].lines]


def test_what_was_not_seen_is_not_drawn():
    """No bleeding, no picture of it; no law, no line; without steps nothing."""
    calm = capacity(steps=capacity().steps[:3], law=None)
    assert ladder.bleeding(calm, width=860) is None
    drawn = ladder.bleeding(capacity(), width=860)
    assert [(80.0, 11.0)] == marks(drawn, "o")
    assert "26.7" in [text.get_text() for text in drawn.axes[0].texts]  # open at a time
    assert ladder.throughput(capacity(steps=()), width=860) is None
    assert ladder.durations(capacity(steps=()), width=860) is None


def test_the_page_fits_a_screen_and_a_phone(tmp_path):
    """And says the headline, the steps, whether the generator kept up, and what it refuses."""
    (tmp_path / "capacity.json").write_bytes(encode(capacity()))
    index = write.write_capacity(tmp_path)
    text = index.read_text()
    for said in (
        "40 users are served within every objective",
        "40 (36 to 44)",
        "the generator was late",
        "nothing beyond 80 users was driven",
        "Broken: from 80 users on",
        "At 80 users completion p95 ≤ 5\u00a0s was missed: 7.50",
        "60 to 110",
    ):
        assert said in text
    names = {path.name for path in index.parent.rglob("*.*")}
    assert {"index.html", "capacity.pdf", "throughput.svg", "durations.png"} <= names
    with chromium() as browser:
        for width, scheme in ((1280, "light"), (390, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(index.as_uri())
            assert [] == cut_off(page)
            assert [] == collided(page)


def test_the_same_capacity_gives_the_same_bytes():
    """On paper too; and hostile words stay words."""
    mean = capacity(headline=samples.HOSTILE, target=samples.HOSTILE, refused=(samples.HOSTILE,))
    assert planned.paper(mean) == planned.paper(mean)
    assert planned.render(mean) == planned.render(mean)
    assert b"<script>" not in planned.render(mean)
    pages = PdfReader(io.BytesIO(planned.paper(capacity()))).pages
    assert 3 == sum(len(page.images) for page in pages)
    assert "40 (36 to 44)" in " ".join(page.extract_text() for page in pages)


def test_what_is_no_capacity_is_refused(tmp_path):
    """Nothing is made of it."""
    (tmp_path / "capacity.json").write_text("{}")
    with pytest.raises(UsageError, match="this is no capacity"):
        write.write_capacity(tmp_path)
    assert not (tmp_path / "report").exists()
