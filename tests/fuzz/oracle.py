"""Whether a staging is what the writer of a dirty file says it must be."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profile
from callclock.exports.recognise import recognise
from callclock.exports.stage import Export, Staging, stage
from callclock.settings import Force
from tests.fuzz.dirt import Dirty, Record
from tests.fuzz.tables import FORMATS, NULLS

ARRIVED = datetime(2026, 12, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def staged(made: Dirty, folder: Path) -> Staging | None:
    """Recognise and stage a dirty file; None where it is refused."""
    path = folder / "fuzz.csv"
    path.write_bytes(made.content)
    key = "incoming/EX/fuzz.csv"
    recognition = recognise(key, path, [parse_profile("sources/fuzz.toml", made.toml)])
    if recognition.fault:
        assert "fuzz.csv" in recognition.message
        return None
    return stage(
        Export("EX", key, path, {}, ARRIVED, None),
        recognition.profiles[0],
        force=Force(name="Example"),
        secret=CallerSecret("1", b"secret"),
        config_hash="c",
        workdir=folder / "work",
    )


def check(made: Dirty, staging: Staging | None) -> None:
    """Hold a staging against what was written.

    Raises
    ------
    AssertionError
        Something was lost, invented, misplaced or misread.
    """
    assert staging, "refused"
    receipt = staging.receipt
    receipt.balance()
    assert receipt.status == "read", receipt.message
    numbered = dict(enumerate(made.records, start=1))
    fates = Counter(record.fate for record in made.records)
    stand = standing(made, numbered)
    assert receipt.records_read == len(made.records) + len(made.layout.titles)
    assert receipt.layout_skipped == fates["layout"] + len(made.layout.titles)
    assert receipt.dropped == fates["dropped"]
    assert receipt.quarantined == fates["quarantined"]
    assert receipt.accepted == len(stand)
    assert receipt.superseded == fates["kept"] - len(stand)
    check_quarantine(staging, {n: r for n, r in numbered.items() if r.fate == "quarantined"}, receipt.reasons)
    check_rows(made, staging, {n: numbered[n] for n in stand})


def check_mangled(made: Dirty, staging: Staging | None) -> None:
    """Whatever was done to a file: it is refused, held or read, its records add up, and each bad one stands in it.

    Raises
    ------
    AssertionError
        The counts do not add up, or a text in quarantine is not in the file.
    """
    if staging is None:
        return
    staging.receipt.balance()
    found = rows_of(staging.quarantine) if staging.quarantine else []
    assert staging.receipt.quarantined == len(found)
    numbers = [row["record_no"] for row in found]
    assert numbers == sorted(set(numbers))
    assert numbers[-1:] <= [staging.receipt.records_read]
    rows = sum(pq.read_metadata(part).num_rows for part in staging.parts.values())
    assert rows == (staging.receipt.accepted if staging.receipt.status == "read" else 0)
    if made.layout.encoding in {"utf-8", "utf-8-sig"}:
        # Undeclared, a line that is not UTF-8 is read as Windows-1252.
        texts = [made.content.decode(name, "backslashreplace") for name in ("utf-8", "cp1252")]
        for row in found:
            for line in lines(row["raw"]):
                assert any(line in text for text in texts), f"record {row['record_no']} is not in the file"


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Rows of one Parquet file; quicker than looking whether it is a folder of them."""
    with pq.ParquetFile(path) as file:
        return file.read().to_pylist()


def standing(made: Dirty, numbered: Mapping[int, Record]) -> set[int]:
    """Numbers of the records that stand: the last of each key."""
    last = {
        record.cells[made.kind.key].strip(): n
        for n, record in numbered.items()
        if record.fate == "kept" and record.cells
    }
    return set(last.values())


def check_quarantine(staging: Staging, wanted: Mapping[int, Record], counted: Mapping[str, int]) -> None:
    found = rows_of(staging.quarantine) if staging.quarantine else []
    assert {row["record_no"]: frozenset(row["reasons"].split(";")) for row in found} == {
        n: record.reasons for n, record in wanted.items()
    }
    for row in found:
        assert lines(row["raw"]) == lines(wanted[row["record_no"]].raw.decode("utf-8", "backslashreplace"))
    assert counted == dict(Counter(reason for record in wanted.values() for reason in record.reasons))


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def check_rows(made: Dirty, staging: Staging, wanted: Mapping[int, Record]) -> None:
    rows = {row["record_no"]: row for part in staging.parts.values() for row in rows_of(part)}
    assert set(rows) == set(wanted)
    targets = {column.name: column.target for column in made.kind.columns if column.target}
    began = next(name for name in ("Sent", "Made", "When") if any(c.name == name for c in made.kind.columns))
    for number, record in wanted.items():
        assert record.cells is not None
        for name, target in targets.items():
            cell = record.cells[name].strip(" ")
            assert rows[number][target] == (None if cell in {"", *NULLS} else cell), (number, name)
        assert rows[number][made.kind.start].replace(tzinfo=None) == utc(record.cells[began]), (number, began)


def utc(wall: str) -> datetime:
    for form in FORMATS:
        try:
            parsed = datetime.strptime(wall, form)  # noqa: DTZ007
        except ValueError:
            continue
        return parsed.replace(tzinfo=LONDON).astimezone(UTC).replace(tzinfo=None)
    raise AssertionError(wall)
