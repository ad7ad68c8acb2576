"""Nothing of a JSON export is lost: every record, whole or broken, in whatever form, is found again where it belongs.

The oracle is the list of records that the export was written from; only json.dumps is asked.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from callclock.reasons import ExportStatus
from tests.support.staging import bad, rows, staged

PROFILE = """profile = "made_up"
table = "contacts"
[match]
path = "*.json"
[export]
key = ["Id"]
quarantine_max = 1.0
[time]
formats = ["%Y-%m-%dT%H:%M:%S%z"]
[columns]
contact_id = "Id"
channel = { const = "webchat" }
submitted_at = "Sent"
incident_id = "Deep.Note"
"""
values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
notes = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ['}{"a":', "},{", '\\"', "line\nend", "{[", "]"]
)
# What stands in place of a record, given its text: each is one record however it is read.
BROKEN = {
    "no value": lambda text: text[:-1] + ', "x": }',
    "not a number": lambda text: text[:-1] + ', "x": NaN}',
    "no comma": lambda text: text[:-1] + ' "x": 1}',
    "too deep": lambda text: text[:-1] + ', "x": ' + "[" * 80 + "]" * 80 + "}",
}
records = st.lists(st.tuples(st.sampled_from(["good", "good", *BROKEN]), notes, values), min_size=1, max_size=8)
FORMS = ["lines", "array", "one line array", "array of lines", "run together"]


def written(form: str, texts: list[str]) -> str:
    match form:
        case "lines":
            return "\n".join(texts) + "\n"
        case "array":
            return "[\n" + ",\n".join(texts) + "\n]\n"
        case "one line array":
            return "[" + ",".join(texts) + "]"
        case "array of lines":
            return "[" + "\n,".join(texts) + "]"
        case _:
            return "".join(texts)


@settings(max_examples=25, deadline=None)
@given(made=records, form=st.sampled_from(FORMS), indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_every_record_is_found_again(made, form: str, indent: int | None, ascii_only: bool) -> None:
    indent = None if form in {"lines", "array of lines"} else indent
    texts = []
    for number, (fault, note, value) in enumerate(made, start=1):
        record = {"Id": f"R{number}", "Sent": "2026-03-01T10:00:00Z", "Deep": {"Note": note}, "More": value}
        text = json.dumps(record, indent=indent, ensure_ascii=ascii_only)
        texts.append(BROKEN[fault](text) if fault in BROKEN else text)
    with TemporaryDirectory() as name:
        staging = staged(Path(name), PROFILE, written(form, texts), name="made.json")
        assert staging.receipt.status is ExportStatus.READ, staging.receipt.message
        assert staging.receipt.records_read == len(made)
        wanted = {
            n: "too_deep" if fault == "too deep" else "bad_json"
            for n, (fault, _, _) in enumerate(made, 1)
            if fault in BROKEN
        }
        assert bad(staging) == wanted
        if staging.quarantine:
            for row in pq.read_table(staging.quarantine).to_pylist():
                assert row["raw"] == texts[row["record_no"] - 1]
        kept = {row["record_no"]: row for row in rows(staging)}
        assert set(kept) == {n for n, (fault, _, _) in enumerate(made, 1) if fault not in BROKEN}
        for number, row in kept.items():
            note = made[number - 1][1]
            assert row["incident_id"] == (note.strip(" ") or None)
