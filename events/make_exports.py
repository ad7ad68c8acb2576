"""Write the sample exports of exports/: three months of a simulated force, the same bytes on every run.

Run ``python -m events.make_exports`` after a change here and commit what it writes. Nothing in it is real: the
telephone numbers are those that Ofcom sets aside for drama. Two made-up systems send a file a month, taken on the 3rd
of the next:

* ``cad_*``: command and control, Windows-1252; a month's incidents, and older ones that changed since (``delta``);
* ``acd_*``: telephones, UTF-8 with a byte order mark; a month's calls (``snapshot``).

The story in them (tests/unit/test_sample_exports.py works it out again): of the 101 calls 24 % are abandoned in
January, 6 % in February, 4 % in March; grade 2 domestic abuse waits a median above 20 hours in January and
about 6 hours afterwards.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime
from pathlib import Path

from events.sample_records import (
    JANUARY_CORRECTED,
    LONDON,
    MONTHS,
    Call,
    Incident,
    corrections,
    make_calls,
    make_incidents,
)

SEED = 101


def wall(instant: datetime | None, form: str = "%d/%m/%Y %H:%M:%S") -> str:
    """London wall clock of an instant, empty for none."""
    return instant.astimezone(LONDON).strftime(form) if instant else ""


def call_row(number: int, call: Call) -> dict[str, str]:
    """One line of the telephone export: a date, then times of day."""
    clock = "%H:%M:%S"
    return {
        "Call Ref": f"A{number:07d}", "Line": call.line, "Direction": call.direction,
        "Date": wall(call.start, "%d/%m/%Y"), "Start": wall(call.start, clock), "IVR In": wall(call.ivr_in, clock),
        "Web Message": wall(call.web_message, clock), "IVR Out": wall(call.ivr_out, clock),
        "Switchboard Queue": wall(call.switchboard_queue, clock),
        "Switchboard Answer": wall(call.switchboard_answer, clock), "Queue In": wall(call.queue_in, clock),
        "Queue": call.queue, "Ringing": wall(call.ringing, clock), "Answer": wall(call.answer, clock),
        "Callback Asked": wall(call.callback_asked, clock), "Callback Made": wall(call.callback_made),
        "End": wall(call.end, clock), "Result": call.result, "CLI": call.number,
    }  # fmt: skip


def incident_row(incident: Incident, exported: datetime) -> dict[str, str]:
    """One line of the command and control export, as the system stood at ``exported``."""
    mended = incident.corrected is None or incident.corrected <= exported

    def known(instant: datetime | None) -> str:
        return wall(instant) if instant and instant <= exported else ""

    start = incident.start if mended else incident.wrong_start or incident.start
    domestic = incident.domestic if mended else incident.wrong_domestic or incident.domestic
    closed = known(incident.closed)
    return {
        "Incident Number": incident.number, "Created": wall(incident.created),
        "Call Received": "" if incident.online else wall(start),
        "Online Submitted": wall(start) if incident.online else "",
        "Origin": incident.origin, "Caller Number": incident.caller, "Opening Code": incident.opening,
        "Closing Code": incident.closing if closed else "", "Initial Grade": incident.grade,
        "Final Grade": incident.grade_final, "DA Flag": domestic,
        "Area": incident.area, "Appointment": wall(incident.appointment), "Dispatched": known(incident.dispatched),
        "Arrived": known(incident.arrived), "Closed": closed, "Closure Reason": incident.closure if closed else "",
    }  # fmt: skip


def changed(incident: Incident, since: datetime, until: datetime) -> bool:
    """Something happened to the incident after ``since`` and not later than ``until``."""
    events = (incident.dispatched, incident.arrived, incident.closed, incident.corrected)
    return any(event is not None and since < event <= until for event in events)


def as_csv(rows: list[dict[str, str]], line_end: str) -> str:
    """Rows as CSV text with a header; cells from the first CUT on are left out."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator=line_end)
    out.writerow(rows[0])
    for row in rows:
        out.writerow([cell for cell in row.values() if cell != CUT])
    return text.getvalue()


CUT = "\x00cut"


def dirty_incidents(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Add what a real export has: a bad date, an unknown grade, no number, a short row, ``N/K``, a repeated row."""
    model = next(row for row in rows if row["DA Flag"] == "N" and row["Initial Grade"] == "Grade 3")
    bad = [
        model | {"Incident Number": f"{model['Incident Number']}X1", "Call Received": "31/02/2026 10:00:00"},
        model | {"Incident Number": f"{model['Incident Number']}X2", "Initial Grade": "Grade 7"},
        model | {"Incident Number": ""},
        model | {"Incident Number": f"{model['Incident Number']}X3"} | dict.fromkeys(list(model)[6:], CUT),
        model | {"Incident Number": f"{model['Incident Number']}X4", "Area": "N/K", "DA Flag": "N/K", "Closed": "N/K"},
    ]
    return [*rows[:40], *bad, rows[39], *rows[40:]]


def dirty_calls(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Add a bad date, a bad time, an unknown result, a short row and three repeated rows to a month of calls."""
    model = next(row for row in rows if row["Line"] == "101" and row["Result"] == "Answered")
    bad = [
        model | {"Call Ref": f"{model['Call Ref']}X1", "Date": "31/02/2026"},
        model | {"Call Ref": f"{model['Call Ref']}X2", "End": "25:61:00"},
        model | {"Call Ref": f"{model['Call Ref']}X3", "Result": "???"},
        model | {"Call Ref": f"{model['Call Ref']}X4"} | dict.fromkeys(list(model)[9:], CUT),
    ]
    return [*rows[:100], *bad, *rows[97:100], *rows[100:]]


def make(out: Path) -> list[Path]:
    """Write every sample export under ``out`` and return their paths."""
    rng = random.Random(SEED)  # noqa: S311 (a simulation, not a secret)
    incoming = out / "incoming" / "SIM"
    incoming.mkdir(parents=True, exist_ok=True)
    written_files: list[Path] = []

    def drop(name: str, rows: list[dict[str, str]], encoding: str, line_end: str) -> None:
        path = incoming / name
        path.write_bytes(as_csv(rows, line_end).encode(encoding))
        written_files.append(path)

    before: list[Incident] = []
    since = MONTHS[0].start
    first_number = 1
    for month in MONTHS:
        calls = make_calls(rng, month)
        incidents = make_incidents(rng, month, calls)
        if month is MONTHS[0]:
            incidents = corrections(incidents)
        day = f"{month.exported:%Y%m%d}"
        sent = [i for i in before if changed(i, since, month.exported)] + incidents
        rows = dirty_incidents([incident_row(i, month.exported) for i in sent])
        drop(f"cad_{month.name}_{day}.csv", rows, "cp1252", "\r\n")
        if month is MONTHS[1]:
            again = [incident_row(i, JANUARY_CORRECTED) for i in before]
            drop(f"cad_{MONTHS[0].name}_{JANUARY_CORRECTED:%Y%m%d}.csv", again, "cp1252", "\r\n")
        numbered = [call_row(first_number + i, call) for i, call in enumerate(calls)]
        drop(f"acd_{month.name}_{day}.csv", dirty_calls(numbered), "utf-8-sig", "\n")
        first_number += len(calls)
        before += incidents
        since = month.exported
    return written_files


if __name__ == "__main__":
    for path in make(Path(__file__).parent / "exports"):
        print(f"{path.stat().st_size:>8} {path}")  # noqa: T201 (a script)
