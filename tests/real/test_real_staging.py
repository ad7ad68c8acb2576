"""Real exports staged by profile alone: every record is accounted for, and the counts are those worked out without us.

``CALLCLOCK_REAL_DATA`` names the folder that holds them; none of them may be shipped.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from callclock.exports.callers import CallerSecret
from callclock.exports.profile import Profile, parse_profile
from callclock.exports.receipt import Receipt
from callclock.exports.recognise import recognise
from callclock.exports.stage import Export, Staging, stage
from callclock.reasons import ExportStatus
from callclock.settings import Force, ForceFile, checked, parse_toml

HERE = Path(__file__).parent
DATA = os.environ.get("CALLCLOCK_REAL_DATA", "")
pytestmark = pytest.mark.skipif(not DATA, reason="CALLCLOCK_REAL_DATA names no folder with the real exports")
NAMES = sorted(path.parent.name for path in HERE.glob("*/profile.toml"))
ARRIVED = datetime(2026, 6, 1, tzinfo=UTC)


def profiles() -> list[Profile]:
    return [parse_profile(f"sources/{name}.toml", (HERE / name / "profile.toml").read_text("utf-8")) for name in NAMES]


def force_of(name: str) -> Force:
    text = (HERE / name / "force.toml").read_text("utf-8")
    return next(iter(checked("force.toml", ForceFile, parse_toml("force.toml", text)).forces.values()))


def expected(name: str) -> Any:
    return json.loads((Path(DATA) / name / "expected.json").read_text("utf-8"))


def files(name: str) -> list[Path]:
    return sorted(path for path in (Path(DATA) / name).iterdir() if path.suffix in {".csv", ".txt"})


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Staging]]:
    """Every file of every set, staged by the one profile that recognises it."""
    all_profiles = profiles()
    found: dict[str, list[Staging]] = {}
    for name in NAMES:
        for path in files(name):
            key = f"incoming/REAL/{path.name}"
            recognition = recognise(key, path, all_profiles)
            assert [profile.name for profile in recognition.profiles] == [name], recognition.message
            export = Export("REAL", key, path, {}, ARRIVED, None)
            staging = stage(
                export,
                recognition.profiles[0],
                force=force_of(name),
                secret=CallerSecret("test", b"secret"),
                config_hash="c",
                workdir=tmp_path_factory.mktemp("stage"),
            )
            found.setdefault(name, []).append(staging)
    return found


@contextmanager
def rows(stagings: list[Staging]) -> Iterator[duckdb.DuckDBPyRelation]:
    parts = [str(part) for staging in stagings for part in staging.parts.values()]
    with duckdb.connect() as db:
        yield db.read_parquet(parts, union_by_name=True)


def receipts(stagings: list[Staging]) -> list[Receipt]:
    return [staging.receipt for staging in stagings]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_read_whole(staged: dict[str, list[Staging]], name: str) -> None:
    for staging in staged[name]:
        receipt = staging.receipt
        receipt.balance()
        assert receipt.status is ExportStatus.READ, receipt.message
        assert (receipt.quarantined, staging.quarantine) == (0, None), receipt.reasons
        with path_of(name, receipt).open(encoding="latin-1", newline="") as file:
            assert receipt.records_read == sum(1 for line in file if line.strip()) - 1
    with rows(staged[name]) as found:
        per_record = 2 if name == "decc-phone" else 1
        assert len(found) == per_record * sum(receipt.accepted for receipt in receipts(staged[name]))


def path_of(name: str, receipt: Receipt) -> Path:
    return Path(DATA) / name / Path(receipt.object_key).name


def test_decc_cad(staged: dict[str, list[Staging]]) -> None:
    reference = expected("decc-cad")
    found = receipts(staged["decc-cad"])
    assert sum(receipt.accepted for receipt in found) == reference["rows"]
    assert [receipt.records_read for receipt in found] == list(reference["rows_by_week"].values())
    with rows(staged["decc-cad"]) as all_rows:
        frame = all_rows.df()
    over_the_change = (frame.first_arrived_at - frame.call_received_at).dt.total_seconds() - naive_wait(
        frame, "call_received_at", "first_arrived_at", "America/New_York"
    )
    assert set(over_the_change.dropna()) == {0.0, 3600.0}, "true waits over the autumn change are an hour longer"
    services = {"POLICE": "police", "EMS": "ambulance", "FIRE": "fire"}
    assert frame.service.value_counts().to_dict() == {
        services[agency]: n for agency, n in reference["rows_by_agency"].items()
    }
    assert frame.record_key.str.contains("|", regex=False).sum() == reference["null_or_blank_incident_numbers"]
    assert frame.record_key.is_unique
    assert frame.reopened.sum() == reference["reopened"]
    wait = naive_wait(frame, "call_received_at", "first_arrived_at", "America/New_York")
    assert_waits(wait, reference["all_agencies"]["overall"])
    police = frame.service == "police"
    assert_waits(wait[police], reference["police"]["overall"])
    public = police & (frame.origin == "public")
    assert_waits(wait[public], reference["police_from_public"]["overall"])
    for grade, said in reference["police"]["by_priority"].items():
        assert_waits(wait[police & (frame.grade_initial == grade)], said)
    for word, said in reference["police"]["domestic_vs_other"].items():
        assert_waits(wait[police & (frame.domestic_abuse == (word == "domestic"))], said)
    officers = reference["police"]["by_call_reception"]
    made = frame[police & (frame.set_aside == "officer_made")]
    assert len(made) == sum(officers[word]["records"] for word in ("OFFICER", "Radio"))


def test_sffd_units_are_incidents(staged: dict[str, list[Staging]]) -> None:
    reference = expected("sffd-units")
    [receipt] = receipts(staged["sffd-units"])
    assert receipt.records_read == reference["unit_rows"]
    assert receipt.accepted == reference["incidents"]
    assert receipt.folded == reference["unit_rows"] - reference["incidents"]
    with rows(staged["sffd-units"]) as all_rows:
        frame = all_rows.df()
    zone = "America/Los_Angeles"
    wait = naive_wait(frame, "call_received_at", "first_arrived_at", zone)
    assert_waits(wait, reference["overall"])
    dispatch = naive_wait(frame, "call_received_at", "first_dispatched_at", zone)
    assert_waits(dispatch, reference["received_to_first_dispatch"])
    for grade, said in reference["by_final_priority"].items():
        assert_waits(wait[frame.grade_final == grade], said)
    years = wall(frame.call_received_at, zone).dt.year
    for year, said in reference["by_year_received"].items():
        assert_waits(wait[years == int(year)], said)
    assert frame.record_key.str.startswith("0").any(), "keys keep their leading zeros"
    assert "opening_code" not in receipt.conflicts
    assert "grade_final" not in receipt.conflicts


def test_spd_calls(staged: dict[str, list[Staging]]) -> None:
    reference = expected("spd-calls-222")
    [receipt] = receipts(staged["spd-calls-222"])
    assert (receipt.accepted, receipt.records_read) == (222, reference["rows"])
    officers = reference["by_call_type"]["ONVIEW"]["records"]
    assert receipt.set_aside_reasons == {"officer_made": officers}
    with rows(staged["spd-calls-222"]) as all_rows:
        frame = all_rows.df()
    wait = naive_wait(frame, "created_at", "first_arrived_at", "America/Los_Angeles")
    assert_waits(wait, reference["overall"])
    assert_waits(wait[frame.set_aside.isna()], reference["excluding_ONVIEW"])
    assert sorted(frame[frame.domestic_abuse].incident_id) == sorted(reference["domestic_rows"])
    for grade, said in reference["by_priority"].items():
        assert_waits(wait[frame.grade_initial == grade], said)
    assert set(frame.tells) == {"outcome"}


def test_anonbank_calls(staged: dict[str, list[Staging]]) -> None:
    reference = expected("anonbank-1999-02")
    [receipt] = receipts(staged["anonbank-1999-02"])
    assert receipt.records_read == reference["rows"]
    assert receipt.dropped_reasons == {"phantom": reference["outcomes"]["PHANTOM"]}
    assert receipt.accepted == reference["overall"]["calls"]
    with rows(staged["anonbank-1999-02"]) as all_rows:
        frame = all_rows.df()
    causes = frame.end_cause.value_counts().to_dict()
    assert causes == {"answered": reference["overall"]["answered"], "hung_up": reference["overall"]["abandoned"]}
    hung_up = frame.end_cause == "hung_up"
    assert frame[hung_up].queued_at.isna().sum() == reference["overall"]["abandoned_in_vru"]
    assert frame.queued_at.notna().sum() == reference["overall"]["joined_queue"]
    for queue, said in reference["by_type"].items():
        assert (frame.queue == queue).sum() == said["calls"]
    assert frame.local_date.value_counts().to_dict() == {
        pd.Timestamp(f"19{day[:2]}-{day[2:4]}-{day[4:]}"): said["calls"] for day, said in reference["by_date"].items()
    }
    hours = frame.local_hour.value_counts()
    assert {str(hour): n for hour, n in hours.items()} == {
        hour: said["calls"] for hour, said in reference["by_hour_of_vru_entry"].items() if said["calls"]
    }
    answered = frame[frame.first_answered_at.notna()]
    talk = (answered.ended_at - answered.first_answered_at).dt.total_seconds()
    spoken = talk[talk > 0]
    assert round(spoken.mean(), 1) == pytest.approx(reference["service_time_answered_positive"]["mean_s"], abs=0.2)
    # A caller is a customer, 0 is nobody: the hash links what the number linked, and nothing else.
    raw = pd.read_csv(path_of("anonbank-1999-02", receipt), sep="\t", encoding="latin-1", index_col=False, dtype=str)
    known = raw[(raw.outcome != "PHANTOM") & (raw.customer_id != "0")]
    assert frame.caller_key.notna().sum() == len(known)
    assert frame.caller_key.nunique() == known.customer_id.nunique()
    assert not frame.caller_key.isin(set(known.customer_id)).any()


def test_decc_phone_counts(staged: dict[str, list[Staging]]) -> None:
    reference = expected("decc-phone")["week_44"]
    [receipt] = receipts(staged["decc-phone"])
    assert receipt.accepted == reference["rows"]
    with rows(staged["decc-phone"]) as all_rows:
        frame = all_rows.df()
    raw = pd.read_csv(path_of("decc-phone", receipt))
    for line, prefix in (("999", "911"), ("101", "ADM")):
        mine = frame[frame.line == line]
        assert mine.offered.sum() == raw[f"{prefix}_T"].sum()
        assert mine.abandoned.sum() == raw[f"{prefix}_AB"].sum()
        bands = ["10", "15", "20", "40", "60", "120", "121"]
        assert mine.answered.sum() == raw[[f"{prefix}_{band}" for band in bands]].sum().sum()
        assert set((mine.interval_end - mine.interval_start).dt.total_seconds()) == {3600.0}


def wall(instants: "pd.Series[pd.Timestamp]", zone: str) -> "pd.Series[pd.Timestamp]":
    return instants.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)


def naive_wait(frame: pd.DataFrame, start: str, end: str, zone: str) -> "pd.Series[float]":
    """Seconds by the clock on the wall, as the reference has them: wrong by an hour where the clock changed between."""
    return (wall(frame[end], zone) - wall(frame[start], zone)).dt.total_seconds()


def assert_waits(wait: "pd.Series[float]", said: dict[str, float]) -> None:
    """The figures of expected.json, worked out there from naive local times with plain Python."""
    measured = wait.dropna()
    assert len(wait) == said["records"]
    assert len(measured) == said["measured"]
    assert (measured < 0).sum() == said["negative"]
    assert (measured == 0).sum() == said["zero"]
    assert measured.mean() == pytest.approx(said["mean_s"], abs=1e-5)
    assert measured.median() == pytest.approx(said["median_s"], abs=1e-5)
    assert measured.quantile(0.9) == pytest.approx(said["p90_s"], abs=1e-4)
    assert measured.max() == pytest.approx(said["max_s"])
    assert (measured <= 900).sum() == said["n_within_15min"]
