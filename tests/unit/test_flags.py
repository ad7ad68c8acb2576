"""Numbers that went through a spreadsheet: what is flagged, what is quarantined, and that nothing is repaired."""

from pathlib import Path

import pytest

from tests.support.staging import bad, rows, staged

PROFILE = """
profile = "made_up"
table = "contacts"
[export]
key = ["Ref"]
quarantine_max = 1.0
region = "{region}"
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
contact_id = "Ref"
channel = {{ const = "webchat" }}
submitted_at = "Sent"
incident_id = "Incident"
caller_key = {{ number = "Tel" }}
"""


def of(tmp_path: Path, *lines: str, region: str = "GB") -> object:
    text = "Ref,Incident,Tel,Sent\n" + "".join(f"{line},01/03/2026 10:00\n" for line in lines)
    return staged(tmp_path, PROFILE.format(region=region), text)


def test_scientific_notation_is_flagged_and_a_key_in_it_quarantined(tmp_path: Path) -> None:
    made = of(tmp_path, "1.23457E+11,5,", "R2,1E+05,4.47701E+11", "R3,-4,477e+3,", "5E10,5E+1x,1.5E-3")
    assert bad(made) == {1: "scientific:key", 3: "too_many_cells"}
    assert [(row["record_key"], row["incident_id"], row["caller_key"]) for row in rows(made)] == [
        ("R2", "1E+05", None), ("5E10", "5E+1x", None),
    ]  # fmt: skip
    assert made.receipt.flags == {"scientific:Ref": 1, "scientific:Incident": 1, "scientific:Tel": 1}
    assert "Tel is in scientific notation in 1 records" in made.receipt.message


def test_zeros_lost_from_numbers_of_one_width(tmp_path: Path) -> None:
    made = of(tmp_path, "R1,00123,", "R2,00456,", "R3,789,", "R4,98765,", "R5,12-3,", "R6,,")
    assert of(tmp_path / "b", "R1,0-12,", "R2,7,").receipt.flags == {}
    assert made.receipt.flags == {"lost_zeros:Incident": 1}
    assert [row["incident_id"] for row in rows(made)][2] == "789", "flagged, not repaired"


@pytest.mark.parametrize(
    "numbers",
    [
        ["123", "456"],  # nothing begins with a zero
        ["00123", "98765"],  # all of one width
        ["0123", "00456", "7"],  # no one width
        ["00123", "987654"],  # longer, not shorter
    ],
)
def test_zeros_not_lost(tmp_path: Path, numbers: list[str]) -> None:
    assert of(tmp_path, *(f"R{n},{number}," for n, number in enumerate(numbers))).receipt.flags == {}


def test_telephone_numbers_without_their_zero(tmp_path: Path) -> None:
    lines = ["R1,,7700900123", "R2,,1632960001", "R3,,07700900123", "R4,,447700900123", "R5,,999", "R6,,5512345678"]
    assert of(tmp_path / "a", *lines).receipt.flags == {"lost_zeros:Tel": 2}
    assert of(tmp_path / "b", *lines, region="US").receipt.flags == {}
