"""Writes docs/metrics.md from the headers of the SQL, the contracts and docs/examples.toml: ``make docs``.

It stops where a definition changed and its version did not (:mod:`local.definitions`).
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from callclock.columns import Table
from callclock.contracts import ATTENDANCE_CURVE, METRIC_VALUES, REGRADE_MATRIX, TABLES
from callclock.metrics.catalogue import Family, families
from callclock.metrics.measures import Metric
from local import definitions

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "metrics.md"
EXAMPLES = ROOT / "docs" / "examples.toml"
WORKED = ROOT / "tests" / "fixtures" / "worked-examples.json"
_GROUPS = {
    "attendance": "Attendance",
    "calls": "Calls",
    "followthrough": "After the hang-up",
    "safeguarding": "Safeguarding",
    "feed": "The feed itself",
}
_UNITS = {"s": "seconds", "share": "share, 0 to 1", "count": "count", "ratio": "ratio"}
_HEAD = """# What every figure means

Written by `make docs` from the headers of `callclock/metrics/*.sql`, the contracts and [examples.toml](examples.toml):
change those, not this file. A test works every example out again, through the SQL that measures.

Figures are rows of `results.metric_values`. Every row says besides its value what it rests on: the columns are at the
[end](#columns-of-the-results). Where Athena shows no comment on a row, it shows the definition by
`SHOW TBLPROPERTIES results.metric_values('definition.calls.offered')`.
"""


@dataclass(frozen=True)
class Example:
    """A figure worked out by hand from the records of a scene.

    Attributes
    ----------
    where
        Values of the key columns; the others are ``all``.
    value
        A number, or numerator and denominator as ``a/b``.
    """

    metric: str
    scene: str
    where: Mapping[str, str]
    value: float | str
    why: str

    @property
    def basis(self) -> str:
        """Which of two measures of one name it is of."""
        return self.where.get("basis", "record")


def examples() -> tuple[Example, ...]:
    """Every worked example, in the order of the file."""
    return tuple(Example(**said) for said in _read()["figures"])


def render() -> str:
    """Return the text of docs/metrics.md.

    Raises
    ------
    ValueError
        A figure has no worked example, or an example is of no figure.
    """
    found = {(example.metric, example.basis): example for example in examples()}
    described = list(_described())
    _all_explained({(m.name, _basis(family)) for family, metrics in described for m in metrics}, set(found))
    lines = [_HEAD]
    for prefix, title in _GROUPS.items():
        mine = [(family, metrics) for family, metrics in described if metrics[0].name.startswith(f"{prefix}.")]
        if mine:
            lines.append(f"## {title}\n")
        for family, metrics in mine:
            lines += _figure(family, metrics, [found[m.name, _basis(family)] for m in metrics])
    lines += [*_scenes(), *_columns()]
    return "\n".join(lines).rstrip() + "\n"


def _read() -> dict[str, Any]:
    return tomllib.loads(EXAMPLES.read_text("utf-8"))


def _described() -> Iterator[tuple[Family, Sequence[Metric]]]:
    """Families of short periods, each with the measures that share one definition."""
    for family in families():
        if family.name == family.file:
            for _, metrics in groupby(family.metrics, key=lambda m: replace(m, name="")):
                yield family, list(metrics)


def _basis(family: Family) -> str:
    return "interval" if "basis" in family.keys else "record"


def _all_explained(figures: set[tuple[str, str]], explained: set[tuple[str, str]]) -> None:
    if figures - explained:
        name, basis = min(figures - explained)
        raise ValueError(f"{EXAMPLES.name}: no example of {name} (basis {basis}): work one out by hand and add it")
    if explained - figures:
        name, basis = min(explained - figures)
        raise ValueError(f"{EXAMPLES.name}: {name} (basis {basis}) is measured nowhere: mend its name or remove it")


def _figure(family: Family, metrics: Sequence[Metric], worked: Sequence[Example]) -> Iterator[str]:
    first = metrics[0]
    names = ", ".join(f"`{m.name}`" for m in metrics)
    basis = " (counts by interval)" if "basis" in family.keys else ""
    yield f"### {names}{basis}\n"
    yield f"{first.definition}.\n"
    yield f"- **Population:** {first.population}"
    if first.numerator != "none":
        yield f"- **Numerator:** {first.numerator}"
        yield f"- **Denominator:** {first.denominator}"
    yield f"- **Left out:** {first.exclusions}"
    direction = {"lower_is_better": "lower is better", "higher_is_better": "higher is better"}.get(first.direction)
    yield f"- **Unit:** {_UNITS[first.unit]}" + (f"; {direction}" if direction else "")
    version = f"definition {family.definition_version} of `{family.file}.sql`"
    yield f"- **Broken down by:** {', '.join(family.keys)}; {version}"
    if first.settles_days:
        yield f"- **Settled:** {first.settles_days} days after the period"
    for example in worked:
        place = ", ".join(f"{key} {value}" for key, value in example.where.items())
        scene = f"[{example.scene}](#example-{example.scene})"
        yield f"- **Example** {scene}, {place}: `{example.metric}` = **{_value(example.value)}**: {example.why}"
    yield ""


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return f"{value} = {float(Fraction(value)):.4g}"
    return f"{value:,.10g}"


def _scenes() -> Iterator[str]:
    yield "## Records of the examples\n"
    worked = {example["id"]: example for example in json.loads(WORKED.read_text("utf-8"))["examples"]}
    for name, scene in _read()["scenes"].items():
        yield f"### Example {name}\n"
        yield f"{scene['said']}\n"
        if "worked" in scene:
            held = worked[scene["worked"]]
            for part in ("records", "episodes", "contacts"):
                yield from _table(held.get(part, []))
        else:
            sent = (scene.get("exports", []), scene.get("snapshots", []))
            for records in (scene["records"], *scene.get("also", {}).values(), *sent):
                yield from _table(records)


def _table(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    columns = list(dict.fromkeys(key for record in records for key in record))
    if columns:
        yield "| " + " | ".join(columns) + " |"
        yield "|" + " --- |" * len(columns)
        for record in records:
            yield "| " + " | ".join(_cell(record.get(column)) for column in columns) + " |"
        yield ""


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _columns() -> Iterator[str]:
    yield "## Columns of the results\n"
    for table in (METRIC_VALUES, ATTENDANCE_CURVE, REGRADE_MATRIX):
        yield from _contract(TABLES[table.name])


def _contract(table: Table) -> Iterator[str]:
    yield f"### `results.{table.name}`\n"
    yield f"{table.meaning}.\n"
    yield "| column | type | meaning |"
    yield "| --- | --- | --- |"
    for column in table.columns:
        yield f"| `{column.name}` | {column.kind.glue} | {column.meaning.replace('|', chr(92) + '|')} |"
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write docs/metrics.md and the lock of the definitions; 1 when a definition changed under its old version."""
    parser = argparse.ArgumentParser(prog="python -m local.explained", description=__doc__)
    parser.add_argument("--same", metavar="WHY", help="texts changed and no value did: say why")
    same = parser.parse_args(arguments).same
    try:
        lock = definitions.locked(definitions.held(), definitions.one_of_each(), same or None)
    except definitions.DefinitionChangedError as fault:
        print(fault, file=sys.stderr)
        return 1
    definitions.LOCK.write_text(definitions.text(lock), "utf-8")
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
