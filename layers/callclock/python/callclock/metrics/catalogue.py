"""The measures there are, read from the headers of the SQL files beside this module.

A file holds either a *relation* (a step that several families share) or a *family* (measures worked out together). Its
header is lines ``-- key: value``; in a family each ``metric:`` begins the definition of one or more measures.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from itertools import pairwise

from callclock.clock import PeriodKind
from callclock.columns import Table
from callclock.contracts import ATTENDANCE_CURVE, CURATED, METRIC_VALUES, REGRADE_MATRIX, VALUE_KEYS
from callclock.metrics.headers import (
    HeaderError,
    answer,
    block,
    body,
    header,
    listed,
    listed_of,
    named_as_file,
    number,
)
from callclock.metrics.measures import Metric, defined
from callclock.settings import digest

SHORT = (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER)
LONG = (PeriodKind.FY_TO_DATE, PeriodKind.ROLLING_12M)
INPUTS = frozenset(
    [
        *(table.name for table in CURATED),
        *("sources", "source_gaps", "source_holes", "exports", "snapshots", "run", "periods", "period_days", "reach"),
        *("grades", "services", "areas", "attendance_targets", "metric_targets", "keyed", "definitions", "released"),
    ]
)
"""Relations that evaluation registers; all others are files."""

_OF_PERIODS = frozenset({"periods", "period_days", "reach"})
_RELATION_KEYS = ("relation", "from", "stored", "meaning")
_OPTIONAL_RELATION_KEYS = ("monthly",)
_FAMILY_KEYS = ("name", "table", "from", "keys", "look_behind", "look_ahead", "definition_version")
_OPTIONAL_FAMILY_KEYS = (
    "also",
    "settled_by",
    "settled_after",
    "events_settle",
    "kinds",
    "result",
    "check",
    "each_source",
)
_OWN_TABLES = {table.name: table for table in (ATTENDANCE_CURVE, REGRADE_MATRIX)}
_PERIOD = ("period_kind", "period_label")
_SETTLED_AFTER = {"3", "28", "29"}
_EVENTS_SETTLE = {"0", "1", "3", "28"}


@dataclass(frozen=True)
class Relation:
    """A step shared by families.

    Attributes
    ----------
    stored
        Worked out once (for each kind of period, where it rests on ``periods``) and kept while families are evaluated;
        else a view.
    monthly
        A stored step whose rows of a longer period are those of its months: it is worked out once for each month.
    """

    name: str
    inputs: tuple[str, ...]
    stored: bool
    meaning: str
    sql: str
    monthly: bool = False

    @property
    def lineage(self) -> tuple[str, ...]:
        """Texts of all steps that it rests on, and its own."""
        below = dict.fromkeys(text for i in self.inputs if i not in INPUTS for text in relation(i).lineage)
        return (*below, self.sql)

    @property
    def percentiles(self) -> bool:
        """Whether it asks for percentiles: all values stay in memory until they are told."""
        return "quantile_cont" in self.sql

    @property
    def by_period(self) -> bool:
        """Whether it rests on the periods that are asked for."""
        return any(i in _OF_PERIODS or (i not in INPUTS and relation(i).by_period) for i in self.inputs)


@dataclass(frozen=True)
class Family:
    """Measures that one SELECT works out, for some kinds of period; its values lie in one object a month.

    The same SELECT makes two families: short periods, and (``_year``) those of up to twelve months, so that a touched
    month does not make eleven later partitions work out their days again.

    Attributes
    ----------
    file
        Stem of its SQL file.
    table
        Curated table whose records its values count; its months are the partitions.
    also
        Further curated tables that it looks things up in.
    settled_by
        Those of its tables whose open records and events its values wait for (METRICS "What is known"): none of them
        where nothing counts that happens after a period.
    settled_after, events_settle
        Time alone changes nothing any more these many days after the end of a period, and after the last event in it,
        whichever is later (docs/decisions/0019, 0027).
    result
        Table that its rows belong to: metric_values, unless it draws up a table of its own and has no metric.
    kinds
        Kinds of period it is worked out for.
    keys
        Key columns it breaks down by; of metric_values the others are ``all``.
    look_behind, look_ahead
        Months before a period and days after it whose records its values need.
    inputs
        What its SELECT reads: shared steps, and what evaluation registers.
    relations
        Shared steps it rests on, each after those that it needs.
    check
        Values among those worked out (``released``) that cannot be: a row of it stops their release.
    each_source
        Its values speak of each source by itself: they are known until the force was last heard of (decision 23).
    """

    name: str
    file: str
    table: str
    also: tuple[str, ...]
    settled_by: tuple[str, ...]
    settled_after: int
    events_settle: int
    result: Table
    kinds: tuple[PeriodKind, ...]
    keys: tuple[str, ...]
    look_behind: int
    look_ahead: int
    definition_version: str
    metrics: tuple[Metric, ...]
    inputs: tuple[str, ...]
    relations: tuple[Relation, ...]
    check: Relation | None
    each_source: bool
    sql: str

    @property
    def tables(self) -> tuple[str, ...]:
        """Every curated table it reads, its own first: families of the same tables are worked out together."""
        return (self.table, *self.also)

    @property
    def read(self) -> tuple[str, ...]:
        """What its SELECT and its check read."""
        return (*self.inputs, *(self.check.inputs if self.check else ()))

    @property
    def monthly(self) -> tuple[Relation, ...]:
        """Shared steps that it rests on and that are worked out once for each month."""
        return tuple(step for step in self.relations if step.monthly)

    def reads(self, relation_name: str) -> bool:
        """Whether one of the shared steps that it rests on reads this input."""
        return any(relation_name in step.inputs for step in self.relations)

    @cached_property
    def text_digest(self) -> str:
        """Hash of its SELECT and of the steps below it: asked for in every partition there ever was."""
        return digest([self.select, *(step.sql for step in self.relations)])[:16]

    @property
    def order(self) -> tuple[str, ...]:
        """Columns in whose order its rows are written."""
        return (*(["metric"] if self.result is METRIC_VALUES else []), *_PERIOD, *self.keys, "period_end")

    @property
    def alike(self) -> Mapping[str, str]:
        """Keys of metric_values that are the same in all of its rows, with what they are."""
        own = {"metric", *_PERIOD, *self.keys}
        return {key: "record" if key == "basis" else "all" for key in VALUE_KEYS if key not in own}

    @property
    def select(self) -> str:
        """The whole SELECT over its relations and inputs, with the columns of its result table in order."""
        if self.result is not METRIC_VALUES:
            return (
                f"SELECT\n    f.*,\n    '{self.definition_version}' AS definition_version\nFROM (\n{self.sql}\n) AS f"
            )
        rest = "".join(f",\n        '{said}' AS {key}" for key, said in self.alike.items())
        settling = f"{self.settled_after}, {self.events_settle}"
        definitions = ",\n".join(
            f"        ('{m.name}', '{m.unit}', {m.settles_days}, {settling}, '{self.definition_version}')"
            for m in self.metrics
        )
        defined = "metric, unit, settles_days, settled_after, events_settle, definition_version"
        return (
            "WITH definitions AS (\n    SELECT * FROM (VALUES\n"
            f"{definitions}\n    ) AS d({defined})\n),\n"
            f"keyed AS (\n    SELECT\n        f.*{rest}\n    FROM (\n{self.sql}\n    ) AS f\n)\n"
            f"{relation('finish').sql}"
        )


@cache
def families() -> tuple[Family, ...]:
    """Every family, by name."""
    found = [family for file, text in _texts().items() if _is_family(text) for family in read_family(file, text)]
    return tuple(sorted(found, key=lambda family: family.name))


def family(name: str) -> Family:
    """Family of that name.

    Raises
    ------
    KeyError
        Naming those there are.
    """
    for found in families():
        if found.name == name:
            return found
    raise KeyError(f"no family {name!r}; there are {', '.join(f.name for f in families())}")


def metric(name: str) -> Metric:
    """Measure of that name, as records give it: counts by interval have some of the names on a basis of their own.

    Raises
    ------
    KeyError
        There is none.
    """
    for found in sorted(families(), key=lambda family: "basis" in family.keys):
        for measure in found.metrics:
            if measure.name == name:
                return measure
    raise KeyError(f"no metric {name!r}; the metrics are defined in the headers of callclock/metrics/*.sql")


@cache
def relations() -> Mapping[str, Relation]:
    """Every shared step by name."""
    found = [read_relation(file, text) for file, text in _texts().items() if not _is_family(text)]
    return {step.name: step for step in found}


def steps_below(names: Iterable[str], ready: Collection[str] = ()) -> tuple[Relation, ...]:
    """Steps that relations of these names stand for with all that they rest on, each after what it needs.

    Parameters
    ----------
    ready
        Steps whose rows are there already: what only they rest on is left out.
    """
    found: dict[str, Relation] = {}
    for name in names:
        if name not in INPUTS:
            below = () if name in ready else steps_below(relation(name).inputs, ready)
            found.update({step.name: step for step in (*below, relation(name))})
    return tuple(found.values())


def relation(name: str) -> Relation:
    """Shared step of that name."""
    return relations()[name]


def read_relation(file: str, text: str) -> Relation:
    """Read one relation file.

    Parameters
    ----------
    file
        Name of the file, for messages; the relation is to be named as it.

    Raises
    ------
    HeaderError
        Naming file and line.
    """
    said = block(file, list(header(file, text)), _RELATION_KEYS, _OPTIONAL_RELATION_KEYS)
    named_as_file(file, said["relation"])
    # A list written out in the text rests on nothing.
    inputs = () if said["from"] == "none" else listed(said["from"])
    return Relation(
        name=said["relation"],
        inputs=inputs,
        stored=answer(file, "stored", said["stored"]),
        meaning=said["meaning"],
        sql=body(text),
        monthly=answer(file, "monthly", said.get("monthly", "no")),
    )


def read_family(file: str, text: str) -> tuple[Family, ...]:
    """Read one family file: its family of short periods and its family of long ones, as far as it has such.

    Raises
    ------
    HeaderError
        Naming file and line.
    """
    lines = list(header(file, text))
    starts = [place for place, (_, key, _) in enumerate(lines) if key == "metric"]
    _has_metrics_or_a_table(file, bool(starts), any(key == "result" for _, key, _ in lines))
    said = block(file, lines[: starts[0] if starts else None], _FAMILY_KEYS, _OPTIONAL_FAMILY_KEYS)
    named_as_file(file, said["name"])
    metrics = defined(file, [lines[start:end] for start, end in pairwise([*starts, len(lines)])])
    result = _result(file, said)
    columns = VALUE_KEYS if result is METRIC_VALUES else tuple(result.by_name)
    kinds = [*SHORT, *LONG]
    if "kinds" in said:
        kinds = [
            PeriodKind(kind) for kind in listed_of(file, "kinds", said["kinds"], "kind of period", list(PeriodKind))
        ]
    also = _tables(file, "also", said["also"]) if "also" in said else ()
    settled_by = (said["table"], *also)
    if "settled_by" in said:
        settled_by = () if said["settled_by"] == "none" else _tables(file, "settled_by", said["settled_by"])
    settled_after = said.get("settled_after", "28")
    events_settle = said.get("events_settle", settled_after)
    for key, days, known in (
        ("settled_after", settled_after, _SETTLED_AFTER),
        ("events_settle", events_settle, _EVENTS_SETTLE),
    ):
        if days not in known:
            raise HeaderError(f"{file}: {key}: {days!r}: write one of {', '.join(sorted(known))}")

    def of(name: str, kinds: tuple[PeriodKind, ...]) -> Family:
        return Family(
            name=name,
            file=said["name"],
            table=said["table"],
            also=also,
            settled_by=settled_by,
            settled_after=int(settled_after),
            events_settle=int(events_settle),
            result=result,
            kinds=kinds,
            keys=listed_of(file, "keys", said["keys"], "key column", columns),
            look_behind=number(file, "look_behind", said["look_behind"], "months"),
            look_ahead=number(file, "look_ahead", said["look_ahead"], "days"),
            definition_version=said["definition_version"],
            metrics=metrics,
            inputs=listed(said["from"]),
            relations=_resolved(file, listed(said["from"])),
            check=_resolved(file, (said["check"],))[-1] if "check" in said else None,
            each_source=answer(file, "each_source", said.get("each_source", "no")),
            sql=body(text),
        )

    short, long = (tuple(kind for kind in of_length if kind in kinds) for of_length in (SHORT, LONG))
    both = ((said["name"], short), (f"{said['name']}_year", long))
    return tuple(of(name, found) for name, found in both if found)


def _result(file: str, said: Mapping[str, str]) -> Table:
    named = said.get("result")
    if named is not None and named not in _OWN_TABLES:
        raise HeaderError(f"{file}: result: no table {named!r}: there are {', '.join(_OWN_TABLES)}")
    return METRIC_VALUES if named is None else _OWN_TABLES[named]


def _has_metrics_or_a_table(file: str, metrics: bool, table: bool) -> None:
    if metrics == table:
        fault = "a metric beside result: define none" if metrics else "no metric: define at least one measure"
        raise HeaderError(f"{file}:1: {fault}; measures go to metric_values, a contract defines a table of its own")


def _resolved(file: str, names: tuple[str, ...]) -> tuple[Relation, ...]:
    """Steps that ``names`` stand for, all of them known."""
    for name in names:
        if name not in INPUTS and name not in relations():
            raise HeaderError(f"{file}: from: no relation {name!r}: write a {name}.sql or name an input")
        if name in relations():
            _resolved(f"{name}.sql", relation(name).inputs)
    return steps_below(names)


def _tables(file: str, key: str, value: str) -> tuple[str, ...]:
    return listed_of(file, key, value, "curated table", [table.name for table in CURATED])


def _is_family(text: str) -> bool:
    return text.startswith("-- name:")


def _texts() -> dict[str, str]:
    files = (file for file in (resources.files("callclock") / "metrics").iterdir() if file.name.endswith(".sql"))
    return {file.name: file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name)}
