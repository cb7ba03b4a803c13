"""Debian's Chromium for tests, driven by Playwright; it asks nobody outside for anything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers.postgres import missing

PROGRAM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; yields it."""
    if not PROGRAM.exists():
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def cut_off(page: Page) -> list[str]:
    """What stands out of the page to the right, or is too wide for its own box."""
    found: list[str] = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth + 1, seen = [];
          for (const each of document.querySelectorAll('body *')) {
            const style = getComputedStyle(each), box = each.getBoundingClientRect();
            if (!box.width || style.position === 'absolute' || each.closest('.room')) continue;
            const label = each.tagName + '.' + each.getAttribute('class') + ': '
                + each.textContent.trim().slice(0, 40);
            if (box.right > wide || box.left < -1) seen.push(label);
            const scrolls = style.overflowX === 'auto' || style.overflowX === 'scroll';
            if (each instanceof HTMLElement && style.display !== 'inline' && !scrolls
                && each.scrollWidth > each.clientWidth + 1) seen.push('inside ' + label);
          }
          return seen;
        }"""
    )
    return found
