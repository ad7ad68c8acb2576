"""Bad input, end to end: a receipt with a plain reason, the object left where it was, nothing else disturbed, exit 3."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.cli import app

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "events" / "config"
GOOD = ROOT / "events" / "exports" / "incoming" / "SIM" / "acd_2026-01_20260203.csv"


def run(files: list[Path], out: Path, config: Path = CONFIG) -> tuple[int, dict]:
    result = CliRunner().invoke(
        app, ["run", *map(str, files), "--config", str(config), "--out", str(out), "--json"], catch_exceptions=False
    )
    assert result.stdout.strip(), result.output
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict, Path, dict[str, bytes]]:
    """One run over all odd files and one good one: the good one must not notice the others."""
    root = tmp_path_factory.mktemp("odd")
    text = GOOD.read_bytes()
    lines = text.decode("utf-8-sig").splitlines(keepends=True)
    american = [lines[0]] + [_month_first(line) for line in lines[1:]]
    files = {
        "incoming/SIM/acd_empty_20260203.csv": b"",
        "incoming/SIM/letters_20260203.csv": b"Dear,Sir\r\nI,write\r\n",
        "incoming/SIM/acd_cut_20260203.csv": text[: len(text) - 40],
        "incoming/SIM/acd_semicolon_20260203.csv": text.replace(b",", b";"),
        "incoming/SIM/acd_american_20260203.csv": "".join(american).encode(),
        "incoming/SIM/acd_picture_20260203.csv": bytes(range(256)) * 40,
        "incoming/XYZ/acd_2026-01_20260203.csv": text,
        "incoming/SIM/acd_header_20260203.csv": lines[0].encode(),
        "incoming/SIM/acd_2026-01_20260203.csv": text,
    }
    paths = []
    for key, content in files.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    code, report = run(paths, root / "out")
    return code, report, root / "out", files


def _month_first(line: str) -> str:
    """Swap day and month: a third of the rows still read, with wrong dates."""
    first, found = line, []
    for cell in first.split(","):
        parts = cell[:10].split("/")
        found.append(f"{parts[1]}/{parts[0]}/{parts[2]}{cell[10:]}" if len(parts) == 3 and cell[:2].isdigit() else cell)
    return ",".join(found)


EXPECTED = {
    "acd_empty_20260203.csv": ("refused", "empty_file"),
    "letters_20260203.csv": ("refused", "no_profile"),
    "acd_cut_20260203.csv": ("held", "truncated"),
    "acd_semicolon_20260203.csv": ("refused", "no_profile"),
    "acd_american_20260203.csv": ("held", "too_much_quarantined"),
    "acd_picture_20260203.csv": ("refused", "not_text"),
    "acd_header_20260203.csv": ("read", None),
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=list(EXPECTED))
def test_each_gets_a_receipt_with_a_reason(odd, name: str, expected: tuple[str, str | None]) -> None:
    _, report, _, _ = odd
    [receipt] = [r for r in report["receipts"] if r["object_key"].endswith(f"SIM/{name}")]
    assert (receipt["status"], receipt["reason"]) == expected
    if expected[0] != "read":
        assert len(receipt["message"]) > 40, "a person is to know what is wrong and what to do"


def test_a_force_that_is_not_configured(odd) -> None:
    _, report, _, _ = odd
    [receipt] = [r for r in report["receipts"] if "XYZ" in r["object_key"]]
    assert (receipt["status"], receipt["reason"]) == ("refused", "unknown_force")
    assert "XYZ" in receipt["message"]
    assert "SIM" in receipt["message"]


def test_exit_status_is_3_and_nothing_failed(odd) -> None:
    code, report, _, _ = odd
    assert code == 3
    assert report["faults"] == []


def test_objects_are_left_where_they_were(odd) -> None:
    _, _, out, files = odd
    for key, content in files.items():
        assert (out / "exports" / key).read_bytes() == content


def test_the_good_export_is_read_as_if_alone(odd) -> None:
    _, report, out, _ = odd
    [receipt] = [r for r in report["receipts"] if r["object_key"] == "incoming/SIM/acd_2026-01_20260203.csv"]
    assert receipt["status"] == "read"
    assert sorted((out / "lake/curated/calls/force_code=SIM").iterdir())


def test_operations_are_told_once_of_each(odd) -> None:
    _, report, _, _ = odd
    for name, (status, reason) in EXPECTED.items():
        told = [m for m in report["mails"] if name in m]
        assert len(told) == (0 if status == "read" else 1), (name, reason, told)


def test_a_profile_with_an_unknown_key_is_refused_with_file_and_key(tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / "sources").mkdir(parents=True)
    for file in CONFIG.rglob("*.toml"):
        (config / file.relative_to(CONFIG)).write_bytes(file.read_bytes())
    bad = config / "sources" / "sim_new.toml"
    bad.write_text(
        (CONFIG / "sources" / "sim_acd.toml").read_text().replace("[match]", 'collour = "red"\n\n[match]', 1)
    )
    code, report = run([GOOD], tmp_path / "out", config)
    assert code == 3
    [refused] = [r for r in report["receipts"] if r["status"] == "refused"]
    assert refused["reason"] == "bad_configuration"
    assert "sources/sim_new.toml" in refused["message"]
    assert "collour" in refused["message"]
    assert [r["status"] for r in report["receipts"] if r["table_name"] == "calls"] == ["read"], "the rest goes on"


def test_header_alone_is_read_exit_0(tmp_path: Path) -> None:
    file = tmp_path / "incoming" / "SIM" / "acd_2026-01_20260203.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(GOOD.read_bytes().splitlines(keepends=True)[0])
    code, report = run([file], tmp_path / "out")
    assert code == 0
    [receipt] = [r for r in report["receipts"] if r["table_name"] == "calls"]
    assert (receipt["status"], receipt["records_read"], receipt["accepted"]) == ("read", 0, 0)
    assert not (tmp_path / "out/results/internal/coverage").exists() or receipt["covered_from"] is None
