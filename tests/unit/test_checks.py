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


def lost(start: str, end: str, count: int = 40) -> tuple[str, ...]:
    """Columns of ``count`` rows, ``n`` counting them, whose hour of start and minutes to the arrival are SQL."""
    with duckdb.connect() as db:
        rows(db, [])
        at = f"TIMESTAMP '2026-01-10 00:30:00' + to_hours({start})"
        db.execute(f"INSERT INTO rows SELECT {at}, NULL, {at} + to_minutes({end}), NULL FROM range({count}) AS t(n)")
        return lost_am_pm(db, "rows", profile())


def test_arrivals_lost_it_and_starts_did_not() -> None:
    # Called at 00:30, 01:30, ...: an arrival ten minutes later in the afternoon reads twelve hours too early.
    assert lost("n % 24", "CASE WHEN n % 24 >= 13 THEN 10 - 720 ELSE 10 END") == ("first_arrived_at",)


def test_both_lost_it() -> None:
    # Noon keeps its 12 and nothing after it does: from 12:30 to 13:00 reads as from 12:30 to 01:00.
    assert lost("CASE WHEN n % 12 = 0 THEN 12 ELSE n % 12 END", "CASE WHEN n % 12 = 0 THEN 30 - 720 ELSE 10 END") == (
        "the start",
        "first_arrived_at",
    )


def test_only_the_column_that_lost_it_is_named() -> None:
    sent = profile('first_dispatched_at = { from = "S", after = "call_received_at" }')
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE rows AS SELECT began AS call_received_at, NULL::TIMESTAMP AS created_at, began + INTERVAL 5 MINUTE - "
            "CASE WHEN n % 24 >= 13 THEN INTERVAL 12 HOUR ELSE INTERVAL 0 HOUR END AS first_arrived_at, "
            "CASE WHEN n % 24 < 12 THEN began + INTERVAL 2 MINUTE END AS first_dispatched_at "
            "FROM (SELECT n, TIMESTAMP '2026-01-10 00:30:00' + to_hours(n) AS began FROM range(96) AS t(n))"
        )
        # Units are sent in the mornings only, and at once: that column has no afternoon and lost nothing.
        assert lost_am_pm(db, "rows", sent) == ("first_arrived_at",)


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        pytest.param("n % 24", "10", 48, id="whole days"),
        pytest.param("n % 12", "10", 48, id="a morning's export"),
        pytest.param("n % 12", "730", 48, id="they take half a day"),
        pytest.param("n % 24", "CASE WHEN n = 14 THEN -30 - 720 ELSE 10 END", 48, id="afternoons are there"),
        pytest.param("n % 12", "CASE WHEN n % 2 = 0 THEN -31 - 720 ELSE 10 END", 48, id="not near enough"),
        pytest.param("n % 12", "CASE WHEN n = 6 THEN -720 ELSE 10 END", 48, id="too few"),
        pytest.param("n % 12", "CASE WHEN n % 2 = 0 THEN -720 ELSE 10 END", 19, id="too few rows to tell"),
    ],
)
def test_what_is_not_lost(start: str, end: str, count: int) -> None:
    assert lost(start, end, count) == ()
