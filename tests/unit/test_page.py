"""The page as it is without scripts: what stands in its tables, what it says is open, what it never asks for."""

import base64
import hashlib
import re
import statistics
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from callclock import layout, wording
from callclock.engine import connect
from callclock.scorecard import shown
from callclock.scorecard.facts import Facts, gather
from callclock.scorecard.figures import AREA, CURVE, Cell, Selection
from callclock.scorecard.measured import measure
from callclock.scorecard.page import page
from callclock.scorecard.queries import QUERIES
from callclock.scorecard.sections import headlines, sections
from callclock.scorecard.shown import ATTENDANCE, CALLS, REACH, STAGES
from callclock.settings import Force, Rebase
from callclock.spc import LOCKED_ON
from tests.support import page_rows
from tests.support.page_html import PageText

FORCE = Force(name="Simulated <b>Constabulary</b>")
HOLLOW = "\N{WHITE CIRCLE}"
LIBRARIES = "window.vegaEmbed = async () => ({ finalize() {} });"
"""Stands in for the bundle, whose drawing is tested in a browser."""
_UNMOVED = r'data-unmoved="(\w+)" hidden>[^<]*</p>\s*(?:<figure data-chart="\w+" data-table="t-|<div[^>]*>\s*<table id="t-)([\w-]+)'


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Everything there could be, and once more as Athena has it: in a schema, with the force."""
    with connect(tmp_path_factory.mktemp("page")) as db:
        page_rows.results(db, page_rows.everything())
        db.execute("CREATE SCHEMA results")
        for table in ("metric_values", "attendance_curve", "coverage", "receipts", "notices", "restatements"):
            db.execute(f"CREATE VIEW results.{table} AS SELECT *, 'SIM' AS force_code FROM main.{table}")
        yield db


@pytest.fixture(scope="module")
def whole(db: duckdb.DuckDBPyConnection) -> Facts:
    return gather(db)


@pytest.fixture(scope="module")
def today(whole: Facts) -> Facts:
    """Families A and B alone, as they are measured today."""
    later = ("followthrough.", "safeguarding.", "attendance.backlog")
    return replace(whole, values=[v for v in whole.values if not v.metric.startswith(later)])


@pytest.fixture(scope="module")
def html(whole: Facts) -> str:
    return page("SIM", FORCE, whole, LIBRARIES)


@pytest.fixture(scope="module")
def read(html: str) -> PageText:
    return PageText(html)


def written(rows: list[page_rows.Row], **key: object) -> str:
    """Text that a cell is to show, from the one row that has these keys."""
    wanted = {
        "area": "all",
        "grade": "all",
        "population": "all",
        "line": "all",
        "stage": "all",
        "hour_of_week": "all",
        **key,
    }
    [found] = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    text = wording.figure(float(str(found["value"])), str(found["unit"]))
    return text if found["complete"] else f"{text} {HOLLOW}"


@pytest.mark.parametrize("population", ["domestic_abuse", "other", "all"])
def test_attendance_by_month_is_what_was_measured(read: PageText, population: str) -> None:
    rows = [row for row in page_rows.attendance() if row["period_kind"] == "month"]
    cells = read.cells(f"t-attendance-{population.replace('_', '-')}")
    assert {month for month, _ in cells} == {str(page_rows.NEWEST.plus(-back)) for back in range(13)}
    for (month, heading), text in cells.items():
        [metric] = [name for name, said in ATTENDANCE.items() if said == heading]
        assert text == written(rows, metric=metric, period_label=month, population=population), (month, heading)


def test_curves_are_drawn_up_at_every_time_of_their_table(read: PageText) -> None:
    cells = read.cells("t-curve")
    assert len(cells) == 49 * 3
    for when, after_s in (("15 min", 900), ("4 h", 14_400), ("24 h", 86_400), ("30 h", 108_000), ("7 d", 604_800)):
        for population, heading in (("domestic_abuse", "Domestic abuse"), ("other", "Other"), ("all", "All")):
            assert cells[when, heading] == wording.share(page_rows.curve_share(population, after_s))
    share = {p: wording.share(page_rows.curve_share(p, 14_400)) for p in ("domestic_abuse", "other")}
    assert f"after 4 h to {share['domestic_abuse']} and {share['other']} , after 24 h to" in read.text


def test_a_curve_is_open_where_some_are_and_ends_where_nobody_knows(whole: Facts) -> None:
    measured = measure(whole.values, FORCE, [], whole.curves)

    def at(place: int, period: str, area: str = "all") -> str:
        cell = Cell(CURVE, population="other", area=AREA, part=str(place))
        return measured.figures.at(cell, Selection(period, area=area)).shown

    for place, after_s in enumerate(page_rows.CURVE_TIMES):
        text = wording.share(page_rows.curve_share("other", after_s))
        assert at(place, "2026-02") == text
        assert at(place, "2026-03") == (text if after_s <= 86_400 else f"{text} {HOLLOW}")
        assert at(place, "2026-03", "South") == (text if after_s <= 86_400 else "\N{EN DASH}")
    assert at(0, "2025-02") == "\N{EN DASH}", "thirteen months are shown"


def test_a_declared_rebase_starts_the_limits_anew(whole: Facts) -> None:
    def signal(*rebases: Rebase) -> str:
        figures = measure(whole.values, replace(FORCE, rebases=rebases), [], ()).figures
        cell = Cell("calls.abandonment_rate", "2026-02", line="101").about("signal")
        return figures.at(cell, Selection("2026-03")).shown

    declared = Rebase("calls.abandonment_rate", date(2025, 6, 1), "new telephone system", "J. Smith")
    assert signal(declared) == f"not read before {LOCKED_ON} complete months"
    assert signal() == signal(replace(declared, metric="attendance.median_s")) != signal(declared)


def test_without_curves_there_is_no_chart_of_them(whole: Facts) -> None:
    assert "t-curve" not in PageText(page("SIM", FORCE, replace(whole, curves=()))).tables


@pytest.mark.parametrize("line", ["999", "101"])
def test_calls_by_month_are_what_was_measured(read: PageText, line: str) -> None:
    rows = [row for row in page_rows.calls() if row["period_kind"] == "month"]
    for (month, heading), text in read.cells(f"t-calls-{line}").items():
        [metric] = [name for name, said in CALLS.items() if said == heading]
        assert text == written(rows, metric=metric, period_label=month, line=line), (month, heading)


def test_stages_stand_in_order_and_add_up(read: PageText) -> None:
    cells = read.cells("t-stages-101")
    stages = [row for row, heading in cells if heading == "Share of all calls"]
    assert stages == [said for stage, said in STAGES.items() if stage in page_rows.STAGES]
    assert sum(float(cells[stage, "Share of all calls"].removesuffix(" %")) for stage in stages) == pytest.approx(100)


def test_the_hour_map_has_every_hour_of_the_week(read: PageText) -> None:
    rows = [row for row in page_rows.calls() if row["period_label"] == "2026-02" and row["period_kind"] == "month"]
    cells = read.cells("t-heat-101")
    assert len(cells) == 168
    for (hour, day), text in cells.items():
        place = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day) * 24 + int(hour[:2])
        assert text == written(rows, metric="calls.abandonment_rate", line="101", hour_of_week=f"{place:03d}")


def test_it_opens_with_the_newest_month_that_is_complete(read: PageText) -> None:
    assert "February 2026; all grades; whole force." in read.text
    march = read.cells("t-attendance-all")["2026-03", "Median"]
    assert march.endswith(HOLLOW)
    assert not read.cells("t-attendance-all")["2026-02", "Median"].endswith(HOLLOW)


def test_limits_are_those_of_the_first_twelve_complete_months(read: PageText) -> None:
    months = page_rows.months()
    waits = [80_000 * (1 + 0.1 * page_rows.wave(month)) for month in months[:12]]
    mean = statistics.mean(waits)
    reach = 2.66 * statistics.mean(abs(b - a) for a, b in pairwise(waits))
    cells = read.cells("t-xmr-median-s-domestic-abuse-all")
    for month in ("2025-03", "2026-03"):
        assert cells[month, "Mean"] == wording.duration(mean)
        assert cells[month, "Lower limit"] == wording.duration(mean - reach)
        assert cells[month, "Upper limit"] == wording.duration(mean + reach)
    assert cells["2026-01", "Signal"] == "concern: outside its usual range"
    assert cells["2026-03", "Signal"] == "not read: not complete"
    assert read.cells("t-xmr-abandonment-rate-all-101")["2026-02", "Target"] == "5.0 %"


def test_an_improvement_is_no_concern(today: Facts) -> None:
    quick = [
        replace(v, value=10.0) if (v.metric, v.label) == ("attendance.median_s", "2026-02") else v for v in today.values
    ]
    cells = PageText(page("SIM", FORCE, replace(today, values=quick))).cells("t-xmr-median-s-domestic-abuse-all")
    assert cells["2026-02", "Signal"] == "improvement: outside its usual range"


def test_a_new_definition_starts_a_new_process(today: Facts) -> None:
    again = [replace(v, definition_version="2") if v.label >= "2025-10" else v for v in today.values]
    cells = PageText(page("SIM", FORCE, replace(today, values=again))).cells("t-xmr-median-s-domestic-abuse-all")
    assert cells["2026-01", "Signal"] == "not read before 12 complete months"
    assert cells["2025-09", "Mean"] != cells["2025-10", "Mean"]


def test_what_is_not_measured_is_said_and_not_drawn(today: Facts) -> None:
    read = PageText(page("SIM", FORCE, today))
    for what in ("what became of those who hung up", "safeguarding", "the backlog"):
        assert f"Not measured yet: there are no values of {what} for this force." in read.text
    assert not any(name.startswith(("t-followed", "t-safeguarding", "t-backlog")) for name in read.tables)


def test_after_the_hang_up_the_unlinkable_and_chance_stand_beside(read: PageText) -> None:
    assert read.cells("t-followed")["No contact found", "72 h"] == "45.0 %"
    assert read.cells("t-placebo-share")["Rang 101 again and was answered", "24 h"] == "4.0 %"
    assert read.cells("t-placebo-share")["Any contact", "24 h"] == "5.5 %"
    assert read.tables["t-chance"][1:] == [
        ["Rang 101 again and was answered", "40.0 %", "4.0 %", "36.0 %"],
        ["Rang 999", "5.0 %", "0.5 %", "4.5 %"],
        ["Reported online", "10.0 %", "1.0 %", "9.0 %"],
    ]
    assert read.tables["t-reach"] == [
        ["Where they hung up", *REACH.values()],
        ["All", "27.0 %", "45.0 %", "40.0 %"],
        ["Hung up: recorded message", "30.0 %", "50.0 %", "53.0 %"],
        ["Hung up: call handler queue", "30.0 %", "50.0 %", "53.0 %"],
    ]
    assert read.cells("t-contacts") == {("Reported online", "Share"): "80.0 %"}
    assert read.tables["t-prompted"][1:] == [["Had offered another way", "12.0 %", "1.0 %"]]
    assert "Not causal: those who stay longer hear the message." in read.text


@pytest.mark.parametrize("victims", ["attended", "never-attended"])
def test_what_was_shared_is_of_high_risk_as_its_heading_says(read: PageText, victims: str) -> None:
    cells = read.cells(f"t-safeguarding-{victims}")
    assert cells["2026-02", "High risk shared with partners"] == "92.0 %"
    assert {heading for _, heading in cells} == {
        "Risk assessed",
        "Declined by the victim",
        "High risk shared with partners",
    }


def test_a_figure_says_whether_its_target_was_met(whole: Facts) -> None:
    def standing(metric: str, target: float) -> str:
        values = [replace(v, target=target) if v.metric == metric else v for v in whole.values]
        return page("SIM", FORCE, replace(whole, values=values))

    offered = {  # 24 % and more hang up on 101, 85.0 % of 999 are answered within ten seconds.
        ("calls.abandonment_rate", 0.05): '<dd data-f="X" data-judged class="worse">5.0 %, not met</dd>',
        ("calls.abandonment_rate", 0.5): '<dd data-f="X" data-judged class="better">50.0 %, met</dd>',
        ("calls.answered_within_10s", 0.85): '<dd data-f="X" data-judged class="better">85.0 %, met</dd>',
        ("calls.answered_within_10s", 0.9): '<dd data-f="X" data-judged class="worse">90.0 %, not met</dd>',
    }
    for (metric, target), said in offered.items():
        assert said in re.sub(r'data-f="[^"]*"', 'data-f="X"', standing(metric, target)), metric


def test_where_too_few_can_be_linked_the_page_says_so(whole: Facts) -> None:
    share = ("followthrough.share", "2026-02", "none_found/72h")
    hidden = [
        replace(v, value=None, notes="not_measurable") if (v.metric, v.label, v.part) == share else v
        for v in whole.values
    ]
    read = PageText(page("SIM", FORCE, replace(whole, values=hidden)))
    assert read.cells("t-followed")["No contact found", "72 h"] == "not measurable"
    assert read.cells("t-followed")["No contact found", "24 h"] == "45.0 %"


def test_feeds_notices_and_restatements_are_told(read: PageText) -> None:
    assert "sim_cad: incidents" in read.text
    assert "10 (1.0 %)" in read.text
    assert "No profile matches: write one." in read.text
    assert "101: 24.4 % hung up & nobody <answered>" in read.text
    assert "Attendance: median, February 2026" in read.text
    assert f"{wording.duration(39_600)} {wording.duration(40_000)} export" in read.text
    assert "attendance.excluded, February 2026 whole force 48 50 export" in read.text
    assert read.text.index("Attendance: median, February") < read.text.index("attendance.excluded, February")


def test_a_restatement_names_its_cell_in_words(whole: Facts) -> None:
    """And two figures that differ are printed so that they do: 0.7 % became 0.7 %."""
    rows = [
        {**whole.restated[0], "grade": "2", "population": "domestic_abuse"},
        {**whole.restated[0], "metric": "calls.stage_share", "line": "101", "stage": "switchboard_queue", "old_value": 0.0071, "new_value": 0.0074},
        {**whole.restated[0], "metric": "calls.gone", "old_value": None},
    ]  # fmt: skip
    read = PageText(page("SIM", FORCE, replace(whole, restated=rows)))
    assert "February 2026 grade 2, domestic abuse" in read.text
    assert (
        "Calls: where they ended, February 2026 line 101, in the queue of the switchboard 0.71 % 0.74 % export"
        in read.text
    )
    assert "calls.gone, February 2026 whole force \N{EN DASH} 40000.00 export" in read.text


def test_every_measure_of_the_page_has_a_name_to_stand_alone_with() -> None:
    told = set(shown.METRICS) - {shown.BACKLOG, *(f"followthrough.{name}" for name in shown.KNOWN)}
    assert told <= set(shown.NAMES)


def test_the_backlog_speaks_of_the_newest_day_that_is_complete(whole: Facts) -> None:
    open_from = "2026-03-29"
    values = [
        replace(v, complete=False) if v.metric == "attendance.backlog" and v.label >= open_from else v
        for v in whole.values
    ]
    read = PageText(page("SIM", FORCE, replace(whole, values=values)))
    assert "At the end of 28 March 2026, 53 incidents had waited seven days or more." in read.text
    assert read.cells("t-backlog")["2026-03-29", "7 d and over"] == f"54 {HOLLOW}"


def test_rows_that_no_table_shows_are_not_read(tmp_path: Path) -> None:
    rows = list(page_rows.attendance())
    february = next(r for r in rows if r["metric"] == "attendance.closed_unattended" and r["period_label"] == "2026-02")
    with connect(tmp_path) as db:
        page_rows.results(db, [*rows, {**february, "reason": "no_reply"}, {**february, "population": "unknown"}])
        found = [v for v in gather(db).values if v.metric == february["metric"]]
    assert {(v.population, v.part) for v in found} == {(p, "all") for p in page_rows.SLOWER}


def test_a_force_without_data_gets_a_page_that_says_so() -> None:
    read = PageText(page("SIM", FORCE, Facts(), LIBRARIES))
    assert "No figures yet: drop an export" in read.text
    assert "The figures that matter" not in read.text


def test_a_force_without_incidents_still_sees_its_calls(tmp_path: Path) -> None:
    read = PageText(page("SIM", FORCE, page_rows.gathered(tmp_path, list(page_rows.calls()))))
    assert read.cells("t-calls-101")["2026-03", "Offered"] == "28,000"
    assert "Not measured yet: there are no values of attendance for this force." in read.text


def test_grades_of_two_schemes_are_never_in_one_table(tmp_path: Path) -> None:
    def scheme(row: page_rows.Row) -> page_rows.Row:
        old = str(row["period_label"]) < "2026-02" and row["grade"] != "all"
        return {**row, "grade": f"old {row['grade']}", "grade_scheme": "before"} if old else row

    facts = page_rows.gathered(tmp_path, [scheme(row) for row in page_rows.attendance()])
    assert {v.label for v in facts.values if v.grade == "1" and v.kind == "month"} == {"2026-02", "2026-03"}
    assert not [v for v in facts.values if v.grade.startswith("old")]
    assert "old 1" not in page("SIM", FORCE, facts)


def test_names_from_the_data_are_shown_as_text(html: str, read: PageText) -> None:
    assert page_rows.NASTY not in html
    assert page_rows.NASTY in read.text
    assert "<b>Constabulary" not in html


def test_it_asks_the_network_for_nothing(html: str, read: PageText) -> None:
    assert read.addresses
    assert [a for a in read.addresses if not a[2].startswith(("#", "data:"))] == []
    assert "@import" not in html
    assert "url(" not in html


def test_every_query_leads_to_where_it_is_saved_and_nothing_else_leads_away(whole: Facts, read: PageText) -> None:
    address = layout.saved_queries("eu-west-2")
    assert (
        address == "https://eu-west-2.console.aws.amazon.com/athena/home?region=eu-west-2#/query-editor/saved-queries"
    )
    html = page("SIM", FORCE, whole, LIBRARIES, address)
    linked = PageText(html)
    away = [found for found in linked.addresses if not found[2].startswith(("#", "data:"))]
    shown = [end.removeprefix("q-") for end in linked.ids if end.startswith("q-")]
    assert away == [("a", "href", address)] * len(shown)
    assert len(shown) >= 15
    assert set(shown) <= set(QUERIES)
    for name in shown:
        assert (
            f'<code>{name}</code></summary>\n<p class="how"><a href="{address}" rel="noreferrer">saved in Athena'
            in html
        )
    assert "give 'SIM' as its parameter" in linked.text
    assert linked.policy == read.policy


def test_what_a_choice_does_not_move_says_so(html: str) -> None:
    """By table and card, from the figures that they show: calls and safeguarding have neither grade nor area."""
    cards = re.findall(r'<div class="card"><h3>([^<]*)</h3>\s*(?:<p class="unmoved" data-unmoved="(\w+)")?', html)
    assert [letters for _, letters in cards] == ["", "", "", "ga", "ga"]
    found = {table: letters for letters, table in re.findall(_UNMOVED, html)}
    assert {found.get(table) for table in ("curve", "attendance-all", "attendance-grades")} == {None}
    assert found["xmr-median-s-domestic-abuse-all"] == "a"
    for table in (
        "calls-101",
        "stages-999",
        "heat-101",
        "followed",
        "safeguarding-attended",
        "xmr-abandonment-rate-all-101",
    ):
        assert found[table] == "ga", table


def test_every_link_has_its_end(read: PageText) -> None:
    ends = [value[1:] for _, name, value in read.addresses if name == "href" and value.startswith("#")]
    assert len(ends) > 20
    assert set(ends) <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))


def test_only_its_own_scripts_may_run(read: PageText) -> None:
    runs = [text for given, text in read.scripts if "type" not in given]
    assert len(runs) == 2
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in runs]
    assert read.policy.startswith("default-src 'none'; script-src " + " ".join(f"'sha256-{h}'" for h in hashes) + ";")
    assert "unsafe-eval" not in read.policy
    assert not re.search(r"connect-src|https?:", read.policy)


def test_without_the_libraries_it_is_tables_and_no_script(whole: Facts, read: PageText) -> None:
    plain = PageText(page("SIM", FORCE, whole))
    assert plain.scripts == []
    assert "script-src 'none'" in plain.policy
    assert plain.tables == read.tables


def test_the_same_facts_give_the_same_bytes(whole: Facts, html: str) -> None:
    assert page("SIM", FORCE, whole, LIBRARIES) == html


def test_a_force_of_many_areas_stays_small(today: Facts) -> None:
    north = [v for v in today.values if v.area == "North"]
    rest = [v for v in today.values if v.area in {"all", "North"}]
    crowd = [replace(v, area=f"Area {place:03d}", value=(v.value or 0) + place) for place in range(60) for v in north]
    bends = [replace(c, area=f"Area {place:03d}") for place in range(60) for c in today.curves if c.area == "South"]
    html = page("SIM", FORCE, replace(today, values=[*rest, *crowd], curves=[*today.curves, *bends]), "x" * 900_000)
    assert len(html.encode()) < 2_000_000
    assert re.search(r"Quieter areas left out to keep the page small: \d+\.", html)
    # The busiest are kept: the place was added to every count.
    assert "Area 059" in html
    assert "Area 000" not in html


@pytest.mark.parametrize(("name", "table", "fixed"), [
    ("attendance-by-month", "t-attendance-domestic-abuse", {"population": "domestic_abuse", "grade": "all", "area": "all"}),
    ("calls-by-month", "t-calls-101", {"line": "101"}),
    ("history-attendance-median-s", "t-xmr-median-s-domestic-abuse-all", {"population": "domestic_abuse", "grade": "all", "area": "all"}),
])  # fmt: skip
def test_a_query_gives_the_figures_of_its_table(
    read: PageText, db: duckdb.DuckDBPyConnection, name: str, table: str, fixed: dict[str, str]
) -> None:
    headings = {**ATTENDANCE, **CALLS} if not name.startswith("history") else {"attendance.median_s": "Value"}
    cells = read.cells(table)
    found = db.execute(QUERIES[name].of("SIM")).fetchdf()
    for column, value in fixed.items():
        found = found[found[column] == value]
    assert len(found) >= 13
    seen = 0
    for row in found.itertuples():
        if (row.period_label, headings[row.metric]) in cells:
            text = cells[row.period_label, headings[row.metric]].removesuffix(f" {HOLLOW}")
            assert text == wording.figure(row.value, row.unit)
            seen += 1
    assert seen >= 13


_SAID = ("value", "n", "numerator", "denominator", "n_immature", "n_unknown", "complete", "target", "as_at")


@pytest.mark.parametrize("name", sorted(name for name, query in QUERIES.items() if "metric_values" in query.sql))
def test_no_two_rows_of_a_query_are_of_the_same(db: duckdb.DuckDBPyConnection, name: str) -> None:
    """A reader must be able to tell which row a figure is."""
    rows = db.execute(QUERIES[name].of("SIM")).fetchdf()
    keys = [column for column in rows.columns if column not in _SAID]
    assert len(rows)
    assert not rows.duplicated(keys).any()


@pytest.mark.parametrize(("grade", "area"), [("all", "all"), ("2", "all"), ("2", "North")])
def test_every_figure_is_given_by_the_query_that_it_leads_to(
    whole: Facts, db: duckdb.DuckDBPyConnection, grade: str, area: str
) -> None:
    """Whatever is chosen, also a year: no figure leads to a query that does not give it."""
    tops = headlines()
    measured = measure(whole.values, FORCE, [top.cell for top in tops], whole.curves)
    shown = [(top.query, cell) for top in tops for cell in (top.cell, *(beside for _, beside in top.beside))]
    tables = [table for section in sections(measured) for table in section.tables]
    shown += [(table.query, cell) for table in tables for line in table.rows for cell in line.cells]
    given: dict[str, set[tuple[str, ...]]] = {}
    for query in {query for query, _ in shown if "metric_values" in query.sql}:
        rows = db.execute(query.of("SIM")).fetchdf().to_dict("records")
        given[query.id] = {
            (
                row["metric"], ("12m " if row["period_kind"] == "rolling_12m" else "") + row["period_label"], row["grade"],
                row["population"], row["area"], row["line"], wording.figure(row["value"], row["unit"]),
            )
            for row in rows if row["value"] == row["value"]
        }  # fmt: skip
    assert {choice.id.partition(" ")[0] for choice in measured.periods} > {"12m"}
    for choice in measured.periods:
        selection = Selection(choice.id, grade, area)
        for query, cell in shown:
            at, figure = cell.under(selection), measured.figures.at(cell, selection)
            if "#" not in cell.metric and cell.metric != CURVE and figure.value is not None:
                wanted = (at.metric, at.period, at.grade, at.population, at.area, at.line, figure.text)
                assert wanted in given[query.id], query.id


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_query_runs_and_is_of_one_force(db: duckdb.DuckDBPyConnection, name: str) -> None:
    assert db.execute(QUERIES[name].of("SIM")).fetchone()
    assert db.execute(QUERIES[name].of("O'TH")).fetchone() is None
