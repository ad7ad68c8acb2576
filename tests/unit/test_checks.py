"""Signs that a profile reads an export wrongly, over rows worked out by hand."""

from collections.abc import Iterable

import duckdb
import pytest

from callclock.exports.checks import Disagreement, disagreement, lost_am_pm
from callclock.exports.profile import Profile, parse_profile

CALL = "2026-01-10 09:00:00"


def profile(more: str = "", time: str = "") -> Profile:
    return parse_profile(
        "sources/cad.toml",
        f"""profile = "cad"
table = "incidents"
[export]
key = ["N"]
[time]
formats = ["%Y"]
{time}
[columns]
incident_id = "N"
call_received_at = "R"
created_at = "C"
first_arrived_at = {{ from = "A", after = "call_received_at" }}
{more}
""",
    )


def rows(db: duckdb.DuckDBPyConnection, found: Iterable[tuple[str | None, str | None, str | None, int | None]]) -> None:
    db.execute(
        "CREATE TABLE rows (call_received_at TIMESTAMP_MS, created_at TIMESTAMP_MS, first_arrived_at TIMESTAMP_MS, "
        "reported_arrival_ms BIGINT)"
    )
    for row in found:
        db.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", row)


REPORTED = 'reported_arrival_ms = { from = "W", unit = "s" }'
AGREEING = (CALL, None, "2026-01-10 09:10:00", 600_000)


@pytest.mark.parametrize(
    ("time", "reported", "share"),
    [
        ("", 602_000, 0.0),
        ("", 602_001, 0.25),
        ("", 597_999, 0.25),
        ("tolerance_s = 10", 610_000, 0.0),
        ('precision = "minute"', 662_000, 0.0),
        ('precision = "minute"', 662_001, 0.25),
    ],
)
def test_reported_durations_within_the_tolerance_agree(time: str, reported: int, share: float) -> None:
    with duckdb.connect() as db:
        later = (None, CALL, "2026-01-10 09:10:00", reported)  # without a call the creation begins the wait
        rows(db, [AGREEING, AGREEING, AGREEING, later, (CALL, None, None, 5), (CALL, None, CALL, None)])
        assert disagreement(db, "rows", profile(REPORTED, time)) == Disagreement("reported_arrival_ms", 4, share)


def test_nothing_to_compare() -> None:
    with duckdb.connect() as db:
        rows(db, [AGREEING])
        assert disagreement(db, "rows", profile()) is None
        assert disagreement(db, "(SELECT * FROM rows WHERE false)", profile(REPORTED)) is None


def lost(hours: int, gap: str, share: int = 2, count: int = 20) -> bool:
    """Starts from 1 to ``hours`` o'clock; every ``share``-th arrival is ``gap`` from its start."""
    with duckdb.connect() as db:
        rows(db, [])
        db.execute(
            f"INSERT INTO rows SELECT start, NULL, start + CASE WHEN n % {share} = 0 THEN INTERVAL '{gap}' "
            f"ELSE INTERVAL '9 minutes' END, NULL FROM (SELECT n, TIMESTAMP '2026-01-10 00:30:00' + to_hours(n % {hours}) "
            f"AS start FROM range({count}) AS t(n))"
        )
        return lost_am_pm(db, "rows", profile())


def test_mornings_only_and_arrivals_half_a_day_early() -> None:
    assert lost(12, "-11 hours -40 minutes")


@pytest.mark.parametrize(
    ("hours", "gap", "share", "count"),
    [
        (14, "-11 hours -40 minutes", 2, 20),  # a start in the afternoon
        (12, "-11 hours -20 minutes", 2, 20),  # more than 30 minutes from -12 h
        (12, "-12 hours", 30, 60),  # 2 of 60 are under 5 %
        (12, "-12 hours", 2, 19),  # too few to tell
    ],
)
def test_what_is_not_lost(hours: int, gap: str, share: int, count: int) -> None:
    assert not lost(hours, gap, share, count)
