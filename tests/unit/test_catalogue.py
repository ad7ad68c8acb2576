"""The catalogue: headers are read, complete, and a fault in one names file and line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from callclock.clock import Month, PeriodKind
from callclock.contracts import ATTENDANCE_CURVE, INCIDENTS, METRIC_VALUES, VALUE_KEYS
from callclock.engine import connect
from callclock.metrics.catalogue import (
    Family,
    families,
    family,
    metric,
    read_family,
    read_relation,
    relations,
    steps_below,
)
from callclock.metrics.evaluate import prepare
from callclock.metrics.headers import HeaderError
from callclock.metrics.known import Known
from callclock.reasons import Exclusion
from tests.support.curated import FORCE, TARGETS, at

GOOD = """-- name: waits
-- table: calls
-- from: calls_cell
-- keys: line, queue
-- look_behind: 1
-- look_ahead: 0
-- definition_version: 3
--
-- metric: calls.a_s, calls.b_s
-- definition: How long: a clock
-- population: Calls
-- numerator: none
-- denominator: none
-- exclusions: None
-- unit: s
-- direction: lower_is_better
-- settles_days: 28
SELECT 1 AS value
-- a remark of the SQL
"""


def test_reads_a_family() -> None:
    short, long = read_family("waits.sql", GOOD)
    assert (short.name, long.name) == ("waits", "waits_year")
    assert {*short.kinds, *long.kinds} == set(PeriodKind)
    assert not set(short.kinds) & set(long.kinds)
    assert short.keys == ("line", "queue")
    assert (short.look_behind, short.look_ahead, short.definition_version) == (1, 0, "3")
    assert [m.name for m in short.metrics] == ["calls.a_s", "calls.b_s"]
    assert short.metrics[1].definition == "How long: a clock"
    assert short.metrics[0].settles_days == 28
    assert [step.name for step in short.relations] == ["calls_stated", "calls_population", "calls_cuts", "calls_cell"]
    assert short.sql == "SELECT 1 AS value\n-- a remark of the SQL"
    assert short.settled_by == ("calls",)
    looks_up = read_family("waits.sql", GOOD.replace("-- table: calls", "-- table: calls\n-- also: contacts"))[0]
    assert looks_up.settled_by == looks_up.tables == ("calls", "contacts")
    settled = "-- table: calls\n-- also: contacts\n-- settled_by: calls"
    assert read_family("waits.sql", GOOD.replace("-- table: calls", settled))[0].settled_by == ("calls",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- unit: s\n", "", "waits.sql:9: 'unit' is missing"),
        ("-- unit: s\n", "-- unit: minutes\n", "waits.sql:9: unit 'minutes'"),
        ("-- unit: s\n", "-- unit: s\n-- unit: s\n", "waits.sql:16: key 'unit' stands twice"),
        ("-- unit: s\n", "-- units: s\n", "waits.sql:15: unknown key 'units'"),
        ("-- unit: s\n", "-- unit s\n", "waits.sql:15: '-- unit s' is no header line"),
        ("-- direction: lower_is_better", "-- direction: down", "waits.sql:9: direction 'down'"),
        ("-- settles_days: 28", "-- settles_days: 7", "waits.sql:9: settles_days '7'"),
        ("-- keys: line, queue", "-- keys: line, lane", "waits.sql: keys: no key column 'lane'"),
        ("-- look_behind: 1", "-- look_behind: -1", "waits.sql: look_behind: '-1'"),
        ("-- from: calls_cell", "-- from: calls_cel", "waits.sql: from: no relation 'calls_cel'"),
        ("-- table: calls", "-- table: calls\n-- also: call", "waits.sql: also: no curated table 'call'"),
        ("-- table: calls", "-- table: calls\n-- settled_by: call", "waits.sql: settled_by: no curated table 'call'"),
        ("-- name: waits", "-- name: wait", "waits.sql:1: named 'wait'"),
        ("calls.a_s, calls.b_s", "calls.a_s, calls.a_s", "waits.sql: metric 'calls.a_s' is defined twice"),
        ("-- metric: calls.a_s, calls.b_s", "-- unit: s", "waits.sql:1: no metric"),
        ("-- look_ahead: 0", "-- result: attendance_curve\n-- look_ahead: 0", "waits.sql:1: a metric beside result"),
        ("-- look_ahead: 0", "-- kinds: month, year\n-- look_ahead: 0", "waits.sql: kinds: no kind of period 'year'"),
    ],
)
def test_a_malformed_header_names_file_line_and_key(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(HeaderError) as fault:
        read_family("waits.sql", GOOD.replace(old, new))
    assert said in str(fault.value)


CURVE = GOOD[: GOOD.index("--\n")].replace(
    "-- keys: line, queue", "-- keys: grade, after_s\n-- result: attendance_curve"
)


def test_a_family_may_draw_up_a_table_of_its_own_for_some_kinds_of_period() -> None:
    (long,) = read_family("waits.sql", f"{CURVE}-- kinds: rolling_12m\nSELECT 1 AS after_s")
    assert (long.name, long.kinds, long.metrics) == ("waits_year", (PeriodKind.ROLLING_12M,), ())
    assert long.result is ATTENDANCE_CURVE
    assert long.order == ("period_kind", "period_label", "grade", "after_s", "period_end")
    with pytest.raises(HeaderError, match=r"waits\.sql: result: no table 'curve': there are attendance_curve, "):
        read_family("waits.sql", CURVE.replace("result: attendance_curve", "result: curve"))
    with pytest.raises(HeaderError, match=r"waits\.sql: keys: no key column 'lane': there are period_kind, "):
        read_family("waits.sql", CURVE.replace("grade, after_s", "lane"))


def test_a_relation_says_whether_it_is_stored() -> None:
    text = "-- relation: r\n-- from: calls\n-- stored: maybe\n-- meaning: x\nSELECT 1\n"
    with pytest.raises(HeaderError, match=r"r\.sql: stored: 'maybe': write yes or no"):
        read_relation("r.sql", text)


def test_every_metric_is_defined_once_and_begins_with_its_subject() -> None:
    defined = [(f, m.name) for f in families() if not f.name.endswith("_year") for m in f.metrics]
    # Counts by interval have names of records on a basis of their own.
    names = [(name, "basis" in of.keys) for of, name in defined]
    assert len(names) == len(set(names))
    assert metric("calls.offered").definition == "Calls that came in"
    for of, name in defined:
        assert name.split(".")[0] in {of.file.split("_")[0], of.table}, name
    assert metric("attendance.within_4h").unit == "share"
    with pytest.raises(KeyError, match=r"no metric 'attendance\.average'"):
        metric("attendance.average")
    with pytest.raises(KeyError, match="no family 'nothing'"):
        family("nothing")


def test_every_exclusion_is_counted_by_reason() -> None:
    counted = family("attendance_counts").sql
    for reason in Exclusion:
        assert f"('attendance.excluded', '{reason}')" in counted
        assert f"excluded_{reason}" in relations()["attendance_cell"].sql


def test_every_fate_of_an_incident_has_a_number(tmp_path: Path) -> None:
    """What has none would count as if nothing stood against it. Up to 7 it counts; what times decide is numbered by hand."""
    with connect(tmp_path) as con:
        numbers = dict(con.execute(f"SELECT fate, fate_no FROM ({relations()['attendance_fates'].sql})").fetchall())
    closed = INCIDENTS.by_name["closure_reason"].values
    assert {fate for fate, number in numbers.items() if 4 <= number <= 7} == closed
    assert {fate for fate, number in numbers.items() if number <= 7} - closed == {"attended", "open", "unknown"}
    assert [fate for fate, number in sorted(numbers.items(), key=lambda pair: pair[1]) if number > 7] == list(Exclusion)
    judged = relations()["attendance_judged"].sql
    assert f"WHEN t.attend_ms <= 0 THEN {numbers['already_on_scene']}\n" in judged
    assert f"t.arrival_told THEN {numbers['negative_interval']}\n" in judged


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """Names of the columns that each family's SELECT gives, by family."""
    known = Known(at("2026-04-01T00:00:00Z"), ())
    found = {}
    for tables in {of.tables for of in families()}:
        folder = tmp_path_factory.mktemp("-".join(tables))
        with connect(folder) as con:
            march = Month(2026, 3)
            ready = prepare(con, dict.fromkeys(tables, ()), homes=[march], force=FORCE, targets=TARGETS, known=known)
            for of in families():
                if of.tables == tables:
                    ready.evaluate(of, {march: folder / f"{of.name}.parquet"})
                    found[of.name] = [row[0] for row in con.execute(f"DESCRIBE {of.select}").fetchall()]
    return found


@pytest.mark.parametrize("found", families(), ids=lambda f: f.name)
def test_a_family_has_the_columns_of_the_contract(found: Family, described: Mapping[str, list[str]]) -> None:
    names = described[found.name]
    assert names == [column.name for column in found.result.columns]
    assert found.result is not METRIC_VALUES or names[: len(VALUE_KEYS)] == list(VALUE_KEYS)


def test_a_step_rests_on_periods_or_is_worked_out_once_for_all_of_them() -> None:
    by_period = {name for name, step in relations().items() if step.by_period and step.stored}
    assert by_period == {
        *("attendance_cell", "attendance_percentiles", "attendance_step_percentiles", "attendance_spread"),
        *("attendance_middle", "attendance_late", "attendance_weighed", "attendance_half"),
        *("calls_cell", "calls_percentiles", "calls_caller_cell", "calls_intervals_cell"),
        *("followthrough_episodes", "followthrough_cell", "followthrough_found", "followthrough_changes"),
    }
    assert not relations()["attendance_population"].by_period
    # They are made when a family asks for them; all else is ready before, and so can rest on none of them.
    checks = {of.check.name for of in families() if of.check}
    for name, step in relations().items():
        assert name in by_period | checks or not by_period & {below.name for below in steps_below(step.inputs)}, name


def test_families_that_share_an_episode_look_equally_far() -> None:
    """What they share is worked out once, as far as the first of them looks."""
    looks: dict[tuple[str, ...], set[tuple[int, int]]] = {}
    for of in families():
        if of.reads("reach"):
            looks.setdefault(of.tables, set()).add((of.look_behind, of.look_ahead))
    assert looks
    assert all(len(far) == 1 for far in looks.values()), looks
