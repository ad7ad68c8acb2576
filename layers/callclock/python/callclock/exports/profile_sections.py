"""The sections of a profile that speak of the file and the export as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from callclock.clock import zones
from callclock.exports.grammar import Reading, read_condition, read_join, read_rule
from callclock.exports.rules import Columns, Condition, Join, Rule

ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1")
SERIAL = "excel"
"""Stands among the time formats for a spreadsheet's own: days since 1899-12-30, and fractions of a day."""
EPOCH = "epoch"
"""Stands among them for seconds, or thirteen figures of milliseconds, since 1970 UTC."""

Doubled = Literal["tightest", "first", "second"]


@dataclass(frozen=True)
class Match:
    """Which exports a profile reads: glob on the object key, columns that must be there, a look at the first row.

    ``header`` empty means every column that the profile reads.
    """

    path: str = "**"
    header: tuple[str, ...] = ()
    where: Condition | None = None


@dataclass(frozen=True)
class FileFormat:
    """How the file is laid out.

    Attributes
    ----------
    encoding
        None: UTF-8, and a line that is not is tried as cp1252.
    skip
        Rows above the header.
    header_rows
        Rows that make up the header; their texts are joined by `` / ``.
    sheet
        Of a workbook: name or glob of the sheet; None: the first that is not hidden.
    """

    delimiter: str = ","
    quote: str = '"'
    encoding: str | None = None
    skip: int = 0
    header_rows: int = 1
    sheet: str | None = None


@dataclass(frozen=True)
class TimeReading:
    """How wall clocks are read.

    Attributes
    ----------
    tolerance_s
        Seconds by which a milestone may precede its anchor before that means anything: how far two clocks may differ.
    tolerance_stated
        The profile says so itself; else the measures go by what ``force.toml`` says.
    doubled
        Which of the two equal autumn hours a start was in.
    precision
        What the source's stamps are exact to; to the minute, durations may differ by one.
    """

    zone: str = "Europe/London"
    formats: tuple[str, ...] = ()
    tolerance_s: float = 2.0
    tolerance_stated: bool = False
    doubled: Doubled = "tightest"
    precision: Literal["minute", "second"] = "second"

    @property
    def tz(self) -> ZoneInfo:
        """The zone of every wall clock in the file."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class ExportedAt:
    """Where the export says when it was taken: ``name`` and ``metadata`` with their text, or a column's ``rule``."""

    way: Literal["column", "name", "metadata", "newest", "arrival"] = "newest"
    text: str = ""
    rule: Rule | None = None


@dataclass(frozen=True)
class ExportBlock:
    """What one export is: its key, how the system re-sends, what it covers and when it is held back.

    ``key`` empty: what the table knows a record by (``profile_checks.IDENTITY``). ``leg``: each row is a leg of its
    record, known by these columns.
    """

    key: tuple[str, ...] = ()
    key_else: Join | None = None
    leg: tuple[str, ...] = ()
    resend: Literal["snapshot", "delta"] = "snapshot"
    selected_by: Literal["start", "closing"] = "start"
    covers: Literal["span", "name"] = "span"
    exported_at: ExportedAt = ExportedAt()
    retracts: bool = False
    quarantine_max: float = 0.05
    duration_disagree_max: float = 0.05
    region: str = "GB"

    @property
    def columns(self) -> Iterator[Columns]:
        """Columns of the file that it reads."""
        yield from ((column,) for column in (*self.key, *self.leg))
        yield from self.key_else.columns if self.key_else else ()
        yield from self.exported_at.rule.columns if self.exported_at.rule else ()


def read_match(data: object, reading: Reading) -> Match:
    """Read ``[match]``."""
    said = reading.section(data, "match", frozenset({"path", "header", "where"}))
    return Match(
        path=reading.text(said["path"], "match.path") if "path" in said else "**",
        header=reading.texts(said["header"], "match.header") if "header" in said else (),
        where=read_condition(said["where"], "match.where", reading) if "where" in said else None,
    )


def read_format(data: object, reading: Reading) -> FileFormat:
    """Read ``[format]``."""
    known = frozenset({"delimiter", "quote", "encoding", "skip", "header_rows", "sheet"})
    said = reading.section(data, "format", known)
    delimiter = reading.text(said.get("delimiter", ","), "format.delimiter")
    quote = reading.text(said.get("quote", '"'), "format.quote")
    for key, mark in (("delimiter", delimiter), ("quote", quote)):
        if len(mark) != 1 or mark in "\r\n" or not mark.isascii():
            reading.fault(f"format.{key}", f"{mark!r} is not one ASCII character")
    return FileFormat(
        delimiter=delimiter,
        quote=quote,
        encoding=reading.one_of(said["encoding"], "format.encoding", ENCODINGS) if "encoding" in said else None,
        skip=_rows(said.get("skip", 0), 0, "skip", reading),
        header_rows=_rows(said.get("header_rows", 1), 1, "header_rows", reading),
        sheet=reading.text(said["sheet"], "format.sheet") if "sheet" in said else None,
    )


def _rows(data: object, least: int, key: str, reading: Reading) -> int:
    if isinstance(data, int) and not isinstance(data, bool) and data >= least:
        return data
    reading.fault(f"format.{key}", f"{data!r} is no number of rows: write {least} or more")
    return least


def read_time(data: object, reading: Reading) -> TimeReading:
    """Read ``[time]``."""
    known = frozenset({"zone", "formats", "tolerance_s", "doubled", "precision"})
    said = reading.section(data, "time", known)
    zone = reading.text(said.get("zone", "Europe/London"), "time.zone")
    if zone not in zones():
        reading.fault("time.zone", f"{zone!r} is no time zone: write it as Europe/London")
        zone = "Europe/London"
    formats = reading.texts(said["formats"], "time.formats") if "formats" in said else ()
    for form in formats:
        if "%" not in form and form not in {SERIAL, EPOCH}:
            reading.fault(
                "time.formats", f"{form!r} is no format: write it as %d/%m/%Y %H:%M:%S, or {SERIAL}, or {EPOCH}"
            )
        if "%I" in form and "%p" not in form:
            reading.fault(
                "time.formats", f"{form!r} has hours from 1 to 12 (%I) without %p: an afternoon reads as morning"
            )
    tolerance = reading.number(said.get("tolerance_s", 2), "time.tolerance_s")
    if tolerance < 0:
        reading.fault("time.tolerance_s", "cannot be less than 0")
    doubled = reading.one_of(said.get("doubled", "tightest"), "time.doubled", ("tightest", "first", "second"))
    precision = reading.one_of(said.get("precision", "second"), "time.precision", ("minute", "second"))
    return TimeReading(
        zone=zone,
        formats=formats,
        tolerance_s=tolerance,
        tolerance_stated="tolerance_s" in said,
        doubled="first" if doubled == "first" else "second" if doubled == "second" else "tightest",
        precision="minute" if precision == "minute" else "second",
    )


_EXPORT = frozenset(
    {
        "key", "key_else", "leg", "resend", "selected_by", "covers", "exported_at", "retracts", "quarantine_max",
        "duration_disagree_max", "region",
    }
)  # fmt: skip


def read_export(data: object, reading: Reading) -> ExportBlock:
    """Read ``[export]``."""
    said = reading.section(data, "export", _EXPORT)
    resend = reading.one_of(said.get("resend", "snapshot"), "export.resend", ("snapshot", "delta"))
    selected = reading.one_of(said.get("selected_by", "start"), "export.selected_by", ("start", "closing"))
    covers = reading.one_of(said.get("covers", "span"), "export.covers", ("span", "name"))
    retracts = said.get("retracts", False)
    if not isinstance(retracts, bool):
        reading.fault("export.retracts", f"{retracts!r} is neither true nor false")
    region = reading.text(said.get("region", "GB"), "export.region")
    if not re.fullmatch("[A-Z]{2}", region):
        reading.fault("export.region", f"{region!r} is no country: write two capitals, as GB")
    return ExportBlock(
        key=reading.texts(said["key"], "export.key") if "key" in said else (),
        key_else=_key_else(said["key_else"], reading) if "key_else" in said else None,
        leg=reading.texts(said["leg"], "export.leg") if "leg" in said else (),
        resend="delta" if resend == "delta" else "snapshot",
        selected_by="closing" if selected == "closing" else "start",
        covers="name" if covers == "name" else "span",
        exported_at=_exported_at(said.get("exported_at", "newest"), reading),
        retracts=retracts is True,
        quarantine_max=_share(said, "quarantine_max", reading),
        duration_disagree_max=_share(said, "duration_disagree_max", reading),
        region=region,
    )


def _key_else(data: object, reading: Reading) -> Join:
    said = reading.section(data, "export.key_else", frozenset({"join", "by", "day"}))
    if "join" not in said:
        reading.fault("export.key_else", 'write it as { join = ["Date", "Number"], by = "/" }')
        return Join(())
    return read_join(said, "export.key_else", reading)


def _share(said: dict[str, object], key: str, reading: Reading) -> float:
    share = reading.number(said.get(key, 0.05), f"export.{key}")
    if not 0 <= share <= 1:
        reading.fault(f"export.{key}", f"{share:g} is no share from 0 to 1")
    return share


def _exported_at(data: object, reading: Reading) -> ExportedAt:
    key = "export.exported_at"
    if isinstance(data, dict):
        return ExportedAt("column", rule=read_rule(reading.table.by_name["exported_at"], data, key, reading))
    way, _, text = str(data).partition(":")
    match way:
        case "name" if "%" in text:
            return ExportedAt("name", text)
        case "metadata" if text:
            return ExportedAt("metadata", text)
        case "newest" | "arrival" if not text:
            return ExportedAt("newest" if way == "newest" else "arrival")
        case _:
            reading.fault(key, '"name:%Y%m%d", "metadata:<key>", "newest", "arrival", or a rule as { from = "..." }')
            return ExportedAt()
