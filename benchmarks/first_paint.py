"""How long a reader waits for the page: ``python -m benchmarks.first_paint``.

A page of made-up results with every section, opened from disk in headless Chromium, a fresh context each time.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from callclock.scorecard.page import page
from callclock.settings import Force
from local.page_libraries import bundle
from tests.support import page_rows
from tests.support.chromium import ARGUMENTS, chromium

RUNS = 7
_PAINTED = "performance.getEntriesByType('paint').find((e) => e.name === 'first-contentful-paint').startTime"


def first_paint() -> dict[str, float]:
    """Median times of several openings, in milliseconds, and the size of the page in bytes.

    Raises
    ------
    FileNotFoundError
        There is no Chromium on this machine.
    """
    found = chromium()
    if not found:
        raise FileNotFoundError("no chromium on this machine: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        facts = page_rows.gathered(Path(folder) / "duckdb", page_rows.everything())
        html = Path(folder) / "index.html"
        html.write_text(page("SIM", Force(name="Made up"), facts, bundle()), "utf-8")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
            opened = [_open(browser, html) for _ in range(RUNS)]
            browser.close()
        return {
            "first_paint_ms": statistics.median(painted for painted, _ in opened),
            "all_charts_drawn_ms": statistics.median(drawn for _, drawn in opened),
            "page_bytes": html.stat().st_size,
        }


def _open(browser: Browser, html: Path) -> tuple[float, float]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(html.as_uri())
    opened.wait_for_selector("html[data-drawn]")
    painted, drawn = float(opened.evaluate(_PAINTED)), float(opened.evaluate("performance.now()"))
    context.close()
    return painted, drawn


if __name__ == "__main__":
    try:
        print(json.dumps({name: round(value) for name, value in first_paint().items()}))
    except FileNotFoundError as fault:
        sys.exit(f"first paint not measured: {fault}")
