"""The page in a real browser: every chart drawn, nothing asked of the network, readable by all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from callclock import layout
from callclock.scorecard.page import page
from callclock.scorecard.queries import QUERIES
from callclock.settings import Force
from local.page_libraries import bundle
from tests.support import page_rows
from tests.support.chromium import ARGUMENTS, chromium

CHROMIUM = chromium()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")

SAVED = layout.saved_queries("eu-west-2")
SCREENSHOTS = Path(__file__).parents[2] / "build" / "page"
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
MARKS = """() => Object.fromEntries([...document.querySelectorAll('figure[data-chart]')].map((f) => [f.dataset.table, {
    symbols: f.querySelectorAll('.mark-symbol:not(.role-legend-symbol) > path').length,
    rects: f.querySelectorAll('.mark-rect:not(.role-legend-symbol) > path').length,
    lines: f.querySelectorAll('.mark-line > path').length}]))"""


CUT_OFF = """() => [...document.querySelectorAll('figure[data-chart]')].flatMap((figure) => {
    const {left, right} = figure.getBoundingClientRect();
    return [...figure.querySelectorAll('svg text')].filter((text) => {
        const box = text.getBoundingClientRect();
        return text.getAttribute('opacity') !== '0' && (box.right > right + 1 || box.left < left - 1);
    }).map((text) => `${figure.dataset.table}: ${text.textContent}`);
})"""

WITHOUT_QUERY = """() => [...document.querySelectorAll('figure[data-chart]:not([hidden])')].filter((figure) => {
    const link = figure.querySelector('a[href^="#q-"]');
    return !link || !link.offsetParent || !document.querySelector(link.getAttribute('href'));
}).map((figure) => figure.dataset.table)"""

PAGE_OF_PDF = b"/Type /Page\n"


@dataclass
class Seen:
    """One page as a browser showed it, and what it said and asked for meanwhile."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def drawn(self, times: int) -> None:
        self.page.wait_for_selector(f'html[data-drawn="{times}"]', timeout=30_000)

    def marks(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = self.page.evaluate(MARKS)
        return found

    def texts(self, table: str) -> list[list[str]]:
        found: list[list[str]] = self.page.eval_on_selector_all(
            f"#{table} tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
        )
        return found


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = page_rows.gathered(tmp_path_factory.mktemp("facts"), page_rows.everything())
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(
        page("SIM", Force(name="Simulated Constabulary (not a real force)"), facts, bundle(), SAVED), "utf-8"
    )
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(params=list(LOOKS))
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opened(browser: Browser, html: Path, look: str = "light", *, scripts: bool = True) -> Seen:
    seen = Seen(browser.new_context(**LOOKS[look], java_script_enabled=scripts).new_page())  # type: ignore[arg-type]
    seen.page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda fault: seen.said.append(str(fault)))
    seen.page.on("request", lambda request: seen.asked.append(request.url))
    seen.page.goto(html.as_uri())
    if scripts:
        seen.drawn(1)
    return seen


@pytest.fixture(scope="module")
def light(browser: Browser, html: Path) -> Seen:
    """The page as it opens, for tests that only look."""
    return opened(browser, html)


def test_every_look_is_whole_quiet_and_accessible(browser: Browser, html: Path, look: str) -> None:
    seen = opened(browser, html, look)
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith("data:")] == [html.as_uri()]
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert seen.page.evaluate(CUT_OFF) == [], "words of a chart lie beyond its edge"
    assert seen.page.evaluate(WITHOUT_QUERY) == [], "each chart leads to its query without a table being opened"
    long_names = seen.page.locator("figure[data-table=t-stages-101] svg tspan").count()
    assert (long_names > 0) is (look == "phone"), "names of bars are broken where there is no room, and nowhere else"
    assert seen.page.locator("figure[data-table=t-heat-101] svg").bounding_box()["height"] < 500  # type: ignore[index]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    seen.page.screenshot(path=SCREENSHOTS / f"{look}.png", full_page=True)
    seen.page.screenshot(path=SCREENSHOTS / f"{look}-top.png")
    # What is folded away is read too, once it is opened.
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a table scrolls the page sideways"
    faults = Axe().run(seen.page).response["violations"]
    assert [(f["id"], f["nodes"][0]["target"]) for f in faults if f["impact"] in {"serious", "critical"}] == []


def test_every_chart_has_the_marks_of_its_table(light: Seen) -> None:
    marks = light.marks()
    assert marks.pop("t-curve") == {"symbols": 6 * 2, "rects": 0, "lines": 2}
    xmr = {name: found for name, found in marks.items() if name.startswith("t-xmr")}
    assert len(xmr) == 8
    for name, found in xmr.items():
        # Value, mean and two limits; a target where there is one.
        targets = {"t-xmr-abandonment-rate-all-101", "t-xmr-answered-within-10s-all-999"}
        lines = 5 if name in targets else 4
        assert found == {"symbols": 13, "rects": 0, "lines": lines}, name
    for line in ("999", "101"):
        assert marks[f"t-stages-{line}"]["rects"] == len(page_rows.STAGES)
        assert marks[f"t-heat-{line}"]["rects"] == 168
    assert marks["t-followed"]["rects"] == 5 * 4
    # A bar for what was found and a tick for chance; two bounds and what cannot be linked.
    assert marks["t-chance"]["rects"] == 3 * 2
    assert marks["t-prompted"]["rects"] == 1 * 2
    assert marks["t-reach"]["symbols"] == 3 * 3
    assert marks["t-safeguarding-attended"] == {"symbols": 39, "rects": 0, "lines": 3}
    assert marks["t-backlog"]["rects"] == 31 * 4


def test_incomplete_and_signals_are_drawn_as_such(light: Seen) -> None:
    points = light.page.eval_on_selector_all(
        "figure[data-table=t-xmr-median-s-domestic-abuse-all] .mark-symbol > path",
        "all => all.map(p => p.getAttribute('fill'))",
    )
    months = [row[0] for row in light.texts("t-xmr-median-s-domestic-abuse-all")]
    fills = dict(zip(months, points, strict=True))
    assert fills.pop("2026-03") == "var(--paper)", "hollow: not complete"
    assert fills.pop("2026-01") == "var(--bad)", "twice as long as ever: a concern"
    assert set(fills.values()) == {"var(--accent)"}


def test_choosing_works_without_a_server(browser: Browser, html: Path) -> None:
    seen = opened(browser, html)
    before = seen.texts("t-attendance-all")
    seen.page.select_option("#choose-a", label=page_rows.NASTY)
    seen.drawn(2)
    after = seen.texts("t-attendance-all")
    assert [row[1] for row in before] == ["400"] * 13
    assert [row[1] for row in after] == ["130"] * 13
    assert page_rows.NASTY in (seen.page.text_content("#chosen") or "")

    seen.page.select_option("#choose-p", label="March 2026")
    seen.drawn(3)
    assert (seen.page.text_content(".card .big") or "").endswith("\u25cb"), "March is not complete"
    assert seen.marks()["t-curve"]["symbols"] == 6 * 2
    last = {row[0]: row[1:] for row in seen.texts("t-curve")}
    assert last["24 h"][0] == "28.1 %"
    assert last["7 d"] == ["40.0 % \u25cb", "88.9 % \u25cb", "80.0 % \u25cb"]

    # A year has no hours of the week: the map says so and is not drawn.
    seen.page.select_option("#choose-p", label="The financial year to 31 March 2026")
    seen.drawn(4)
    assert seen.marks()["t-heat-101"]["rects"] == 0
    assert "Nothing to draw" in (seen.page.text_content("figure[data-table=t-heat-101] .unit") or "")
    assert seen.said == []


def test_charts_say_in_words_what_they_show(browser: Browser, html: Path) -> None:
    seen = opened(browser, html)
    plots = seen.page.locator("figure[data-chart] .plot")
    labels = [plots.nth(place).get_attribute("aria-label") or "" for place in range(plots.count())]
    assert len(labels) == len(set(labels)) > 10
    assert "domestic abuse incidents and to others: after 1 h to 9.9 % and 22.0 %, after 4 h to" in labels[0]
    seen.page.select_option("#choose-p", label="March 2026")
    seen.drawn(2)
    assert "after 7 d to 40.0 % \u25cb and 88.9 % \u25cb." in (plots.nth(0).get_attribute("aria-label") or "")


def test_the_keyboard_reaches_everything(browser: Browser, html: Path) -> None:
    seen = opened(browser, html)
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(40):
        seen.page.keyboard.press("Tab")
        reached.add(seen.page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"choose-p", "choose-g", "choose-a", "SUMMARY", "A"} <= reached
    seen.page.focus("#choose-g")
    seen.page.keyboard.press("ArrowDown")
    seen.drawn(2)
    assert "grade 1" in (seen.page.text_content("#chosen") or "")


def test_without_scripts_the_tables_are_open(browser: Browser, html: Path) -> None:
    seen = opened(browser, html, scripts=False)
    assert seen.page.locator("#control").is_hidden()
    assert seen.page.locator("figure[data-chart]").first.is_hidden()
    assert seen.page.locator("#t-heat-101").is_visible()


def test_a_figure_leads_to_its_query(browser: Browser, html: Path) -> None:
    seen = opened(browser, html)
    assert not seen.page.locator("#q-calls-by-month pre").is_visible()
    seen.page.click(".card:nth-child(4) .big a")
    assert seen.page.locator("#q-calls-by-month pre").is_visible()
    # A click marks the whole query, and its link leads to where it is saved; nothing has been asked for meanwhile.
    seen.page.click("#q-calls-by-month pre", position={"x": 60, "y": 30})
    assert seen.page.evaluate("getSelection().toString().trim()") == QUERIES["calls-by-month"].of("SIM")
    link = seen.page.locator("#q-calls-by-month a")
    assert link.is_visible()
    assert link.get_attribute("href") == SAVED
    assert [url for url in seen.asked if not url.startswith("data:")] == [html.as_uri()]
    assert seen.said == []


def test_what_a_choice_leaves_as_it_is_says_so(browser: Browser, html: Path) -> None:
    seen = opened(browser, html)
    notes = {
        name: seen.page.locator(f".block:has(#t-{name}) .unmoved, .block:has([data-table=t-{name}]) .unmoved").first
        for name in ("stages-101", "xmr-median-s-domestic-abuse-all")
    }
    card = seen.page.locator(".card:nth-child(4) .unmoved")

    def shown() -> list[bool]:
        return [note.is_visible() for note in (card, *notes.values())]

    assert shown() == [False, False, False]
    seen.page.select_option("#choose-p", label="March 2026")
    seen.drawn(2)
    assert shown() == [False, False, False], "all follow the period"
    seen.page.select_option("#choose-g", label="Grade 2")
    seen.drawn(3)
    assert shown() == [True, True, False]
    seen.page.select_option("#choose-a", label=page_rows.NASTY)
    seen.drawn(4)
    assert shown() == [True, True, True]
    assert "stays as it is, and says so" in (seen.page.text_content("#chosen") or "")
    assert card.text_content() == "Not by grade or area: of all grades and the whole force."
    seen.page.select_option("#choose-g", index=0)
    seen.page.select_option("#choose-a", index=0)
    seen.drawn(6)
    assert shown() == [False, False, False]


SHOWN = (
    """() => [...document.querySelectorAll('table')].filter((t) => t.checkVisibility()).map((t) => t.id || 'words')"""
)


def test_paper_has_each_chart_or_its_table_and_all_of_both_when_asked(browser: Browser, html: Path) -> None:
    """What no chart says is opened for the printer and folded away again; a click opens the rest, which is printed."""
    seen = opened(browser, html, "dark")
    before = set(seen.page.evaluate(SHOWN))
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = set(seen.page.evaluate(SHOWN))
    charted = set(seen.page.eval_on_selector_all("figure[data-chart]", "all => all.map((f) => f.dataset.table)"))
    every = set(seen.page.eval_on_selector_all("table", "all => all.map((t) => t.id || 'words')"))
    assert printed == every - charted > before
    assert not seen.page.locator("#q-calls-by-month pre").is_visible(), "nobody types a query from paper"
    assert seen.page.locator("#q-calls-by-month summary code").text_content() == "calls-by-month"
    seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert set(seen.page.evaluate(SHOWN)) == before

    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    short = seen.page.pdf(format="A4", path=SCREENSHOTS / "printed.pdf")
    unfold = seen.page.locator("#unfold")
    unfold.click()
    assert set(seen.page.evaluate(SHOWN)) == every
    assert seen.page.pdf(format="A4").count(PAGE_OF_PDF) > short.count(PAGE_OF_PDF)
    assert 5 < short.count(PAGE_OF_PDF) <= 16
    assert unfold.text_content() == "Fold the tables away"
    unfold.click()
    assert set(seen.page.evaluate(SHOWN)) < every
