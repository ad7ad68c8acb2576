"""What a change in a series is made of: its parts by stage, area, grade or queue, read from the values of one force."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from importlib import resources

import duckdb

from callclock import wording
from callclock.gaps import Gap, gap_of
from callclock.moved_text import Beside, Moved, Sides, Split
from callclock.parts import Part, effects
from callclock.replay import Observation
from callclock.series import RATE_OF_STAGES, STAGES_OF_RATE, Series, conditions, where_of
from callclock.settings import ThresholdRule
from callclock.stand_ins import StandIn, stand_in

_SPLIT = (resources.files("callclock") / "split.sql").read_text("utf-8")
_EACH = (resources.files("callclock") / "split_each.sql").read_text("utf-8")
_DIMENSIONS = ("area", "grade", "queue", "stage")


def load_split(db: duckdb.DuckDBPyConnection, rule: ThresholdRule, series: Series, frontier: date) -> Moved | None:
    """Split a value at the frontier against the complete period before it, by the dimension that says most.

    Hang-ups are split by stage (one denominator for all), and so is how long they took; a gap by its two sides; all
    else by area, else grade, else queue, else stage: the first that the values break down and whose parts make up the
    whole. Shares, means and counts have parts; a median or a percentile is spoken for by a share or by a mean; where
    nothing is, the figures of its parts stand beside each other. None where there is nothing to compare, or no part.

    Parameters
    ----------
    db
        As :func:`callclock.series.lay_series` laid it out for the rule.
    """
    complete = [row for row in series.rows if row.complete and row.period_end <= frontier]
    if len(complete) < 2 or complete[-2].value is None or complete[-1].value is None:
        return None
    cell = _Cell(db, rule, complete[-2], complete[-1])
    gap = gap_of(rule.metric)
    if gap is not None:
        return cell.sides(gap, series.unit)
    if rule.metric == RATE_OF_STAGES:
        return cell.stages()
    limit = rule.severities[0].level if rule.severities else None
    return cell.split(series.unit, limit) or cell.beside(series.unit)


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

    def stages(self) -> Split | None:
        """Hang-ups by the stage in which they happened."""
        parts = self.parts(STAGES_OF_RATE, "stage", (self.old.denominator or 0, self.new.denominator or 0))
        return Split("stage", self.compared_with, parts, "share", shared_denominator=True) if parts else None

    def split(self, unit: str, limit: float | None, of: str = "It") -> Split | None:
        """Parts of the value, or of what stands in for it; ``of`` is what the mail calls it.

        A rule for signals, and a side of a gap, has no ``limit``: there the mark nearest to the value itself is taken.
        """
        old, new = self.old.value or 0, self.new.value or 0
        instead = stand_in(self.rule.metric, new if limit is None else limit)
        metric, unit = (instead.metric, instead.unit) if instead else (self.rule.metric, unit)
        if unit not in {"share", "count"} and not metric.endswith("mean_s"):
            return None
        wholes = (old, new) if unit == "count" else None
        first = [instead.by] if instead and instead.by else []
        for dimension in (*first, *_DIMENSIONS):
            found = self.parts(metric, dimension, wholes)
            if len(found) > 1:
                about = self._about(instead, found, of) if instead else ""
                return Split(dimension, self.compared_with, found, unit, wholes is not None, about)
        return None

    def _about(self, instead: StandIn, parts: Sequence[Part], of: str) -> str:
        return instead.about((self.new.value or 0) > (self.old.value or 0), _grew(parts), of)

    def sides(self, gap: Gap, unit: str) -> Sides | None:
        """Both sides of a gap, and what the one that moved it most is made of."""
        if not (self.old.sides and self.new.sides):
            return None
        sides = Sides(gap, self.compared_with, self.old.sides, self.new.sides, unit)
        if sides.foremost is None:
            return sides
        place = gap.populations.index(sides.foremost)
        within = _Cell(self.db, gap.rules(self.rule)[place], self.old.sides[place], self.new.sides[place])
        return replace(sides, within=within.split(gap.unit, None, "Its median"))

    def beside(self, unit: str) -> Beside | None:
        """Figures of its parts, each by itself, of a value that nothing splits."""
        if unit != "s":
            return None
        for dimension in ("stage", "area", "grade", "queue"):
            where = dict(where_of(self.rule))
            if where.pop(dimension) != "all":
                continue
            asked = {"metric": self.rule.metric, "period": self.rule.period.value, **self._ends}
            sql = _EACH.format(dimension=dimension, where=conditions(where))
            rows = self.db.execute(sql, asked).fetchall()
            if len(rows) > 1:
                parts = tuple(
                    (
                        str(name),
                        replace(self.old, value=old, n=old_n, numerator=None, denominator=None),
                        replace(self.new, value=new, n=new_n, numerator=None, denominator=None),
                    )
                    for name, old, old_n, new, new_n in rows
                )
                return Beside(dimension, self.compared_with, self.rule.metric, unit, parts)
        return None

    @property
    def _ends(self) -> dict[str, str]:
        return {"old_end": str(self.old.period_end), "new_end": str(self.new.period_end)}

    def parts(self, metric: str, dimension: str, wholes: tuple[float, float] | None) -> tuple[Part, ...]:
        """Parts by a dimension that the cell does not fix; none where they do not make up the whole at both periods.

        They do not where one of them has no value that is told ("not measurable"), or a grade has two schemes.
        ``wholes`` are the two denominators that all parts share; a part without a row at one of them is nought there.
        """
        where = dict(where_of(self.rule))
        if where.pop(dimension) != "all":
            return ()
        ends = (self.old.period_end, self.new.period_end)
        asked = {"metric": metric, "period": self.rule.period.value, **self._ends}
        sql = _SPLIT.format(dimension=dimension, where=conditions(where))
        sides: list[dict[str, tuple[float, float]]] = [{}, {}]
        for name, end, numerator, denominator in self.db.execute(sql, asked).fetchall():
            sides[ends.index(end)][name] = (float(numerator), float(denominator))
        for row, side in zip((self.old, self.new), sides, strict=True):
            # Hang-ups by stage have no row for all of them: the rate that they make up is that row.
            whole = side.pop("all") if "all" in side else (row.numerator, row.denominator)
            if not _make_up(side, whole, bool(wholes)):
                return ()
        names = sorted({*sides[0], *sides[1]})
        old, new = (
            [side.get(name, (0.0, 0.0)) if whole is None else (side.get(name, (0.0, 0.0))[0], whole) for name in names]
            for side, whole in zip(sides, wholes or (None, None), strict=True)
        )
        if not all(any(denominator for _, denominator in side) for side in (old, new)):
            return ()
        return tuple(Part(name, *before, *after) for name, before, after in zip(names, old, new, strict=True))


def _make_up(side: Mapping[str, tuple[float, float]], whole: tuple[float | None, float | None], shared: bool) -> bool:
    """Tell whether parts make up a whole; with a ``shared`` denominator their numerators do."""
    sums = [math.fsum(part[place] for part in side.values()) for place in (0, 1)]
    wanted = [(found, of) for found, of in zip(sums, whole, strict=True) if of is not None]
    return bool(wanted) and all(
        math.isclose(found, of, rel_tol=1e-9, abs_tol=1e-9) for found, of in wanted[: 1 if shared else 2]
    )
