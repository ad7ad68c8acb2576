"""Columns and tables as such: kinds, who fills a column, who may see it; what tables there are is in contracts.py."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict, Unpack

LEG = "leg"


class Kind(StrEnum):
    """What a column holds. An instant is UTC in milliseconds, ``ms`` a duration in whole milliseconds."""

    TEXT = "text"
    INSTANT = "instant"
    INT = "int"
    MS = "ms"
    BOOL = "bool"
    DATE = "date"
    DOUBLE = "double"

    @property
    def duckdb(self) -> str:
        """DuckDB type that writes the Parquet type which the Glue type reads."""
        return _DUCKDB[self]

    @property
    def glue(self) -> str:
        """Hive type for the Glue table."""
        return _GLUE[self]


_DUCKDB = {
    Kind.TEXT: "VARCHAR",
    Kind.INSTANT: "TIMESTAMP_MS",
    Kind.INT: "BIGINT",
    Kind.MS: "BIGINT",
    Kind.BOOL: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.DOUBLE: "DOUBLE",
}
_GLUE = {
    Kind.TEXT: "string",
    Kind.INSTANT: "timestamp",
    Kind.INT: "bigint",
    Kind.MS: "bigint",
    Kind.BOOL: "boolean",
    Kind.DATE: "date",
    Kind.DOUBLE: "double",
}


class Origin(StrEnum):
    """Who fills a column: a profile maps it, intake records it, or the fold derives it from the folded row."""

    MAPPED = "mapped"
    LINEAGE = "lineage"
    DERIVED = "derived"


class Sensitivity(StrEnum):
    """Who may see a column: anyone, the force's analysts, or those cleared to follow one (pseudonymous) person."""

    OPEN = "open"
    OPERATIONAL = "operational"
    PSEUDONYMOUS = "pseudonymous"


class More(TypedDict, total=False):
    """What else may be said of a :class:`Column` by :func:`text` and its like."""

    nullable: bool
    sensitivity: Sensitivity
    values: frozenset[str]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``milestone`` columns keep the value of the highest version that knows one (DESIGN 2); all others follow the
    highest version. ``values`` is the closed vocabulary, empty when any text may stand there.
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = True
    milestone: bool = False
    origin: Origin = Origin.MAPPED
    sensitivity: Sensitivity = Sensitivity.OPERATIONAL
    values: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Table:
    """A table of the lake or of the results.

    Attributes
    ----------
    starts
        Columns that give ``started_at``, the first that has a value (DESIGN 3). Empty for result tables.
    correctable
        People type the start, so a record may move to another month (DESIGN 2, key index).
    partitions
        Glue partition keys, all text; never columns of the files.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    starts: tuple[str, ...] = ()
    correctable: bool = False
    partitions: tuple[str, ...] = ("force_code", "month")
    by_name: dict[str, Column] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})

    @property
    def has_legs(self) -> bool:
        """Whether a source may have a record for each leg of what is one record here."""
        return LEG in self.by_name

    @property
    def mapped(self) -> tuple[Column, ...]:
        """Columns that a profile may map."""
        return tuple(c for c in self.columns if c.origin is Origin.MAPPED)

    @property
    def staged(self) -> tuple[Column, ...]:
        """Columns of a staged file, in order: all but the derived ones."""
        return tuple(c for c in self.columns if c.origin is not Origin.DERIVED)


def text(name: str, meaning: str, **more: Unpack[More]) -> Column:
    """Column of text."""
    return Column(name, Kind.TEXT, meaning, **more)


def milestone(name: str, meaning: str, **more: Unpack[More]) -> Column:
    """Instant that keeps the value of the highest version that knows one."""
    return Column(name, Kind.INSTANT, meaning, milestone=True, **more)


def derived(name: str, kind: Kind, meaning: str, **more: Unpack[More]) -> Column:
    """Column that the fold works out."""
    return Column(name, kind, meaning, origin=Origin.DERIVED, **more)


def lineage(name: str, kind: Kind, meaning: str, **more: Unpack[More]) -> Column:
    """Column that intake records."""
    return Column(name, kind, meaning, origin=Origin.LINEAGE, **more)
