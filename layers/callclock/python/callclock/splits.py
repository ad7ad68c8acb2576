"""What a change in a series is made of: its parts by stage, area, grade or queue, read from the values of one force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from importlib import resources

import duckdb

from callclock import wording
from callclock.notices import Split
from callclock.parts import Part, effects
from callclock.replay import Observation
from callclock.series import RATE_OF_STAGES, STAGES_OF_RATE, Series, conditions, where_of
from callclock.settings import ThresholdRule
from callclock.stand_ins import stand_in

_SPLIT = (resources.files("callclock") / "split.sql").read_text("utf-8")
_DIMENSIONS = ("area", "grade", "queue")


def load_split(db: duckdb.DuckDBPyConnection, rule: ThresholdRule, series: Series, frontier: date) -> Split | None:
    """Split a value at the frontier against the complete period before it, by the dimension that says most.

    Hang-ups are split by stage (one denominator for all); all else by area, else grade, else queue: the first that the
    values break down. Shares, means and counts have parts; a median or a percentile is spoken for by a share.
    None where there is nothing to compare, or no part.

    Parameters
    ----------
    db
        As :func:`callclock.series.lay_series` laid it out for the rule.
    """
    complete = [row for row in series.rows if row.complete and row.period_end <= frontier]
    if len(complete) < 2 or complete[-2].value is None or complete[-1].value is None:
        return None
    old, new = complete[-2:]
    cell = _Cell(db, rule, old, new)
    if rule.metric == RATE_OF_STAGES:
        stages = cell.parts(STAGES_OF_RATE, "stage", (old.denominator or 0, new.denominator or 0))
        return Split("stage", cell.compared_with, stages, "share", shared_denominator=True) if stages else None
    share = stand_in(rule, new.value or 0)
    metric, unit = (share.metric, "share") if share else (rule.metric, series.unit)
    if unit not in {"share", "count"} and not metric.endswith("mean_s"):
        return None
    wholes = (old.value or 0, new.value or 0) if unit == "count" else None
    for dimension in _DIMENSIONS:
        found = cell.parts(metric, dimension, wholes)
        if len(found) > 1:
            about = share.about(new.value > old.value, _grew(found)) if share and new.value and old.value else ""
            return Split(dimension, cell.compared_with, found, unit, wholes is not None, about)
    return None


def _grew(parts: Sequence[Part]) -> bool:
    return sum((effect.total for effect in effects(parts)), Fraction()) > 0


@dataclass(frozen=True)
class _Cell:
    """The cell of a rule at two periods."""

    db: duckdb.DuckDBPyConnection
    rule: ThresholdRule
    old: Observation
    new: Observation

    @property
    def compared_with(self) -> str:
        return wording.period(self.rule.period, self.old.period_start, self.old.period_end)

    def parts(self, metric: str, dimension: str, wholes: tuple[float, float] | None) -> tuple[Part, ...]:
        """Parts by a dimension that the cell does not fix; none where either period has none.

        ``wholes`` are the two denominators that all parts share; a part without a row at one of them is nought there.
        """
        where = dict(where_of(self.rule))
        if where.pop(dimension) != "all":
            return ()
        ends = (self.old.period_end, self.new.period_end)
        asked = {"metric": metric, "period": self.rule.period.value, "old_end": str(ends[0]), "new_end": str(ends[1])}
        sql = _SPLIT.format(dimension=dimension, where=conditions(where))
        sides: list[dict[str, tuple[float, float]]] = [{}, {}]
        for name, end, numerator, denominator in self.db.execute(sql, asked).fetchall():
            sides[ends.index(end)][name] = (float(numerator), float(denominator))
        names = sorted({*sides[0], *sides[1]})
        old, new = (
            [side.get(name, (0.0, 0.0)) if whole is None else (side.get(name, (0.0, 0.0))[0], whole) for name in names]
            for side, whole in zip(sides, wholes or (None, None), strict=True)
        )
        if not all(any(denominator for _, denominator in side) for side in (old, new)):
            return ()
        return tuple(Part(name, *before, *after) for name, before, after in zip(names, old, new, strict=True))
