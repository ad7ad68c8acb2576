"""The same export as a text, as a workbook and packed, through the template: each function must find what it needs."""

import csv
import json
import zipfile
from pathlib import Path

from typer.testing import CliRunner

from local.cli import app
from tests.support.workbooks import xlsx

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "events" / "config"
GOOD = ROOT / "events" / "exports" / "incoming" / "SIM" / "acd_2026-01_20260203.csv"
COUNTS = ("status", "records_read", "accepted", "set_aside", "quarantined", "layout_skipped", "months")


def test_a_workbook_and_a_zip_give_what_the_text_gives(tmp_path: Path) -> None:
    drop = tmp_path / "incoming" / "SIM"
    drop.mkdir(parents=True)
    with GOOD.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    width = len(rows[0])
    whole = [row for row in rows if len(row) == width]
    sound = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in whole) + "\r\n"
    (drop / "acd_2026-01_20260203.csv").write_text(sound, newline="")
    xlsx(drop / "acd_2026-01_20260204.csv", {"Calls": whole})
    with zipfile.ZipFile(drop / "calls.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("january/acd_2026-01_20260205.csv", sound)
    result = CliRunner().invoke(
        app,
        ["run", *map(str, sorted(drop.iterdir())), "--config", str(CONFIG), "--out", str(tmp_path / "out"), "--json"],
        catch_exceptions=False,
    )
    report = json.loads(result.stdout)
    assert report["faults"] == []
    text, book, zipped = sorted(
        (r for r in report["receipts"] if r["table_name"] == "calls"), key=lambda receipt: receipt["object_key"]
    )
    assert text["status"] == "read", text["message"]
    assert text["quarantined"] > 0
    assert text["accepted"] > 600
    for other in (book, zipped):
        assert {name: other[name] for name in COUNTS} == {name: text[name] for name in COUNTS}, other["message"]
        assert other["reasons"] == text["reasons"]
    assert zipped["member"] == "january/acd_2026-01_20260205.csv"
