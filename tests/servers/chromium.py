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
    """What stands out of the page to a side, or is cut by its own box."""
    found: list[str] = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth + 1, seen = [];
          const clipped = (each) => each && (getComputedStyle(each).overflowX === 'hidden'
            || clipped(each.parentElement));
          for (const each of document.querySelectorAll('body *')) {
            const style = getComputedStyle(each), box = each.getBoundingClientRect();
            if (box.width < 2 || each.closest('.room, .away')) continue;
            if (each.closest('thead') && getComputedStyle(each.closest('thead')).position
                === 'absolute') continue;
            const label = each.tagName + ': ' + each.textContent.trim().slice(0, 40);
            if ((box.right > wide || box.left < -1) && !clipped(each.parentElement))
              seen.push(label);
            if (each instanceof HTMLElement && style.overflowX === 'hidden'
                && style.textOverflow !== 'ellipsis'
                && each.scrollWidth > each.clientWidth + 1) seen.push('cut ' + label);
          }
          return seen;
        }"""
    )
    return found


def collided(page: Page) -> list[str]:
    """Words of a picture that stand on each other, or out of their picture."""
    found: list[str] = page.evaluate(
        """() => {
          const seen = [];
          for (const picture of document.querySelectorAll('svg')) {
            const frame = picture.getBoundingClientRect();
            if (!frame.width) continue;
            const texts = [...picture.querySelectorAll('text')]
              .filter((each) => each.textContent.trim())
              .map((each) => [each.textContent.trim(), each.getBoundingClientRect()]);
            texts.forEach(([said, box], place) => {
              if (box.left < frame.left - 3 || box.right > frame.right + 3
                  || box.top < frame.top - 3 || box.bottom > frame.bottom + 3)
                seen.push('out of its picture: ' + said);
              for (const [other, its] of texts.slice(place + 1)) {
                const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
                const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
                if (across > 2 && down > box.height * 0.4) seen.push(said + ' | ' + other);
              }
            });
          }
          return seen;
        }"""
    )
    return found
