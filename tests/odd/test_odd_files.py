"""Intake reads every odd file of the folder as its receipt says: counts, reasons, raw text by number, values, months."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from callclock import layout
from callclock.exports.receipt import Receipt
from callclock.intake import Drop, take_in
from tests.odd.profiles import profiles
from tests.odd.write import FOLDER, written
from tests.support.memory_lake import MemoryBucket
from tests.support.pipeline import FORCE, Pipeline

ARRIVED = datetime(2026, 12, 1, 12, tzinfo=UTC)
NAMES = sorted(path.name.removesuffix(".receipt.json") for path in FOLDER.glob("*.receipt.json"))
FORCE_TOML = f'[forces.{FORCE}]\nname = "Example"\n'


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(force=FORCE_TOML, **{f"source_{name}": text for name, text in profiles().items()})


def test_the_folder_holds_what_the_list_of_cases_writes() -> None:
    on_disk = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert on_disk == dict(written())
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_file_gets_its_receipt(name: str, pipeline: Pipeline) -> None:
    said = json.loads((FOLDER / f"{name}.receipt.json").read_text("utf-8"))
    key = f"incoming/{FORCE}/{name}"
    pipeline.exports.objects[key] = ((FOLDER / name).read_bytes(), {})
    receipts = take_in(Drop(key, None, ARRIVED), pipeline.intake)
    found = [facts(receipt, wanted, pipeline) for receipt, wanted in zip(receipts, said["receipts"], strict=True)]
    assert found == said["receipts"], said["why"]
    for receipt in receipts:
        receipt.balance()
        assert key in receipt.message
        assert (receipt.next_step is None) == (receipt.reason is None)


def facts(receipt: Receipt, wanted: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """What a receipt, its quarantine and its staged rows say, in the words of the expected receipt."""
    plain = json.loads(receipt.to_json())
    counts = ("accepted", "set_aside", "folded", "superseded", "quarantined", "dropped", "layout_skipped")
    found = {name: plain[name] for name in ("status", "reason", "records_read", *counts, "reasons", "flags", "months")}
    found["quarantine"] = quarantine(receipt, pipeline.exports)
    found = {name: value for name, value in found.items() if value not in (0, {}, []) or name == "records_read"}
    for name in ("exported_at", "member"):
        if name in wanted:
            found[name] = plain[name]
    if "rows" in wanted:
        rows = staged(receipt, pipeline.lake)
        found["rows"] = [pick(rows, said) for said in wanted["rows"]]
    return found


def quarantine(receipt: Receipt, exports: MemoryBucket) -> dict[str, str]:
    key = layout.quarantined(receipt.table_name, receipt.force_code, receipt.export_id)
    content = exports.objects.get(key)
    return {str(row["record_no"]): row["raw"] for row in read(content[0])} if content else {}


def staged(receipt: Receipt, lake: MemoryBucket) -> list[dict[str, Any]]:
    keys = [layout.staged(receipt.table_name, receipt.force_code, month, receipt.export_id) for month in receipt.months]
    return [row for key in keys for row in read(lake.objects[key][0])]


def read(content: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return rows


def pick(rows: list[dict[str, Any]], said: dict[str, Any]) -> dict[str, Any]:
    """The named values of the staged row that is meant."""
    told = [name for name in ("record_no", "line") if name in said]
    row = next((row for row in rows if all(row[name] == said[name] for name in told)), {})
    return {name: text_of(row.get(name)) for name in said}


def text_of(value: object) -> object:
    return value.replace(tzinfo=None).isoformat(sep=" ") if isinstance(value, datetime) else value
