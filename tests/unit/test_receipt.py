"""Receipts: nothing lost on the way to JSON and back, and the balance."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from callclock.bookkeeping import COVERAGE, RECEIPTS
from callclock.clock import Month
from callclock.exports.receipt import Counts, CoverageRow, Receipt
from callclock.exports.totals import Total
from callclock.reasons import NEXT_STEP, ExportReason, ExportStatus

AT = datetime(2026, 3, 2, 6, 0, 0, 123000, tzinfo=UTC)
COVERED = CoverageRow("cad", "incidents", "e1", AT, AT, AT, "delta", "start", "span")
WHOLE = Receipt(
    force_code="SIM",
    export_id="e1",
    table_name="incidents",
    object_key="incoming/SIM/cad – café.csv",
    status=ExportStatus.HELD,
    arrived_at=AT,
    config_hash="c",
    reason=ExportReason.TRUNCATED,
    message="The file ends in the middle.\nDrop it again.",
    profile="cad",
    profile_hash="p",
    exported_at=AT,
    counts=Counts(
        records_read=10, accepted=4, set_aside=2, folded=1, superseded=1, quarantined=2, dropped=1, layout_skipped=1
    ),
    reasons={"missing:key": 2},
    set_aside_reasons={"duplicate": 2},
    dropped_reasons={"phantom": 1},
    conflicts={"area": 1},
    months=(Month(2026, 1), Month(2026, 2)),
    coverage=COVERED,
    columns=("Number",),
    watermark=AT,
    totals={
        "rows": Total(6, 4),
        "to_closed_at_ms": Total(900, 600),
        "reported_arrival_ms": Total(-5, -5),
        "priority": Total(9, 9),
    },
    code_version="9.9",
)


def whole_refused() -> Receipt:
    return Receipt.of_whole(
        force_code="SIM",
        export_id="e1",
        object_key="incoming/SIM/x.csv",
        status=ExportStatus.REFUSED,
        reason=ExportReason.NO_PROFILE,
        message="m",
        config_hash="c",
        arrived_at=AT,
        profile="near",
        missing_columns=("A", "B"),
    )


@pytest.mark.parametrize(
    "receipt",
    [WHOLE, whole_refused(), replace(WHOLE, coverage=replace(COVERED, covered_from=None, covered_to=None))],
)
def test_json_and_back(receipt: Receipt) -> None:
    text = receipt.to_json()
    assert "\n" not in text
    assert Receipt.from_json(text) == receipt
    assert set(json.loads(text)) >= {column.name for column in RECEIPTS.columns}


def test_sql_reads_what_explains_the_counts() -> None:
    said = json.loads(replace(WHOLE, reasons={"missing:key": 2, "bad_ms:x": 3, "bad_int:y": 3}).to_json())
    assert said["quarantine_reasons"] == "bad_int:y 3; bad_ms:x 3; missing:key 2"
    assert said["months_touched"] == "2026-01; 2026-02"
    assert (said["durations_read_ms"], said["durations_staged_ms"]) == (895, 595), "counts are no durations"
    assert said["next_step"] == NEXT_STEP[ExportReason.TRUNCATED]
    assert json.loads(replace(WHOLE, reason=None).to_json())["next_step"] is None


def test_a_receipt_of_an_earlier_version_is_read() -> None:
    said = json.loads(WHOLE.to_json())
    for newer in ("watermark", "totals", "code_version"):
        del said[newer]
    assert Receipt.from_json(json.dumps(said)) == replace(WHOLE, watermark=None, totals={}, code_version="")


def test_whoever_is_stopped_is_told_what_to_do() -> None:
    assert set(NEXT_STEP) == set(ExportReason)


def test_a_refused_object_has_counts_of_zero_and_no_table() -> None:
    receipt = whole_refused()
    assert receipt.table_name == "none"
    assert receipt.missing_columns == ("A", "B")
    assert {getattr(receipt.counts, f.name) for f in fields(Counts)} == {0}
    receipt.balance()


def test_coverage_rows_are_the_contract() -> None:
    assert tuple(f.name for f in fields(CoverageRow)) == tuple(c.name for c in COVERAGE.columns)


def test_counts_are_those_of_the_contract() -> None:
    assert {f.name for f in fields(Counts)} <= {column.name for column in RECEIPTS.columns}
    assert WHOLE.accepted == 4
    assert (WHOLE.covered_from, WHOLE.covered_to) == (AT, AT)


@pytest.mark.parametrize("field", ["accepted", "folded", "superseded", "quarantined", "dropped", "layout_skipped"])
def test_one_record_too_few_is_a_fault(field: str) -> None:
    WHOLE.balance()
    with pytest.raises(AssertionError, match="do not add up"):
        replace(WHOLE, counts=replace(WHOLE.counts, **{field: getattr(WHOLE.counts, field) - 1})).balance()


def test_no_more_can_be_set_aside_than_was_accepted() -> None:
    with pytest.raises(AssertionError):
        replace(WHOLE, counts=replace(WHOLE.counts, set_aside=5)).balance()
