"""What the demo shows beside what inspectors found: the year that is over, and who was told of it first."""

from datetime import UTC, date, datetime
from io import StringIO

from rich.console import Console
from rich.table import Table

from local import demo_figures
from local.inbox import Mail
from local.run import ROOT


def row(metric: str, value: float, unit: str, **other: object) -> dict[str, object]:
    common = dict.fromkeys(("grade", "population", "line", "outcome", "window_label"), "all")
    period = {"period_kind": "fy_to_date", "period_label": "2023/24", "period_end": date(2024, 4, 1)}
    return {**common, **period, "metric": metric, "value": value, "unit": unit, "complete": True, **other}


def mail(day: int, **attributes: str) -> Mail:
    return Mail(datetime(2023, 6, day, tzinfo=UTC), "topic", ("m@force.example",), "subject", "text", attributes)


ABUSE = {"grade": "2", "population": "domestic_abuse"}


def printed(table: Table | None) -> list[str]:
    assert table
    said = StringIO()
    Console(width=100, file=said).print(table)
    return said.getvalue().splitlines()


def test_the_year_that_is_over_and_who_was_told_first() -> None:
    rows = [
        row("attendance.median_s", 79_200.0, "s", **ABUSE),
        row("attendance.median_s", 1.0, "s", **ABUSE, period_end=date(2024, 3, 1)),  # a year to date that goes on
        row("attendance.over_7d", 0.41, "share", **ABUSE, complete=False),
    ]
    mails = [
        mail(1, metric="attendance.median_s", grade="2"),  # of everybody, not of domestic abuse
        mail(5, metric="attendance.median_s", **ABUSE),
        mail(9, metric="attendance.median_s", **ABUSE),
    ]
    lines = printed(demo_figures.inspected(rows, mails))
    [half] = [line for line in lines if "half within" in line]
    assert half.split("  ")[-1].strip() == "05 Jun 2023"
    assert "22 h 0 min" in half
    [late] = [line for line in lines if "nobody within 7 d" in line]
    assert "(41.0 %)" in late
    assert late.endswith("no limit on it")


def test_those_who_hung_up_beside_what_chance_finds() -> None:
    found = {"line": "101", "outcome": "call_999", "window_label": "72h"}
    rows = [
        row("followthrough.share", 0.061, "share", **found),
        row("followthrough.placebo_share", 0.01, "share", **found),
        row("followthrough.unlinkable_share", 0.098, "share", line="101"),
    ]
    lines = printed(demo_figures.followed(rows))
    [dialled] = [line for line in lines if "999" in line]
    assert dialled.split()[-4:] == ["6.1", "%", "1.0", "%"]
    assert any(line.rstrip().endswith("9.8 %") for line in lines)


def test_no_year_is_over() -> None:
    rows = [row("attendance.median_s", 1.0, "s", period_end=date(2024, 3, 1))]
    assert demo_figures.inspected(rows, []) is None
    assert demo_figures.followed(rows) is None


def test_the_year_as_the_readme_shows_it_fits_100_columns() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    block = readme.partition("A year at a made-up force")[2].partition("```")[0]
    assert "What is left, after" in block
    wide = [line for line in block.splitlines() if len(line) > 100]
    # A mail is shown as it was sent: what is to be copied out of it stands in one line.
    assert all(line.strip().startswith(("https://", "SELECT ")) for line in wide), wide
