"""The whole way of an export through the real template: from a dropped file to a value in Athena and a mail."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from local import demo
from local.athena import query_directory

EXPORTS = demo.SAMPLES / "exports" / "incoming" / "SIM"


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path, str]:
    """Tell the demo once; what it returns, where it left everything and what it printed."""
    out = tmp_path_factory.mktemp("demo")
    console = Console(width=100, record=True, quiet=False, file=(out / "printed.txt").open("w"))
    summary = demo.tell(demo.samples(), out / "left", console)
    return summary, out / "left", console.export_text()


def ask(out: Path, sql: str) -> list[dict]:
    names, rows = query_directory(sql, out)
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_every_export_was_read(told) -> None:
    _, out, _ = told
    receipts = ask(
        out,
        "SELECT object_key, status, records_read, accepted, quarantined FROM results.receipts WHERE table_name <> 'none'",
    )
    assert len(receipts) == len(list(EXPORTS.iterdir()))
    assert {r["status"] for r in receipts} == {"read"}
    assert sum(r["quarantined"] for r in receipts) > 0, "the samples hold dirt, and it is found"


def plain_abandonment() -> dict[str, float]:
    """Hang-ups with no live answer over calls offered on 101, by month, counted with csv alone."""
    offered: Counter[str] = Counter()
    hung_up: Counter[str] = Counter()
    for file in sorted(EXPORTS.glob("acd_*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                date = row["Date"].split("/")
                if (
                    row["Line"] != "101"
                    or row["Direction"] != "In"
                    or len(date) != 3
                    or not row["End"]
                    or row["CLI"] is None
                ):
                    continue
                month = f"{date[2]}-{date[1]}"
                offered[month] += 1
                hung_up[month] += row["Result"] == "Abandoned" and not row["Answer"] and not row["Switchboard Answer"]
    return {month: hung_up[month] / offered[month] for month in offered}


def test_abandonment_is_what_the_files_say(told) -> None:
    _, out, _ = told
    found = ask(
        out,
        """SELECT period_label, value, n, complete FROM results.metric_values
           WHERE metric = 'calls.abandonment_rate' AND period_kind = 'month' AND line = '101' AND queue = 'all'
             AND hour_of_week = 'all' ORDER BY period_label""",
    )
    assert [r["period_label"] for r in found] == ["2026-01", "2026-02", "2026-03"]
    assert [round(r["value"], 2) for r in found] == [0.24, 0.06, 0.04]
    oracle = plain_abandonment()
    for r in found:
        assert r["value"] == pytest.approx(oracle[r["period_label"]], abs=0.005), "but for quarantined rows"


def test_the_mails_tell_the_breach_and_the_recovery_in_their_order(told) -> None:
    summary, out, _ = told
    # What was held back stands in the same table, with why.
    sql = "SELECT decided_at, rule_id, reason, state FROM results.notices WHERE held_back IS NULL AND reason <> 'digest' ORDER BY decided_at, rule_id"
    reasons = ask(out, sql)
    abandonment = [
        (r["reason"], r["state"], str(r["decided_at"])[:10]) for r in reasons if r["rule_id"] == "101-abandonment"
    ]
    assert [r[:2] for r in abandonment] == [
        ("first_breach", "breach"),
        ("still_in_breach", "breach"),
        ("recovered", "ok"),
    ]
    assert abandonment == sorted(abandonment, key=lambda told: told[2])
    assert len(summary["mails"]) == len(reasons)
    assert len(list((out / "inbox").iterdir())) >= len(reasons)


def test_digests_went_out_to_whoever_would_have_subscribed(told) -> None:
    """The demo's reader gets none; the topic took one a week of those in which the clock stopped for a tick."""
    _, out, _ = told
    digests = ask(out, "SELECT decided_at, subject FROM results.notices WHERE reason = 'digest' ORDER BY decided_at")
    weeks = [r["decided_at"].isocalendar()[:2] for r in digests]
    assert len(weeks) == len(set(weeks)) > 0
    assert not list((out / "inbox").glob("*week-to*"))


def test_nothing_personal_leaves_the_exports_bucket(told) -> None:
    """No telephone number of any sample in the lake, the results, the mails or the page."""
    _, out, _ = told
    numbers = set()
    for file in EXPORTS.glob("acd_*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            numbers |= {row["CLI"] for row in csv.DictReader(lines) if row["CLI"] and row["CLI"].isdigit()}
    wanted = [n.lstrip("0")[-9:].encode() for n in sorted(numbers)[:40]]
    assert wanted
    for folder in ("lake", "results", "inbox"):
        for path in (out / folder).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(number in content for number in wanted), path


def test_curated_is_visible_in_athena_by_month(told) -> None:
    _, out, _ = told
    found = ask(
        out,
        "SELECT month, count(*) AS n, count(DISTINCT record_key) AS keys FROM curated.incidents GROUP BY month ORDER BY month",
    )
    assert {"2026-01", "2026-02", "2026-03"} <= {r["month"] for r in found}
    assert all(r["n"] == r["keys"] for r in found)
    [total] = ask(out, "SELECT count(*) AS n, count(DISTINCT record_key) AS keys FROM curated.incidents")
    assert total["n"] == total["keys"], "a record corrected into another month stands in one"


def test_the_page_is_there_and_asks_nothing_of_the_network(told) -> None:
    _, out, _ = told
    [page] = (out / "results/internal/page").rglob("index.html")
    text = page.read_text("utf-8")
    assert "Simulated Constabulary" in text
    assert 'id="t-curve"' in text, "report's role may read the curves"
    assert 'src="http' not in text
    # Only what somebody clicks on leads away: where the queries are saved.
    assert set(re.findall(r'<(\w+) href="https?://([^/"]+)', text)) == {("a", "eu-west-2.console.aws.amazon.com")}


def test_what_is_printed_fits_and_names_the_figures(told) -> None:
    _, _, printed = told
    assert "hung up" in printed
    # Lines that begin with two blanks are paths and queries, to be copied whole.
    assert max(len(line) for line in printed.splitlines() if not line.startswith("  ")) <= 100
