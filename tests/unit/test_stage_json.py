"""JSON exports by profile: fields as columns, aliases, what is missing, what is quarantined and found again."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from callclock.exports.profile import Profile, parse_profile
from callclock.exports.recognise import recognise
from callclock.reasons import ExportReason, ExportStatus
from callclock.settings import ConfigurationError
from tests.support.staging import bad, rows, staged

PROFILE = """profile = "made_up"
table = "contacts"
[match]
path = "*.json"
header = ["Id", "Sent"]
[export]
key = ["Id"]
quarantine_max = 1.0
[time]
formats = ["%Y-%m-%dT%H:%M:%S%z"]
[aliases]
Id = ["detail.id"]
Sent = ["detail.sent", "Sent.At"]
[columns]
contact_id = "Id"
channel = { from = "Channel.Kind", map = { WEB = "online_report" }, else = "webchat" }
submitted_at = "Sent"
caller_key = { number = "From.0.Address" }
incident_id = "Attributes.incident"
[[rules]]
reason = "test"
then = "drop"
if = { Test = "true" }
"""


def record(number: int, **more: object) -> dict[str, object]:
    return {"Id": f"R{number}", "Sent": "2026-03-01T10:00:00Z", **more}


def lines(*records: object) -> str:
    return "".join(json.dumps(one) + "\n" for one in records)


def test_fields_are_columns_and_unknown_ones_are_ignored(tmp_path: Path) -> None:
    made = staged(
        tmp_path,
        PROFILE,
        lines(
            record(1, Channel={"Kind": "WEB", "New": {"x": [1]}}, Attributes={"incident": 7, "other": "y"}, From=[{"Address": "+447700900123"}]),
            record(2, Channel=None, Attributes={}, From=[], Unheard={"of": 1}),
            record(3, Test=True),
        ),
        name="made.json",
    )  # fmt: skip
    first, second = rows(made)
    assert (first["contact_id"], first["channel"], first["incident_id"]) == ("R1", "online_report", "7")
    assert first["submitted_at"].replace(tzinfo=UTC) == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert first["caller_key"]
    assert (second["channel"], second["incident_id"], second["caller_key"]) == ("webchat", None, None)
    assert made.receipt.dropped_reasons == {"test": 1}
    assert made.receipt.records_read == 3


def test_each_record_is_read_under_whatever_name_it_has(tmp_path: Path) -> None:
    made = staged(
        tmp_path,
        PROFILE,
        lines(
            record(1),
            {"detail": {"id": "R2", "sent": "2026-03-02T10:00:00+01:00"}},
            {"Id": "R3", "Sent": {"At": "2026-03-03T10:00:00Z"}},
            {"Id": "R4", "Sent": None, "detail": {"sent": "2026-03-04T10:00:00Z"}},
        ),
        name="made.json",
    )
    # An object is no instant: the third is bad, not guessed at.
    assert [(row["contact_id"], str(row["submitted_at"])[:16]) for row in rows(made)] == [
        ("R1", "2026-03-01 10:00"), ("R2", "2026-03-02 09:00"), ("R4", "2026-03-04 10:00"),
    ]  # fmt: skip
    assert bad(made) == {3: "bad_instant:submitted_at"}


def test_bad_records_are_found_again_with_their_own_text(tmp_path: Path) -> None:
    good, blank = json.dumps(record(1)), json.dumps({"Id": None, "Sent": "soon"})
    content = [good, '{"Id": "R2", "Sent": }', blank, '{"Id": "é', '{"Id": "\\ud800", "Sent": "x"}', good]
    made = staged(tmp_path, PROFILE, "\n".join(content), name="made.json")
    assert made.receipt.status is ExportStatus.READ
    assert bad(made) == {
        2: "bad_json",
        3: "bad_instant:submitted_at;missing:key;missing:contact_id",
        4: "bad_json",
        5: "bad_encoding",
    }
    raw = {row["record_no"]: row["raw"] for row in pq.read_table(made.quarantine).to_pylist()}
    assert raw[2] == '{"Id": "R2", "Sent": }'
    assert raw[5] == '{"Id": "\\ud800", "Sent": "x"}'
    assert [row["record_no"] for row in rows(made)] == [6]
    assert (made.receipt.records_read, made.receipt.superseded, made.receipt.quarantined) == (6, 1, 4)


def test_an_array_is_read_as_lines_are(tmp_path: Path) -> None:
    records = [record(n, Channel={"Kind": "WEB"}) for n in range(1, 4)]
    one = staged(tmp_path / "a", PROFILE, lines(*records), name="made.json")
    other = staged(tmp_path / "b", PROFILE, json.dumps(records, indent=1), name="made.json")
    wide = staged(
        tmp_path / "c",
        PROFILE,
        "\ufeff".encode("utf-16-le") + json.dumps(records).encode("utf-16-le"),
        name="made.json",
    )
    own = {"export_id"}
    for made in (other, wide):
        assert [{k: v for k, v in row.items() if k not in own} for row in rows(made)] == [
            {k: v for k, v in row.items() if k not in own} for row in rows(one)
        ]


@pytest.mark.parametrize("content", [lines(record(1)) + '{"Id":', json.dumps([record(1)])[:-1]])
def test_a_cut_file_is_held(tmp_path: Path, content: str) -> None:
    made = staged(tmp_path, PROFILE, content, name="made.json")
    assert (made.receipt.status, made.receipt.reason) == (ExportStatus.HELD, ExportReason.TRUNCATED)


def test_the_receipt_names_fields_that_no_record_has(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE, lines(record(1, Channel={"Kind": "WEB"})), name="made.json")
    assert made.receipt.missing_columns == ("From.0.Address", "Attributes.incident", "Test")
    assert "No record has From.0.Address, Attributes.incident, Test:" in made.receipt.message


def test_an_empty_array_is_an_export_of_nothing(tmp_path: Path) -> None:
    made = staged(tmp_path, PROFILE, "[]", name="made.json")
    assert made.receipt.status is ExportStatus.READ
    assert made.receipt.records_read == 0


def known(
    tmp_path: Path, content: str | bytes, profile: str = PROFILE, name: str = "made.json"
) -> tuple[tuple[Profile, ...], str]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = recognise(f"incoming/EX/{name}", path, [parse_profile("sources/made_up.toml", profile)])
    return found.profiles, found.message


@pytest.mark.parametrize(
    "content",
    [
        lines(record(1)), json.dumps([record(1)]), lines({"detail": {"id": "1", "sent": "x"}}), "[]", " [\n]",
        '{"Id": broken}\n' + lines(record(1)), json.dumps([record(1)]).encode("utf-16"),
    ],
)  # fmt: skip
def test_recognised_by_the_fields_of_its_first_records(tmp_path: Path, content: str | bytes) -> None:
    profiles, message = known(tmp_path, content)
    assert [profile.name for profile in profiles] == ["made_up"], message


def test_json_is_known_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    anywhere = PROFILE.replace('path = "*.json"\n', "")
    assert known(tmp_path, lines(record(1)), anywhere, "stream-1-2026-03-01")[0]
    assert known(tmp_path, "[Id],[Sent]\n1,2\n", anywhere, "bracketed.csv")[0] == ()
    profiles, message = known(tmp_path, "[]", anywhere)
    assert profiles == ()
    assert "misses Id, Sent" in message


def test_a_field_that_all_must_have_is_missed(tmp_path: Path) -> None:
    profiles, message = known(tmp_path, lines({"Id": "1", "When": "x", "Queue": {"Name": "q"}}))
    assert profiles == ()
    assert "misses Sent; the file has Id, When, Queue.Name" in message


def test_where_looks_at_the_first_record(tmp_path: Path) -> None:
    only_web = PROFILE.replace('header = ["Id", "Sent"]', 'header = ["Id", "Sent"]\nwhere = { "Channel.Kind" = "WEB" }')
    assert known(tmp_path, lines(record(1, Channel={"Kind": "WEB"})), only_web)[0]
    assert not known(tmp_path, lines(record(1, Channel={"Kind": "MAIL"})), only_web)[0]


def test_aliases_hold_for_text_too(tmp_path: Path) -> None:
    """A column renamed by an upgrade, in a rule, in the key and in a condition."""
    profile = PROFILE.replace("*.json", "*.csv").replace('"From.0.Address"', '"Tel"').replace("%S%z", "%SZ")
    profile = profile.replace('Id = ["detail.id"]', 'Id = ["Contact Id"]\nTest = ["Is Test"]')
    made = staged(
        tmp_path,
        profile,
        "Contact Id,Sent,Channel.Kind,Attributes.incident,Tel,Is Test\nR1,2026-03-01T10:00:00Z,WEB,,,\nR2,2026-03-01T10:00:00Z,WEB,,,true\n",
    )
    assert [row["record_key"] for row in rows(made)] == ["R1"]
    assert made.receipt.dropped == 1


def test_an_alias_of_nothing_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match=r"aliases\.Other: the profile reads no such column"):
        parse_profile("sources/x.toml", PROFILE.replace('Id = ["detail.id"]', 'Other = ["detail.id"]'))


def test_many_records_are_written_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callclock.exports.json_source._BATCH", 3)
    content = io.StringIO()
    for number in range(1, 12):
        content.write("broken\n" if number in {4, 5} else json.dumps(record(number)) + "\n")
    made = staged(tmp_path, PROFILE, content.getvalue(), name="made.json")
    assert [(row["record_no"], row["contact_id"]) for row in rows(made)] == [
        (n, f"R{n}") for n in range(1, 12) if n not in {4, 5}
    ]
