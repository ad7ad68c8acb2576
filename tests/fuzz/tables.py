"""What the dirty files of the fuzzing tell of: columns, good and bad cells, and the profiles that read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

DAY_FORM, TIME_FORM = "%d/%m/%Y", "%H:%M:%S"
FORMATS = (f"{DAY_FORM} {TIME_FORM}", f"{DAY_FORM} %H:%M", f"%Y-%m-%d {TIME_FORM}")
NULLS = ("NULL", "N/K", "#DIV/0!")
NOTES = (
    "",
    "plain",
    "a, b; c | d",
    'said "no"',
    "it's 5' long",
    "two\nlines",
    "\n\n",
    "tab\there",
    "£ 5 – ok é",
    "x" * 400,
    " , ",
)


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    good
        A cell that is kept.
    bad
        Cells that are not, each with the reasons that it gives.
    target
        Contract column whose staged text is the cell, trimmed, NULL for words that mean missing; else None.
    """

    name: str
    good: Callable[[Random], str]
    bad: Mapping[str, frozenset[str]]
    target: str | None = None


@dataclass(frozen=True)
class Kind:
    """One table's files. ``start`` is the contract column in which a record begins."""

    table: str
    key: str
    start: str
    columns: tuple[Column, ...]
    toml: str


def pick(*cells: str) -> Callable[[Random], str]:
    return lambda random: random.choice(cells)


def instant(random: Random) -> str:
    """A wall clock of two months, never in the hours in which clocks change, written in one of the formats."""
    day, month = random.randint(1, 28), random.choice((3, 3, 3, 4))
    clock = f"{random.randint(3, 23):02}:{random.randint(0, 59):02}"
    seconds = random.randint(0, 59)
    return random.choice(
        (
            f"{day:02}/{month:02}/2026 {clock}:{seconds:02}",
            f"{day}/{month}/2026 {clock}",
            f"2026-{month:02}-{day:02} {clock}:00",
        )
    )


def reasons(*words: str) -> frozenset[str]:
    return frozenset(words)


def bad_instants(target: str, missing: str | None) -> dict[str, frozenset[str]]:
    told = {
        cell: reasons(f"bad_instant:{target}")
        for cell in ("31/02/2026 10:00:00", "soon", "2026", "01/03/26 10:00", "24:00", "01/03/1990 10:00")
    }
    return told | ({"": reasons(missing), "N/K": reasons(missing)} if missing else {})


def keyed(target: str) -> dict[str, frozenset[str]]:
    none = reasons("missing:key", f"missing:{target}")
    return {"": none, "NULL": none, "  ": none, "2.6E+07": reasons("scientific:key")}


MINUTES = {cell: reasons("bad_ms:reported_arrival_ms") for cell in ("-4", "four", "1:2:3", "5 min")}
KINDS = (
    Kind(
        "contacts", "Ref", "submitted_at",
        (
            Column("Ref", pick(""), keyed("contact_id"), "contact_id"),
            Column("How", pick("Web", "Chat"), {w: reasons("unmapped:channel") for w in ("Fax", "web", "Web.")} | {"": reasons("missing:channel")}),
            Column("Sent", instant, bad_instants("submitted_at", "missing:submitted_at")),
            Column("Tel", pick("07700900194", "+44 7700 900194", "Withheld", "N/K", "", "999"), {}),
            Column("Note", pick(*NOTES), {}),
            Column("Incident", pick("", "N/K", "I 7", "I\n8", "#DIV/0!", "é", "'7'", 'a "b" c'), {}, "incident_id"),
        ),
        'contact_id = "Ref"\nchannel = { from = "How", map = { Web = "online_report", Chat = "webchat" } }\n'
        'submitted_at = "Sent"\ncaller_key = { number = "Tel" }\nincident_id = "Incident"\n',
    ),
    Kind(
        "incidents", "Ref", "created_at",
        (
            Column("Ref", pick(""), keyed("incident_id"), "incident_id"),
            Column("Made", instant, bad_instants("created_at", "missing:started_at")),
            Column("Slot", lambda random: random.choice(("", "NULL", instant(random))), bad_instants("appointment_slot", None)),
            Column("Grade", pick("1", "2", "", "NULL"), {w: reasons("unmapped:grade_initial") for w in ("9", "I", "grade 1")}),
            Column("Beat", pick("", "North", "South\nEast", "a;b,c|d", "ü"), {}, "area"),
            Column("Wait", pick("", "4", "17.5", "0"), MINUTES),
            Column("Note", pick(*NOTES), {}),
        ),
        'incident_id = "Ref"\ncreated_at = "Made"\nappointment_slot = "Slot"\narea = "Beat"\n'
        'grade_initial = { from = "Grade", map = { 1 = "1", 2 = "2" } }\nreported_arrival_ms = { from = "Wait", unit = "min" }\n',
    ),
    Kind(
        "regrades", "Ref", "regraded_at",
        (
            Column("Ref", pick(""), keyed("incident_id"), "incident_id"),
            Column("When", instant, bad_instants("regraded_at", "missing:regraded_at")),
            Column("From", pick("", "1", "2"), {}, "grade_from"),
            Column("To", pick("1", "N/K", "two\nlines", "'"), {}, "grade_to"),
        ),
        'incident_id = "Ref"\nregraded_at = "When"\ngrade_from = "From"\ngrade_to = "To"\n',
    ),
)  # fmt: skip
