"""A year of exports of a force that does not exist, with the inspectors' figures in them and realistic dirt.

What the year tells stands in ``story``, the records are made by ``sql/``, which file is dropped when in ``drops``.
Nothing here knows the library: the figures can be checked against the files alone.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from datetime import UTC, datetime
from importlib import resources
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Final

import duckdb

from local.simulate import story
from local.simulate.drops import LOST_HOUR, Drop, drops

__all__ = ["drops", "simulate"]

_HERE: Final = resources.files("local.simulate")
_SHORT_ROW: Final = re.compile(rb",@SHORT[^\n]*")
# Ids of different sources of demand lie apart; the SQL adds 1 (redial, up to three times), 4 (to 999) and 8 (to the
# website) times as much to the id of the call that somebody hung up.
FIRST_ID: Final = 1_000_000_000_000
_BLOCK: Final = 1 << 22
_DELTA: Final = frozenset({"incidents", "regrades", "risk"})


def simulate(out: Path, seed: int = 1, rows: int | None = None) -> Path:
    """Write the exports of the simulated year, 1 April 2023 to 31 March 2024, and the configuration that reads them.

    The files appear in order of arrival, each when it is whole: whoever drops them need not wait for the last.

    Parameters
    ----------
    out
        Directory that receives ``incoming/SIM/*.csv``, ``config/`` and ``truth.json``.
    seed
        The same seed gives the same bytes.
    rows
        Calls of the year, 101 and 999 together; 430,000 when None. Everything else scales with them.

    Returns
    -------
    Path
        ``truth.json``: the files in order of arrival, and what the generator knows.

    Raises
    ------
    ValueError
        When ``rows`` is under 1,000: too few for a year.
    """
    if rows is not None and rows < 1000:
        raise ValueError(f"rows = {rows}: a year needs at least 1000 calls")
    incoming = out / "incoming" / story.FORCE
    incoming.mkdir(parents=True, exist_ok=True)
    _write_config(out / "config")
    with tempfile.TemporaryDirectory(prefix="simulate") as work, duckdb.connect(f"{work}/year.duckdb") as db:
        # What does not fit goes to disc: ten million calls are made in no more.
        db.execute("SET memory_limit = '1200MB'; SET temp_directory = ?", [work])
        _make_year(db, seed, (rows or story.CALLS_A_YEAR) / story.CALLS_A_YEAR)
        written = [_write_export(db, drop, incoming / drop.name) for drop in drops()]
        truth = _truth(db, seed, rows, written)
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1) + "\n", "utf-8")
    return path


def _sql(name: str) -> str:
    return (_HERE / "sql" / f"{name}.sql").read_text("utf-8")


def _set(db: duckdb.DuckDBPyConnection, **values: float | bool | list[int] | list[float]) -> None:
    for name, value in values.items():
        db.execute(f"SET VARIABLE {name} = ?", [value])


def _make_year(db: duckdb.DuckDBPyConnection, seed: int, scale: float) -> None:
    """Make calls, contacts, incidents and risk assessments, each out of those before."""
    _set(
        db, seed=seed, year_start=story.epoch(story.YEAR_START), year_end=story.epoch(story.YEAR_END),
        callers=round(story.CALLERS * scale) + 100, frequent_callers=max(round(25 * scale), 1),
        hour_abandonment=story.hour_abandonment(), declined_share=story.DECLINED_SHARE, lost_from=LOST_HOUR,
        redial=story.REDIAL, attempts=story.ATTEMPTS,
    )  # fmt: skip
    db.execute(_sql("macros"))
    _table(db, "days (day DATE, month VARCHAR, starts BIGINT, seconds BIGINT, demand DOUBLE, hang_up DOUBLE)",
           [(d.day, d.month, d.starts, d.seconds, d.demand, d.hang_up) for d in story.days()])  # fmt: skip
    _table(db, "months (month VARCHAR, shift DOUBLE)", [(m.month, m.shift) for m in story.MONTHS])

    _demand(db, story.base_101(story.abandonment_by_month()) * scale, 0, story.HOUR_DEMAND_101)
    db.execute("INSERT INTO attempts SELECT id, 0, '101', start, person, withheld, hang_up FROM demand")
    for attempt in range(story.ATTEMPTS):
        _set(db, attempt=attempt)
        db.execute(_sql("call_101"))
        db.execute(_sql("redial"))
    _demand(db, story.BASE_999 * scale, 20 * FIRST_ID, story.HOUR_DEMAND_999)
    db.execute(_sql("call_999"))
    _demand(db, story.OUTBOUND * scale, 21 * FIRST_ID, story.HOUR_DEMAND_101)
    db.execute(_sql("call_out"))
    _demand(db, story.BASE_CONTACTS * scale, 22 * FIRST_ID, story.HOUR_DEMAND_101)
    db.execute(_sql("contacts"))
    _demand(db, story.OTHER_INCIDENTS * scale, 23 * FIRST_ID, story.HOUR_DEMAND_999)
    db.execute(_sql("raised"))
    _responses(db)
    db.execute(_sql("incidents"))
    db.execute(_sql("safeguarding"))


def _table(db: duckdb.DuckDBPyConnection, definition: str, rows: list[tuple[object, ...]]) -> None:
    db.execute(f"CREATE TABLE {definition}")
    db.executemany(f"INSERT INTO {definition.partition(' ')[0]} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _demand(db: duckdb.DuckDBPyConnection, count: float, first_id: int, hours: tuple[float, ...]) -> None:
    _set(db, demand=count, first_id=first_id, hour_slots=story.hour_slots(hours))
    db.execute(_sql("demand"))


def _responses(db: duckdb.DuckDBPyConnection) -> None:
    """Write down how each kind of incident is responded to, now that their numbers are known."""
    query = (
        "SELECT count(*) FILTER (domestic), count(*) FILTER (NOT domestic) FROM raised WHERE headline AND grade = '2'"
    )
    domestic, other = db.execute(query).fetchall()[0]
    responses = (story.GRADE_1, story.DOMESTIC, story.other_grade_2(domestic, other), story.GRADE_3, story.GRADE_4)
    _table(db, "responses (kind VARCHAR, attended DOUBLE, closed_early DOUBLE, closed_late DOUBLE)",
           [(r.kind, r.attended, r.closed_early, r.closed_late) for r in responses])  # fmt: skip
    _table(
        db, "knots (kind VARCHAR, from_share DOUBLE, to_share DOUBLE, from_ln DOUBLE, to_ln DOUBLE)",
        [
            (r.kind, low, high, log(from_h), log(to_h))
            for r in responses
            for (low, from_h), (high, to_h) in pairwise(r.knots)
        ],
    )  # fmt: skip


def _write_export(db: duckdb.DuckDBPyConnection, drop: Drop, path: Path) -> dict[str, object]:
    """Write one file as its system writes it: command and control in Windows-1252 with CRLF, the others in UTF-8.

    It lies under its name only when it is whole: somebody may be waiting to drop it.
    """
    plain = path.with_suffix(".plain")
    lost = drop.system == "calls" and drop.exported < LOST_HOUR + 30 * 86400
    _set(db, exported=drop.exported, since=drop.since, until=drop.until, lost_hour=lost)
    quoted = str(plain).replace("'", "''")
    counted = db.execute(f"COPY ({_sql('export_' + drop.system)}) TO '{quoted}' (HEADER, DELIMITER ',')").fetchall()
    _as_its_system_writes(drop.system, plain, path)
    return {
        "key": drop.key,
        "exported_at": _iso(drop.exported),
        "arrives_at": _iso(drop.arrives),
        "records": counted[0][0],
        "why": drop.why,
    }


def _as_its_system_writes(system: str, plain: Path, path: Path) -> None:
    """Turn DuckDB's file into the same in the system's encoding and line ends, a few thousand lines at a time."""
    made = path.with_suffix(".made")
    with plain.open("rb") as rows, made.open("wb") as out:
        if system not in _DELTA:
            out.write(b"\xef\xbb\xbf")
        while lines := rows.readlines(_BLOCK):
            content = _SHORT_ROW.sub(b"", b"".join(lines))
            if system in _DELTA:
                content = content.replace(b"\n", b"\r\n").decode("utf-8").encode("cp1252")
            out.write(content)
    plain.unlink()
    made.replace(path)


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_config(out: Path) -> None:
    with resources.as_file(_HERE / "config") as config:
        shutil.copytree(config, out, dirs_exist_ok=True)


def _truth(
    db: duckdb.DuckDBPyConnection, seed: int, rows: int | None, files: list[dict[str, object]]
) -> dict[str, object]:
    figures = _records(db, _sql("truth"))[0]
    routes = "SELECT route, count(*) AS calls FROM calls WHERE route IS NOT NULL GROUP BY route ORDER BY route"
    return {
        "force_code": story.FORCE,
        "seed": seed,
        "rows": rows,
        "period": "2023/24",
        "figures": figures,
        "months": _records(db, _sql("truth_months")),
        "after_hang_up": {str(row["route"]): row["calls"] for row in _records(db, routes)},
        "followed": _records(db, _sql("truth_followed")),
        "files": files,
    }


def _records(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    found = db.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
