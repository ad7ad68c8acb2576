"""Nothing is lost, whatever the dirt: every record of a made-up export is found again where it belongs.

The oracle is the list of records that the export was written from, and the csv module; nothing of the library is asked.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profile
from callclock.exports.stage import Export, Staging, stage
from callclock.reasons import ExportStatus
from callclock.settings import Force

# The encoding is declared, so that a byte that is not UTF-8 is a fault and not a guess at Windows-1252.
PROFILE = parse_profile(
    "sources/made_up.toml",
    """
profile = "made_up"
table = "contacts"
[format]
encoding = "utf-8"
[export]
key = ["Ref"]
quarantine_max = 1.0
[time]
formats = ["%d/%m/%Y %H:%M"]
[nulls]
"*" = ["N/K"]
[columns]
contact_id = "Ref"
channel = { from = "How", map = { Web = "online_report", Chat = "webchat" } }
submitted_at = "Sent"
caller_key = { number = "Tel" }
incident_id = "Incident"
[[rules]]
reason = "total"
then = "drop"
if = { Ref = "Total" }
""",
)
HEADER = ["Ref", "How", "Sent", "Tel", "Note", "Incident"]
ARRIVED = datetime(2026, 6, 1, tzinfo=UTC)

notes = st.sampled_from(["", "plain", "a, b", 'said "no"', "two\nlines", "three\n\nlines", "£ 5 – ok", "x" * 300])
good = st.tuples(
    st.sampled_from(["Web", "Chat"]),
    st.sampled_from(["01/03/2026 10:00", "29/03/2026 01:30", "26/10/2025 01:30", "31/12/2025 23:59"]),
    st.sampled_from(["07700900194", "+44 7700 900194", "Withheld", "N/K", ""]),
    notes,
    st.sampled_from(["", "N/K", "I 7"]),
)
# What is done to a good record, and the reasons it must then be given.
FAULTS = {
    "good": None,
    "bad_date": {"bad_instant:submitted_at"},
    "no_date": {"missing:submitted_at"},
    "no_key": {"missing:key", "missing:contact_id"},
    "new_word": {"unmapped:channel"},
    "new_word_and_bad_date": {"unmapped:channel", "bad_instant:submitted_at"},
    "future": {"future:submitted_at"},
    "short": {"too_few_cells"},
    "long": {"too_many_cells"},
    "stray_quote": {"bad_quote"},
    "not_utf8": {"bad_encoding"},
    "total": "dropped",
    "short_total": "dropped",
    "repeat": None,
}
records = st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), good), max_size=14)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell


EDITS = {
    "bad_date": {2: "31/02/2026 10:00"},
    "no_date": {2: "N/K"},
    "no_key": {0: ""},
    "new_word": {1: "Fax"},
    "new_word_and_bad_date": {1: "Fax", 2: "soon"},
    "future": {2: "01/01/2031 00:00"},
    "repeat": {0: "R0"},
}
ROWS = {"total": ["Total", "", "", "", "", ""], "short_total": ["Total", "14"]}


def written(number: int, fault: str, cells: tuple[str, ...]) -> bytes:
    """One record as the export writes it, without its line end."""
    how, sent, tel, note, incident = cells
    row = ROWS.get(fault) or [f"R{number}", how, sent, tel, note, incident]
    for place, cell in EDITS.get(fault, {}).items():
        row[place] = cell
    row = row[:3] if fault == "short" else [*row, "more"] if fault == "long" else row
    text = ",".join(quoted(cell) for cell in row).encode()
    if fault == "stray_quote":
        return text + b',"x"y'
    return text.replace(b"R", b"\xff\xfeR", 1) if fault == "not_utf8" else text


def run(content: bytes, folder: Path) -> Staging:
    folder.mkdir(exist_ok=True)
    path = folder / "made_up.csv"
    path.write_bytes(content)
    export = Export("EX", "incoming/EX/made_up.csv", path, {}, ARRIVED, None)
    return stage(
        export, PROFILE, force=Force(name="x"), secret=CallerSecret("1", b"k"), config_hash="c", workdir=folder / "w"
    )


@settings(max_examples=12, deadline=None)
@given(made=records, line_end=st.sampled_from([b"\n", b"\r\n"]), blank=st.booleans(), last=st.booleans())
def test_every_record_is_found_again_where_it_belongs(made, line_end: bytes, blank: bool, last: bool) -> None:
    bodies = [written(number, fault, cells) for number, (fault, cells) in enumerate(made, start=1)]
    # A cut file is held; here the last record may lack its line end only where it has all its cells.
    ends_whole = last or not made or made[-1][0] in {"short", "short_total"}
    content = line_end.join([",".join(HEADER).encode(), *bodies]) + (line_end if ends_whole else b"")
    if blank:
        content = content.replace(line_end, line_end + line_end, 1)
    with TemporaryDirectory() as name:
        staging = run(content, Path(name))
        expect(staging, made, bodies)


def expect(staging: Staging, made, bodies: list[bytes]) -> None:
    receipt = staging.receipt
    receipt.balance()
    assert receipt.status is ExportStatus.READ, receipt.message
    assert receipt.records_read == len(made)
    by_number = dict(enumerate(made, start=1))
    wanted = {n: FAULTS[fault] for n, (fault, _) in by_number.items() if isinstance(FAULTS[fault], set)}
    assert receipt.dropped == sum(FAULTS[fault] == "dropped" for fault, _ in made)
    found = pq.read_table(staging.quarantine).to_pylist() if staging.quarantine else []
    assert {row["record_no"]: set(row["reasons"].split(";")) for row in found} == wanted
    for row in found:
        raw = bodies[row["record_no"] - 1]
        assert row["raw"] == raw.replace(b"\r\n", b"\n").decode("utf-8", "backslashreplace")
    assert receipt.reasons == dict(Counter(reason for reasons in wanted.values() for reason in reasons))
    expect_rows(staging, by_number)


def expect_rows(staging: Staging, by_number) -> None:
    kept = {n: cells for n, (fault, cells) in by_number.items() if FAULTS[fault] is None}
    repeats = [n for n in kept if by_number[n][0] == "repeat"]
    superseded = set(repeats[:-1])
    rows = [row for part in staging.parts.values() for row in pq.read_table(part).to_pylist()]
    assert {row["record_no"] for row in rows} == set(kept) - superseded
    assert staging.receipt.superseded == len(superseded)
    assert staging.receipt.accepted == len(rows)
    keys = {row["caller_key"] for row in rows if kept[row["record_no"]][2] in {"07700900194", "+44 7700 900194"}}
    assert len(keys) <= 1
    assert None not in keys
    for row in rows:
        _, sent, tel, _, incident = kept[row["record_no"]]
        assert row["incident_id"] == (None if incident in {"", "N/K"} else incident)
        if tel in {"Withheld", "N/K", ""}:
            assert row["caller_key"] is None
        assert (row["time_flags"] is None) == (":30" not in sent)


def test_two_stagings_of_one_export_are_the_same_bytes(tmp_path: Path) -> None:
    made = [(fault, ("Web", "01/03/2026 10:00", "07700900194", "two\nlines", "I 7")) for fault in sorted(FAULTS)] * 3
    content = b"\n".join([",".join(HEADER).encode(), *(written(n, f, c) for n, (f, c) in enumerate(made, 1))]) + b"\n"
    first, second = run(content, tmp_path / "one"), run(content, tmp_path / "two")
    assert first.receipt.to_json() == second.receipt.to_json()
    assert [p.read_bytes() for p in first.parts.values()] == [p.read_bytes() for p in second.parts.values()]
    assert pa.table(pq.read_table(first.quarantine)).equals(pq.read_table(second.quarantine))
