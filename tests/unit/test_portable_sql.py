"""The metric SQL stays in the portable core: one text for DuckDB, Athena and Spark, with no silent difference."""

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import sqlglot
import trino_query_parser
import trino_sql_validator
from sqlglot import exp

from callclock.clock import Month
from callclock.contracts import TABLES
from callclock.engine import connect
from callclock.metrics.catalogue import LONG, Family, families, relations
from callclock.metrics.evaluate import prepare
from callclock.metrics.known import ExportKnown, Known, SourceKnown
from local.athena_sql import FOLDER, athena_steps, texts, to_athena
from tests.support.curated import FORCE, TARGETS, Row, assessment, at, call, contact, incident, interval, regrade, write

TEXTS = {
    **{name: relation.sql for name, relation in relations().items()},
    **{family.file: family.sql for family in families()},
    **{f"{family.file} (whole)": family.select for family in families() if not family.name.endswith("_year")},
}
ATHENA = {name: text for found in families() for name, text in athena_steps(found).items() if "_year" not in name}
NOT_NULL = (exp.Coalesce, exp.Literal, exp.Count)


def faults(sql: str) -> list[str]:
    """What would be refused, or silently mean something else, on Athena or Spark."""
    trees = sqlglot.parse(sql, read="duckdb")
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return ["one SELECT only"]
    return sorted({fault for node in trees[0].walk() for fault in (*_shape(node), *_function(node), *_number(node))})


def _shape(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.WithinGroup):
        yield "WITHIN GROUP becomes APPROX_PERCENTILE"
    if isinstance(node, exp.Join) and (node.args.get("method") or "").upper() == "ASOF":
        yield "ASOF"
    if isinstance(node, exp.Join) and node.args.get("using"):
        yield "USING drops the table's name from the column"
    if isinstance(node, exp.Group) and node.args.get("all"):
        yield "GROUP BY ALL"
    if isinstance(node, exp.Pivot):
        yield "PIVOT"
    if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace") or node.args.get("rename")):
        yield "* EXCLUDE / REPLACE"
    if isinstance(node, exp.Array | exp.List | exp.Struct | exp.Bracket | exp.Lambda):
        yield "lists and structs"
    if isinstance(node, exp.Ordered) and node.find_ancestor(exp.ArrayAgg):
        yield "array_agg"
    if isinstance(node, exp.Placeholder | exp.Parameter):
        yield "parameters: read the relation run"


NEVER: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "the clock: read run.force_as_at",
    exp.CurrentTimestamp: "the clock: read run.force_as_at",
    exp.CurrentTime: "the clock: read run.force_as_at",
    exp.CurrentDatetime: "the clock: read run.force_as_at",
    exp.MD5: "md5()",
    exp.MD5Digest: "md5()",
    exp.Log: "log() has another base elsewhere: LN",
    exp.AnyValue: "any_value is not deterministic",
    exp.Median: "write quantile_cont(x, 0.5)",
    exp.ApproxQuantile: "an approximate percentile",
    exp.ArrayAgg: "array_agg",
    exp.GroupConcat: "string_agg",
    exp.AtTimeZone: "time zone arithmetic: read the local columns",
    exp.DayOfWeek: "day of week: isodow()",
}


def _function(node: exp.Expr) -> Iterator[str]:
    if type(node) in NEVER:
        yield NEVER[type(node)]
    if isinstance(node, exp.Anonymous) and node.name.lower() in {"now", "today", "len", "list", "md5", "log10"}:
        yield f"{node.name.lower()}()"
    if isinstance(node, exp.Extract) and str(node.this).upper() in {"DOW", "DAYOFWEEK"}:
        yield "day of week: isodow()"
    if isinstance(node, exp.Grouping) and len(node.expressions) > 1:
        yield "GROUPING with several arguments"
    if isinstance(node, exp.Greatest | exp.Least):
        arguments = [node.this, *node.expressions]
        if not all(isinstance(argument, NOT_NULL) for argument in arguments):
            yield "GREATEST / LEAST of what may be NULL: COALESCE each"
    if isinstance(node, exp.DateDiff) and str(node.args.get("unit")).upper() not in {"SECOND", "MILLISECOND", "DAY"}:
        yield f"date_diff in {node.args.get('unit')}"
    if isinstance(node, exp.RowNumber):
        yield from _tie_break(node)


def _tie_break(node: exp.RowNumber) -> Iterator[str]:
    window = node.find_ancestor(exp.Window)
    order = window.args.get("order") if window else None
    last = order.expressions[-1].this.name if order else ""
    if last not in {"record_key", "call_id", "incident_id"}:
        yield "row_number without a unique last ORDER BY column"


def _number(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Div):
        top, bottom = node.this.unnest(), node.expression.unnest()
        if not (isinstance(top, exp.Cast) and top.is_type("double")) and not _is_float(top):
            yield f"{node.sql('duckdb')}: CAST(numerator AS DOUBLE)"
        if not isinstance(bottom, exp.Nullif) and not _cannot_be_zero(bottom):
            yield f"{node.sql('duckdb')}: NULLIF(denominator, 0)"
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.this and "E" not in node.this.upper():
        quantile = isinstance(node.parent, exp.PercentileCont | exp.PercentileDisc | exp.Quantile)
        if not quantile:
            yield f"{node.this} is a decimal: write {node.this}E0"
    if isinstance(node, exp.Sum) and not node.find_ancestor(exp.Cast, exp.Sqrt, exp.Nullif):
        inner = node.find_ancestor(exp.CTE)
        outer = inner.parent_select if inner else None
        if outer is None:
            yield f"outer {node.sql('duckdb')}: CAST(SUM(..) AS BIGINT)"


def _is_float(node: exp.Expr) -> bool:
    """Whether arithmetic on the node is in DOUBLE: a literal with an exponent, or a root, stands somewhere in it."""
    literals = [n for n in node.find_all(exp.Literal) if not n.is_string and "E" in n.this.upper()]
    return bool(literals)


def _cannot_be_zero(node: exp.Expr) -> bool:
    """A positive literal, or one plus something that is never negative."""
    if isinstance(node, exp.Literal):
        return float(node.this) != 0
    return isinstance(node, exp.Add) and isinstance(node.this, exp.Literal) and float(node.this.this) > 0


@pytest.mark.parametrize("name", TEXTS)
def test_within_the_portable_core(name: str) -> None:
    assert faults(TEXTS[name]) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a / b FROM t",
        "SELECT CAST(a AS DOUBLE) / b FROM t",
        "SELECT SUM(x) AS s FROM t",
        "SELECT median(x) FROM t",
        "SELECT * FROM a ASOF JOIN b ON a.k = b.k AND a.t >= b.t",
        "SELECT dayofweek(t) FROM x",
        "SELECT date_diff('hour', a, b) FROM t",
        "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY x) FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT g, COUNT(*) FROM t GROUP BY ALL",
        "PIVOT t ON g USING sum(x)",
        "SELECT GREATEST(a, 0) FROM t",
        "SELECT log(x) FROM t",
        "SELECT md5(x) FROM t",
        "SELECT now() FROM t",
        "SELECT current_timestamp FROM t",
        "SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t",
        "SELECT any_value(x) FROM t",
        "SELECT [1, 2] FROM t",
        "SELECT a * 0.9 FROM t",
        "SELECT GROUPING(a, b) FROM t GROUP BY CUBE (a, b)",
        "SELECT a AT TIME ZONE 'Europe/London' FROM t",
        "SELECT 1; SELECT 2",
        "SELECT $as_at",
    ],
)
def test_what_is_not_portable_is_refused(sql: str) -> None:
    assert faults(sql) != []


@pytest.mark.parametrize("name", ATHENA)
def test_both_trino_checkers_accept_the_athena_text(name: str) -> None:
    text = ATHENA[name]
    assert not re.search(r"PERCENTILE_CONT|QUANTILE|APPROX", text.upper())
    trino_query_parser.parse_statement(text)
    verdict = trino_sql_validator.validate(text)
    assert verdict.valid, verdict.error
    assert verdict.unknown_functions == []


def test_the_committed_athena_text_is_that_of_the_source() -> None:
    committed = {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()}
    assert committed.keys() == {f"{name}.sql" for name in ATHENA}
    assert committed == texts(), "athena/ is out of date: run make athena"


def evaluated(con: duckdb.DuckDBPyConnection, family: Family, folder: Path) -> None:
    """Work a family out from some sixty records of a month, or of the year that a long period reaches over."""
    as_at = at("2026-05-20T00:00:00Z")
    chance = random.Random(11)
    hours = 8600 if set(family.kinds) & set(LONG) else 740
    starts = [at("2026-03-31T20:00:00Z") - timedelta(hours=chance.randrange(hours)) for _ in range(60)]
    if family.table == "incidents":
        rows = [
            incident(
                as_at,
                record_key=str(n),
                incident_id=str(n),
                call_received_at=start,
                created_at=start,
                grade_initial=chance.choice(["1", "2"]),
                domestic_abuse=chance.random() < 0.4,
                first_dispatched_at=start + timedelta(minutes=n),
                call_answered_at=start + timedelta(seconds=3 * n) if n % 3 else None,
                first_arrived_at=chance.choice([None, start + timedelta(minutes=7 * n + 1)]),
                closed_at=start + timedelta(hours=2) if n % 3 == 0 else None,
                closure_reason="no_reply" if n % 6 else "cancelled",
                origin="officer" if n % 7 == 5 else "public",
            )
            for n, start in enumerate(starts)
        ]
    elif family.table == "call_intervals":
        rows = [
            interval(
                as_at,
                record_key=str(n),
                interval_start=start,
                provider="BT" if n % 3 else "acd",
                offered=n + 3,
                answered=n,
                abandoned=2 if n % 2 else None,
                answered_within_10s=n // 2,
                answered_within_30s=2 * n // 3,
                answered_within_60s=3 * n // 4,
                band_bound="inclusive",
            )
            for n, start in enumerate(starts)
        ]
    else:
        rows = [
            call(
                as_at,
                record_key=str(n),
                call_started_at=start,
                caller_key=chance.choice(["a", "b", None]),
                ivr_entered_at=start,
                alternative_offered_at=start + timedelta(seconds=2) if n % 2 else None,
                tells="alternative_offered_at",
                skill_queued_at=start + timedelta(seconds=3),
                final_answered_at=start + timedelta(seconds=n + 5) if n % 3 else None,
                ended_at=start + timedelta(seconds=200),
                stage="answered" if n % 3 else "skill_queue",
            )
            for n, start in enumerate(starts)
        ]
    path = write(TABLES[family.table], rows, folder / "curated.parquet")
    sources = tuple(SourceKnown(name, "test", as_at, "snapshot", starts[0]) for name in family.tables)
    if family.each_source:
        holes = tuple((start, start + timedelta(hours=30)) for start in sorted(starts)[::20])
        exports = tuple(ExportKnown(start, start - timedelta(hours=n), n, n // 4) for n, start in enumerate(starts))
        midnights = [at("2026-03-01T00:00:00Z") + timedelta(days=n) for n in range(31)]
        taken = (as_at - timedelta(days=1), as_at + timedelta(days=1))
        snapshots = tuple((day, day + timedelta(hours=20), taken[n % 2]) for n, day in enumerate(midnights))
        sources = (replace(sources[0], holes=holes, exports=exports, snapshots=snapshots),)
    known = Known(as_at, sources)
    others = {name: [write(TABLES[name], ALSO[name](starts), folder / f"{name}.parquet")] for name in family.also}
    paths = {family.table: [path], **others}
    march = Month(2026, 3)
    ready = prepare(con, paths, homes=[march], force=FORCE, targets=TARGETS, known=known)
    ready.evaluate(family, {march: folder / "values.parquet"})


def unseen(con: duckdb.DuckDBPyConnection, family: Family) -> list[str]:
    """Measures of a family evaluated that have no value among those records: two engines would agree on nothing."""
    if not family.metrics:
        there = con.execute(f"SELECT 1 FROM ({family.select}) LIMIT 1").fetchall()
        return [] if there else [family.result.name]
    valued = con.execute(f"SELECT DISTINCT metric FROM ({family.select}) WHERE value IS NOT NULL").fetchall()
    return sorted({measure.name for measure in family.metrics} - {str(metric) for (metric,) in valued})


@pytest.mark.parametrize("family", [f for f in families() if "_year" not in f.name], ids=lambda family: family.name)
def test_the_athena_text_gives_the_same_values(family: Family, tmp_path: Path) -> None:
    """Brought back to DuckDB. It shows that the translation keeps the meaning, not how Athena would run it."""
    with connect(tmp_path / "duckdb") as con:
        evaluated(con, family, tmp_path)
        ours = con.execute(f"SELECT * FROM ({family.select}) ORDER BY ALL").fetchall()
        assert unseen(con, family) == []
        stored = {step.name for step in family.relations if step.stored}
        for name, text in athena_steps(family).items():
            back = sqlglot.transpile(text, read="athena", write="duckdb")[0]
            kind = "TABLE" if name in stored else "VIEW"
            con.execute(f"CREATE OR REPLACE TEMP {kind} athena_{name} AS {_renamed(back, family)}")
        theirs = con.execute(f"SELECT * FROM athena_{family.name} ORDER BY ALL").fetchall()
    for a, b in zip(ours, theirs, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x == y or math.isclose(x, y, rel_tol=1e-12), (a, b)


def _assessments(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        made = start + timedelta(hours=n)
        said = {"declined_at": made} if n % 4 == 0 else {"assessed_at": made, "level": "high" if n % 3 else None}
        shared = {"referral_shared_at": made + timedelta(hours=5 * n)} if n % 2 else {}
        yield assessment(made + timedelta(days=40), record_key=str(n), incident_id=str(n), **said, **shared)


def _contacts(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        sent = start + timedelta(hours=n)
        channel = "webchat" if n % 2 else "online_report"
        yield contact(sent, record_key=str(n), submitted_at=sent, channel=channel, caller_key="ab"[n % 2])


def _incidents(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        yield incident(start, record_key=str(n), created_at=start + timedelta(hours=1), caller_key="ab"[n % 2])


def _regrades(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        changed = start + timedelta(minutes=2 * n)
        yield regrade(changed, record_key=str(n), incident_id=str(n), regraded_at=changed)


def _calls(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        ended = start + timedelta(minutes=n - 5)
        yield call(
            start, record_key=str(n), call_started_at=start, ended_at=ended, stage="queue", conflicts=n % 3 or None
        )


def _intervals(starts: Sequence[datetime]) -> Iterator[Row]:
    for n, start in enumerate(starts):
        yield interval(start, record_key=str(n), interval_start=start)


ALSO = {
    "safeguarding": _assessments,
    "regrades": _regrades,
    "calls": _calls,
    "contacts": _contacts,
    "incidents": _incidents,
    "call_intervals": _intervals,
}
"""Rows of the tables that families look things up in."""


def _renamed(sql: str, family: Family) -> str:
    """Read the Athena views in place of ours."""
    names = {step.name for step in family.relations}

    def rename(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name in names:
            node.set("this", exp.to_identifier(f"athena_{node.name}"))
        return node

    return sqlglot.parse_one(sql, read="duckdb").transform(rename).sql("duckdb")


def test_exact_percentiles_come_back_equal(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = [(chance.randrange(6), chance.randrange(1, 10**9) if chance.random() < 0.8 else None) for _ in range(500)]
    rows += [(99, None), (100, 5)]
    shares = ", ".join(
        f"quantile_{way}(x, {share}) AS {way}{n}"
        for way in ("cont", "disc")
        for n, share in enumerate((0.5, 0.9, 0.95))
    )
    select = f"SELECT g, {shares} FROM t GROUP BY g"
    back = sqlglot.transpile(to_athena(select), read="athena", write="duckdb")[0]
    with connect(tmp_path) as con:
        con.execute("CREATE TABLE t (g INTEGER, x BIGINT)")
        con.executemany("INSERT INTO t VALUES (?, ?)", rows)
        ours = sorted(con.execute(select).fetchall())
        theirs = sorted(con.execute(back).fetchall())
    assert len(ours) == 8
    for a, b in zip(ours, theirs, strict=True):
        assert a[0] == b[0]
        for x, y in zip(a[1:], b[1:], strict=True):
            assert (x is None and y is None) or math.isclose(x, y, rel_tol=1e-15)
