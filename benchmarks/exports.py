"""A large export of incidents, as a command-and-control system writes it, and the profile that reads it."""

from pathlib import Path

import duckdb

BUILD = Path("build/bench")
FORM = "%d/%m/%Y %H:%M:%S"
COLUMNS = (
    "Incident Number", "Created", "Call Answered", "First Dispatched", "First Arrival", "Closed", "Response Grade", "DA Flag",
    "LPA", "Beat", "Opening Code", "Closing Code", "Easting", "Northing", "Caller", "Units Sent", "Contact Channel",
    "Summary", "Result Text", "Last Updated",
)  # fmt: skip
TIMES = ("Created", "Call Answered", "First Dispatched", "First Arrival", "Closed", "Last Updated")
NUMBERS = ("Easting", "Northing", "Units Sent")

PROFILE = """
profile = "bench_cad"
table   = "incidents"

[match]
path = "incoming/EX/bench_*.csv"

[export]
key         = ["Incident Number"]
resend      = "snapshot"
exported_at = "name:%Y%m%d"

[time]
formats = ["%d/%m/%Y %H:%M:%S"]

[columns]
incident_id         = "Incident Number"
created_at          = "Created"
call_received_at    = "Call Answered"
grade_initial       = { from = "Response Grade", map = { "Grade 1" = "1", "Grade 2" = "2", "Grade 3" = "3", "Grade 4" = "4", "Grade 5" = "5" } }
domestic_abuse      = { from = "DA Flag", map = { Y = "true", YES = "true", True = "true", N = "false", No = "false" } }
area                = "LPA"
opening_code        = "Opening Code"
closing_code        = "Closing Code"
origin              = { from = "Contact Channel", map = { "999" = "public", "101" = "public", Online = "public" }, else = "unknown" }
caller_key          = { id = "Caller" }
first_dispatched_at = { from = "First Dispatched", after = "created_at" }
first_arrived_at    = { from = "First Arrival", after = "created_at" }
closed_at           = { from = "Closed", after = "created_at" }
record_updated_at   = "Last Updated"
"""

_ROWS = (Path(__file__).parent / "incidents_export.sql").read_text("utf-8")
_THREE_YEARS = 94_608_000.0


def make(path: Path, rows: int, *, seconds: float = _THREE_YEARS) -> Path:
    """Write an export of ``rows`` incidents whose starts cover ``seconds`` from January 2023; 0.05 % of them dirty."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as db:
            given = {"rows": rows, "seconds": seconds, "callers": max(rows // 4, 1), "form": FORM}
            for name, value in given.items():
                db.execute(f"SET VARIABLE {name} = ?", [value])
            db.execute(f"COPY ({_ROWS}) TO '{path}' (FORMAT csv, HEADER)")
    return path
