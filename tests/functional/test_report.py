"""Report against moto: the page, the release packs, and what it may rely on."""

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import openpyxl
import pytest
from moto import mock_aws

from callclock import layout
from callclock.bookkeeping import COVERAGE, NOTICES, RECEIPTS
from callclock.clock import Month
from callclock.contracts import ATTENDANCE_CURVE, METRIC_VALUES, RESTATEMENTS
from callclock.engine import connect, quote
from callclock.objects import Bucket
from callclock.report import Report, draw
from callclock.results import fetch_curves
from tests.support import page_rows
from tests.support.page_html import PageText

RELEASE = "internal/release/force_code=SIM/"


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Report]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    # What a warm function keeps lies in the temporary folder: each test is a cold one.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("lake", "results"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield Report(lake=Bucket("lake", s3), results=Bucket("results", s3))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files by the key at which the other functions leave them."""
    folder = tmp_path_factory.mktemp("left")
    month = Month(2026, 3)
    laid = (
        (METRIC_VALUES, page_rows.everything(), layout.values("SIM", month, "calls_waits")),
        (ATTENDANCE_CURVE, list(page_rows.curves()), layout.measured("attendance_curve", "SIM", month, "curve")),
        (COVERAGE, list(page_rows.coverage()), layout.coverage("SIM")),
        (NOTICES, list(page_rows.notices()), layout.notices("SIM")),
        (RESTATEMENTS, list(page_rows.restatements()), layout.restatements("SIM", month, "calls_waits")),
    )
    files = {key: folder / f"{table.name}.parquet" for table, _, key in laid}
    with connect(folder / "duckdb") as db:
        for table, rows, key in laid:
            page_rows.lay(db, table, rows)
            db.execute(f"COPY {table.name} TO {quote(str(files[key]))} (FORMAT parquet)")
    return files


@pytest.fixture
def measured(report: Report, left: dict[str, Path]) -> Report:
    """A force whose values, feeds, notices and restatements lie where the other functions leave them."""
    for key, file in left.items():
        report.results.put(key, file)
    for row in page_rows.receipts():
        receipt = {c.name: row.get(c.name) for c in RECEIPTS.columns} | {
            "arrived_at": "2026-04-03T06:00:00.000Z",
            "exported_at": None,
        }
        report.results.put(layout.receipt("SIM", str(row["export_id"]), str(row["table_name"])), json.dumps(receipt))
    return report


def body(key: str) -> bytes:
    content: bytes = boto3.client("s3").get_object(Bucket="results", Key=key)["Body"].read()
    return content


def versions(prefix: str) -> dict[str, str]:
    found = boto3.client("s3").list_objects_v2(Bucket="results", Prefix=prefix).get("Contents", [])
    return {item["Key"]: item["LastModified"].isoformat() for item in found}


def test_the_page_shows_what_the_other_functions_left(measured: Report) -> None:
    key = draw("SIM", measured)
    read = PageText(body(key).decode())
    assert read.cells("t-attendance-domestic-abuse")["2026-02", "Incidents"] == "400"
    assert read.cells("t-curve")["7 d", "All"] == "80.0 %"
    assert "sim_acd: calls" in read.text
    assert "10 (1.0 %)" in read.text
    assert "No profile matches: write one." in read.text
    assert "nobody <answered>" in read.text
    assert "Attendance: median, February 2026" in read.text
    assert ("a", "href", layout.saved_queries("eu-west-2")) in read.addresses
    assert boto3.client("s3").head_object(Bucket="results", Key=key)["ContentType"] == "text/html; charset=utf-8"


def test_only_curves_of_the_months_shown_are_fetched(report: Report, left: dict[str, Path]) -> None:
    file = next(path for key, path in left.items() if "attendance_curve" in key)
    months = [Month(2026, 3).plus(-back) for back in range(15)]
    for month in months:
        report.results.put(layout.measured("attendance_curve", "SIM", month, "curve"), file)
    fetched = fetch_curves(report.results, "SIM", 13)
    assert sorted(path.parent.name for path in fetched) == sorted(f"month={month}" for month in months[:13])


def test_the_release_packs_lie_with_the_internal_results(measured: Report) -> None:
    draw("SIM", measured)
    files = ("attendance.csv", "calls.csv", "release.xlsx")
    assert set(versions(RELEASE)) == {
        f"{RELEASE}year={year}/{f}" for year in ("2023-24", "2024-25", "2025-26") for f in files
    }
    book = openpyxl.load_workbook(io.BytesIO(body(f"{RELEASE}year=2025-26/release.xlsx")))
    assert book.sheetnames == ["Definitions", "Attendance", "Calls"]
    assert not [key for key in versions("public/") if not key.startswith(("public/metric_values/", "public/release/"))]


def test_drawing_again_changes_nothing(measured: Report) -> None:
    key = draw("SIM", measured)
    first = {found: body(found) for found in [key, *versions(RELEASE)]}
    puts: list[str] = []
    measured.results._s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: puts.append(params["url_path"])
    )
    for kept in Path(tempfile.gettempdir()).rglob("drawn-*"):
        kept.unlink()  # as a cold function would
    assert draw("SIM", measured) == key
    assert {found: body(found) for found in first} == first
    assert [put for put in puts if "release" in put] == [], "a pack that has not changed is not written again"


def test_a_pack_left_half_written_is_written_again(measured: Report) -> None:
    draw("SIM", measured)
    gone = f"{RELEASE}year=2025-26/calls.csv"
    measured.results.remove(gone)
    draw("SIM", measured)
    assert gone in versions(RELEASE)


def test_a_force_without_anything_gets_a_page(report: Report) -> None:
    read = PageText(body(draw("SIM", report)).decode())
    assert "No figures yet" in read.text
    assert not versions(RELEASE)


def test_nothing_is_drawn_while_what_it_is_drawn_from_stands(measured: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    key = draw("SIM", measured)
    drawn: list[str] = []

    def page(force_code: str, *_: object) -> str:
        drawn.append(force_code)
        return "another"

    monkeypatch.setattr("callclock.report.page", page)
    assert draw("SIM", measured) == key
    assert not drawn
    was = layout.receipt("SIM", "late", "calls")
    measured.results.put(was, json.dumps({"export_id": "late", "table_name": "calls"}))
    draw("SIM", measured)
    assert len(drawn) == 1, "an export came"
    boto3.client("s3").delete_object(Bucket="results", Key=key)
    draw("SIM", measured)
    assert len(drawn) == 2, "somebody removed the page"
    assert body(key) == b"another"
