"""METRICS' worked examples as values: staged records through the fold's SQL and the measures' own."""

import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from callclock.clock import Month
from callclock.columns import Table
from callclock.contracts import CALLS as CALLS_TABLE
from callclock.contracts import CONTACTS, INCIDENTS
from callclock.engine import connect
from callclock.lake.fold import fold_month
from callclock.metrics.catalogue import families
from callclock.metrics.known import FOR_EVER, SourceKnown
from tests.support.curated import at, values_of
from tests.support.staged import local_month, write_staged

EXAMPLES = json.loads((Path(__file__).parents[1] / "fixtures" / "worked-examples.json").read_text("utf-8"))
EXAMPLE = {example["id"]: example for example in EXAMPLES["examples"]}
ATTENDANCE = [f for f in families() if f.tables == ("incidents",) and not f.name.endswith("_year")]
CALLS = [f for f in families() if f.tables == ("calls",) and not f.name.endswith("_year")]
FOLLOWTHROUGH = [f for f in families() if f.name.startswith("followthrough_") and not f.name.endswith("_year")]


def folded(table: Table, rows: list[dict[str, Any]], workdir: Path) -> list[Path]:
    """Curated files of the months that the records fall in, through the fold's own SQL."""
    months: dict[Month, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        months[local_month(table, row)].append(row)
    paths = []
    for month, mine in months.items():
        part = write_staged(workdir / f"part-{month}.parquet", table, mine)
        out = workdir / f"curated-{month}.parquet"
        with connect(workdir / "duckdb") as db:
            fold_month(db, table, month=month, zone="Europe/London", tolerance_s=2, here=[part], out=out)
        paths.append(out)
    return paths


def marks(workdir: Path) -> pd.DataFrame:
    """Values of the example attendance_marks."""
    example = EXAMPLE["attendance_marks"]
    as_at = at(example["as_at"])
    rows = [
        {
            "incident_id": record["id"],
            "record_key": record["id"],
            "exported_at": as_at,
            "origin": record["origin"],
            "grade_initial": example["grade"],
            "call_received_at": at(record["call"]),
            "first_arrived_at": record["arrived"] and at(record["arrived"]),
            "closed_at": record["closed"] and at(record["closed"]),
        }
        for record in example["records"]
    ]
    return values_of(ATTENDANCE, folded(INCIDENTS, rows, workdir), Month(2026, 3), workdir, as_at=as_at)


def waterfall(workdir: Path) -> pd.DataFrame:
    """Values of the example stage_waterfall."""
    example = EXAMPLE["stage_waterfall"]
    start, exported_at = at("2026-03-10T09:00:00Z"), at("2026-03-12T09:00:00Z")
    causes = {"abandoned": "hung_up", "callback": "callback", "flow_ended": "flow_ended", "answered": "answered"}

    def row(record: dict[str, Any]) -> dict[str, Any]:
        def instant(key: str) -> Any:
            return None if record.get(key) is None else start + timedelta(seconds=record[key])

        return {
            "call_id": str(record["id"]),
            "record_key": str(record["id"]),
            "exported_at": exported_at,
            "tells": "alternative_offered_at",
            "line": example["line"],
            "call_started_at": start,
            "ivr_entered_at": instant("ivr"),
            "alternative_offered_at": instant("alternative"),
            "switchboard_queued_at": instant("queued_switchboard"),
            "skill_queued_at": instant("queued_skill"),
            "ringing_at": instant("ringing"),
            "first_answered_at": instant("first_answer"),
            "final_answered_at": instant("final_answer"),
            "callback_asked_at": instant("callback_asked"),
            "callback_connected_at": instant("callback_connected"),
            "ended_at": instant("ended"),
            "end_cause": causes[record["outcome"]],
        }

    paths = folded(CALLS_TABLE, [row(record) for record in example["records"]], workdir)
    return values_of(CALLS, paths, Month(2026, 3), workdir, as_at=exported_at)


def followed(workdir: Path, only: str = "") -> pd.DataFrame:
    """Values of the example followthrough: of all who hung up, or of one of them."""
    example = EXAMPLE["followthrough"]
    as_at = at("2026-04-10T00:00:00Z")
    calls: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    incidents: list[dict[str, Any]] = []
    for hung in (hung for hung in example["episodes"] if only in {"", hung["id"]}):
        ended = at(hung["hangup"])
        calls.append(phone(hung["id"], hung["key"], "101", ended - timedelta(minutes=3), ended, "hung_up"))
    for number, contact in enumerate(example["contacts"]):
        key, instant, kind = contact["key"], at(contact["at"]), contact["kind"]
        who = {"caller_key": key, "key_epoch": "1", "record_key": f"c{number}", "exported_at": as_at}
        if kind in {"answered_101", "call_999"}:
            line = "101" if kind == "answered_101" else "999"
            calls.append(phone(f"c{number}", key, line, instant, instant + timedelta(minutes=5), "answered"))
        elif kind == "incident_logged":
            said = {"incident_id": f"c{number}", "origin": "public", "created_at": instant, "call_received_at": instant}
            incidents.append({**who, **said})
        else:
            contacts.append({**who, "contact_id": f"c{number}", "channel": kind, "submitted_at": instant})
    tables = {CALLS_TABLE: calls, CONTACTS: contacts, INCIDENTS: incidents}
    paths = {table.name: folded(table, rows, workdir / table.name) for table, rows in tables.items()}
    spans = {table: (at(example["covered_from"][table]), at(example["covered_to"][table])) for table in paths}
    sources = [
        SourceKnown(table, "cad", as_at, "snapshot", covered_from=start, covered_to=end, gaps=((end, FOR_EVER),))
        for table, (start, end) in spans.items()
    ]
    first = paths.pop("calls")
    return values_of(FOLLOWTHROUGH, first, Month(2026, 3), workdir, as_at=as_at, also=paths, sources=sources)


def phone(record: str, key: str | None, line: str, start: Any, end: Any, cause: str) -> dict[str, Any]:
    """One staged call."""
    return {
        "call_id": record,
        "record_key": record,
        "exported_at": at("2026-04-10T00:00:00Z"),
        "line": line,
        "caller_key": key,
        "key_epoch": "1" if key else None,
        "call_started_at": start,
        "skill_queued_at": start,
        "final_answered_at": start if cause == "answered" else None,
        "ended_at": end,
        "end_cause": cause,
    }


def rung(month: str, workdir: Path) -> pd.DataFrame:
    """Values of the example episodes."""
    example = EXAMPLE["episodes"]
    calls = [
        phone(
            str(r["id"]),
            r["key"],
            example["line"],
            at(r["start"]),
            at(r["end"]),
            "answered" if r["answered"] else "hung_up",
        )
        for r in example["records"]
    ]
    as_at = at("2026-04-10T00:00:00Z")
    return values_of(CALLS, folded(CALLS_TABLE, calls, workdir), Month.parse(month), workdir, as_at=as_at)
