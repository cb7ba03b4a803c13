"""The report in a real browser: nothing is cut off, nothing stands on something else."""

from __future__ import annotations

import pytest

from reports import page
from tests.reports import samples
from tests.servers.chromium import chromium, collided, cut_off

SHOWN = ("failing", "bleeding", "unknown", "slow", "hostile")
SIZES = ((1280, "light"), (390, "dark"))


@pytest.fixture(scope="module")
def browser():
    """One browser for all pages."""
    with chromium() as running:
        yield running


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_is_cut_off_and_nothing_collides(name, browser, tmp_path):
    """On a screen and on a phone, light and dark, and whatever a target wrote."""
    file = tmp_path / "index.html"
    file.write_bytes(page.render(samples.EVERY[name]()))
    for width, scheme in SIZES:
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked = []
        shown.on("request", lambda request, asked=asked: asked.append(request.url))
        shown.goto(file.as_uri())
        assert [] == cut_off(shown), (width, scheme)
        if name != "hostile":  # words of no length that a font could know
            assert [] == collided(shown), (width, scheme)
        assert [] == [url for url in asked if not url.startswith(("file:", "data:"))]
        shown.close()


def test_in_print_everything_is_light_and_what_is_folded_is_a_line(browser, tmp_path):
    """Dark screens do not blacken paper; twenty consequences take no twenty pages."""
    file = tmp_path / "index.html"
    file.write_bytes(page.render(samples.failing()))
    shown = browser.new_page(color_scheme="dark")
    shown.emulate_media(media="print", color_scheme="dark")
    shown.goto(file.as_uri())
    paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert "rgb(255, 255, 255)" == paper
    assert not shown.locator("nav").is_visible()
    follower = shown.locator(".follower").first
    assert follower.locator("summary").is_visible()
    assert not follower.locator(".witness").is_visible()
    shown.goto(f"{file.as_uri()}#F2")  # whoever wants it on paper opens it
    assert follower.locator(".witness").is_visible()
    shown.close()
