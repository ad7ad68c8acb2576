"""Which profile reads which file, from its key and its head."""

from pathlib import Path

import duckdb
import pytest

from callclock.exports.profile import Profile, parse_profile
from callclock.exports.recognise import matches_path, recognise
from callclock.reasons import ExportReason


def profile(name: str, *, table: str = "regrades", path: str = "**", more: str = "", columns: str = "") -> Profile:
    target = {"regrades": "regraded_at", "contacts": "submitted_at"}[table]
    other = 'channel = { const = "webchat" }\ncontact_id = "Id"' if table == "contacts" else 'incident_id = "Id"'
    return parse_profile(
        f"sources/{name}.toml",
        f"""profile = "{name}"
table = "{table}"
[match]
path = "{path}"
{more}
[export]
key = ["Id"]
[time]
formats = ["%d/%m/%Y"]
[columns]
{target} = "When"
{other}
{columns}
""",
    )


def drop(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    return path


KEY = "incoming/SIM/x.csv"
GOOD = b"Id,When,Extra\nA1,01/02/2026,\n"


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("incoming/SIM/cad_*.csv", "incoming/SIM/cad_1.csv", True),
        ("incoming/*.csv", "incoming/SIM/cad_1.csv", False),
        ("incoming/**/*.csv", "incoming/SIM/deep/cad_1.csv", True),
        ("incoming/**/*.csv", "incoming/cad_1.csv", True),
        ("*cad*.csv", "incoming/SIM/my_cad_1.csv", True),
        ("week[0-9][0-9].csv", "incoming/SIM/week44.csv", True),
        ("week[!0-9].csv", "incoming/SIM/week4.csv", False),
        ("a+b?.csv", "incoming/SIM/a+bc.csv", True),
        ("**", "incoming/SIM/x", True),
        ("cad.csv", "incoming/SIM/cadXcsv", False),
    ],
)
def test_globs(pattern: str, key: str, fits: bool) -> None:
    assert matches_path(pattern, key) is fits


def test_one_profile_per_table(tmp_path: Path) -> None:
    both = (profile("a"), profile("b", table="contacts"))
    found = recognise(KEY, drop(tmp_path, GOOD), both)
    assert found.fault is None
    assert [p.name for p in found.profiles] == ["b", "a"]


def test_two_for_one_table(tmp_path: Path) -> None:
    found = recognise(KEY, drop(tmp_path, GOOD), (profile("a"), profile("b")))
    assert found.fault is ExportReason.TWO_PROFILES
    assert "a" in found.message
    assert "regrades" in found.message


def test_nearest_and_what_it_misses(tmp_path: Path) -> None:
    near = profile("near", columns='grade_to = "To"')
    far = profile("far", columns='grade_to = "X"\ngrade_from = "Y"')
    found = recognise(KEY, drop(tmp_path, GOOD), (far, near))
    assert found.fault is ExportReason.NO_PROFILE
    assert (found.nearest, found.missing) == (near, ("To",))
    assert all(word in found.message for word in ("near", "To", "Extra", KEY))


def test_the_path_decides_between_equal_headers(tmp_path: Path) -> None:
    a, b = profile("a", path="incoming/SIM/a_*"), profile("b", path="incoming/SIM/x*")
    assert recognise(KEY, drop(tmp_path, GOOD), (a, b)).profiles == (b,)
    alone = recognise(KEY, drop(tmp_path, GOOD), (a,))
    assert alone.nearest == a
    assert "a_*" in alone.message


def test_the_first_row_decides(tmp_path: Path) -> None:
    mine = profile("a", more='where = { Extra = ["POLICE"] }')
    assert recognise(KEY, drop(tmp_path, b"Id,When,Extra\nA1,x, POLICE \n"), (mine,)).profiles == (mine,)
    assert recognise(KEY, drop(tmp_path, b"Id,When,Extra\nA1,x,FIRE\n"), (mine,)).fault is ExportReason.NO_PROFILE


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ExportReason.EMPTY_FILE),
        (b"\xef\xbb\xbf \r\n", ExportReason.EMPTY_FILE),
        (bytes(range(256)) * 40, ExportReason.NOT_TEXT),
        (b"PK\x03\x04\x14\x00\x06\x00" + bytes(200), ExportReason.NOT_TEXT),
        (b"Dear,Sir\nI,write\n", ExportReason.NO_PROFILE),
    ],
)
def test_what_is_no_export(tmp_path: Path, content: bytes, fault: ExportReason) -> None:
    found = recognise(KEY, drop(tmp_path, content), (profile("a"),))
    assert found.fault is fault
    assert len(found.message) > 40


def test_no_profile_at_all(tmp_path: Path) -> None:
    assert recognise(KEY, drop(tmp_path, GOOD), ()).fault is ExportReason.NO_PROFILE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_headers_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    mine = profile("a", columns='grade_to = "Café"')
    path = drop(tmp_path, "Id,When,Café\r\nA1,x,2\r\n".encode(encoding))
    assert recognise(KEY, path, (mine,)).profiles == (mine,)


def test_delimiter_title_rows_and_repeated_names(tmp_path: Path) -> None:
    mine = profile("a", more='[format]\ndelimiter = ";"\nskip = 1', columns='grade_to = "G#2"')
    path = drop(tmp_path, b"Report;\nId;When;G;G\nA1;x;1;2\n")
    assert recognise(KEY, path, (mine,)).profiles == (mine,)
    more = 'where = { Id = "A1" }\n[format]\ndelimiter = ";"\nskip = 2\nheader_rows = 2'
    deep = profile("c", more=more, columns='grade_to = "G / To"')
    high = tmp_path / "high.csv"
    high.write_bytes(b'"Report\nof all";\r\n\r\nId;When;G;\r\n;;From;To\r\nA1;x;1;2\r\n')
    assert recognise(KEY, high, (deep,)).profiles == (deep,)
    bare = profile("b", more='[format]\ndelimiter = ";"\nskip = 1', columns='grade_to = "G"')
    assert "G#2" in recognise(KEY, path, (bare,)).missing[0]


def test_parquet_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT 'A1' AS \"Id\", DATE '2026-02-01' AS \"When\") TO '{path}' (FORMAT parquet)")
    mine = profile("a", more='where = { Id = "A1" }')
    assert recognise(KEY, path, (mine,)).profiles == (mine,)
