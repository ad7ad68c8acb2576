"""What is published of one financial year, given what was published before (METRICS "Publishing small numbers"). Pure.

Figures go out a month at a time, once everything in them is complete, and stay as they went out: the rows that a month
was *released* with are kept, hidden ones among them, so that everything public is a function of one set of counts and
adds up. A correction replaces a month whole, and only where no published count changes by a small number. What was ever
shown cannot be hidden again, so what is hidden later is chosen among what was not.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from callclock.boards import Revealed
from callclock.contracts import VALUE_KEYS
from callclock.doubt import Key
from callclock.published import HELPERS, LEAST, Periods, Row, boards, count, moment_of, place, reveals
from callclock.suppression import ALL, correction_shown, small

SUPPRESSED: Final = "suppressed"
type Block = tuple[str, str]
"""Kind (month, quarter, fy_to_date) and label of a period."""
type Released = Mapping[Block, tuple[Row, ...]]
type RowId = tuple[object, ...]

_Z: Final = 1.959964
_PERIOD: Final = ("period_kind", "period_label", "period_start", "period_end")
_COUNTED: Final = ("value", "n", "numerator", "denominator")
_SIDE_COUNTS: Final = ("n_immature", "n_unknown", "n_excluded", "n_clock_fallback")


@dataclass(frozen=True)
class Published:
    """What is public of one subject and financial year.

    Attributes
    ----------
    released
        The rows that each period was released with, hidden ones included: not public.
    rows
        The public rows; hidden figures are NULL and noted ``suppressed``.
    """

    released: Released
    rows: tuple[Row, ...]


def row_id(row: Row) -> RowId:
    """What a row speaks of."""
    return tuple(row[key] for key in VALUE_KEYS)


def is_shown(row: Row) -> bool:
    """Whether a public row tells its figure."""
    return row["notes"] != SUPPRESSED


@dataclass(frozen=True)
class Year:
    """One subject in one financial year.

    Attributes
    ----------
    months
        Labels of its twelve months.
    label
        ``2025/26``.
    quarters
        Label and months of its quarters.
    limit
        Counts from 1 to it are small.
    known
        Every row that was ever shown, as it was shown.
    """

    label: str
    months: tuple[str, ...]
    quarters: Mapping[str, tuple[str, ...]]
    limit: int
    known: Sequence[Row]

    def publish(self, current: Released, released: Released) -> Published:
        """Release what can go out now, correct what may be corrected, and say what is public.

        Parameters
        ----------
        current
            Rows of ``publishable.sql`` by period, as they are now.
        released
            As they were released before.
        """
        kept = dict(released)
        rows: tuple[Row, ...] | None = None
        changed = {
            block: found
            for block, found in self._complete(current).items()
            if kept.get(block) != found and self._may_replace(kept.get(block, ()), found)
        }
        for step in self._steps(changed):
            if all(kept.get(block) == changed[block] for block in step):
                continue
            trial = {**kept, **{block: changed[block] for block in step}}
            tried = self._arrange(trial)
            if tried is not None and self._may_replace(self.known, tried):
                kept, rows = trial, tried
        if rows is None:
            rows = self._arrange(released) or ()
        return Published(kept, rows)

    def _complete(self, current: Released) -> Released:
        """Periods that may go out: complete in all they publish. With a complete year go all its months."""
        whole = current.get(("fy_to_date", self.label), ())
        year_over = bool(whole) and all(row["complete"] for row in whole) and self._has_all_months(current)
        found = {
            block: rows
            for block, rows in current.items()
            if block[0] != "fy_to_date"
            and (all(row["complete"] for row in rows) or (year_over and block[0] == "month"))
        }
        return {**found, ("fy_to_date", self.label): whole} if year_over else found

    def _has_all_months(self, blocks: Collection[Block]) -> bool:
        return all(("month", month) in blocks for month in self.months)

    @staticmethod
    def _steps(changed: Collection[Block]) -> Iterable[tuple[Block, ...]]:
        """All at once; where that cannot be, period by period, the months first."""
        order = {"month": 0, "quarter": 1, "fy_to_date": 2}
        each = sorted(changed, key=lambda block: (order[block[0]], block[1]))
        yield tuple(each)
        if len(each) > 1:
            yield from ((block,) for block in each)

    def _may_replace(self, rows: Sequence[Row], tried: Sequence[Row]) -> bool:
        """Whether no count that was ever shown changes by a small number, nor becomes one."""
        were, are = ({row_id(row): row for row in found if is_shown(row)} for found in (rows, tried))
        return all(
            correction_shown(old, new, self.limit)
            for at in self._shown & were.keys()
            for old, new in zip(_counts(were[at]), _counts(are.get(at)), strict=True)
        )

    @cached_property
    def _shown(self) -> frozenset[RowId]:
        return frozenset(row_id(row) for row in self.known)

    def _arrange(self, released: Released) -> tuple[Row, ...] | None:
        """Public rows of what is released; None where something small cannot be protected."""
        months = tuple(month for month in self.months if ("month", month) in released)
        if not months:
            return ()
        coarse = {q: of for q, of in self.quarters.items() if released.get(("quarter", q)) and set(of) <= set(months)}
        periods = Periods(months, self.label, coarse)
        told = frozenset(found for row in self.known for found in reveals(row, str(row["period_label"])))
        quarters = {(place(row)[0], str(row["period_label"])) for row in self.known if row["period_kind"] == "quarter"}
        counted = [row for month in months for row in released["month", month]]
        hidden = self._settle(counted, periods, quarters, told)
        if hidden is None:
            return None
        return _Rows(released, periods, hidden, quarters, self.limit).all()

    def _settle(
        self, counted: Sequence[Row], periods: Periods, quarters: set[tuple[str, str]], told: frozenset[Revealed]
    ) -> Mapping[tuple[str, str], frozenset[Key]] | None:
        """Hidden keys by board and quantity. ``quarters`` grows by those that have to stand for their months."""
        hidden: dict[tuple[str, str], frozenset[Key]] = {}
        for board in boards(counted, periods, quarters, self.limit):
            above = {name: keys for (of, name), keys in hidden.items() if of == board.below}
            found = board.settle(told, above)
            coarser = self._coarser(board.name, periods, told, quarters)
            if found and board.below and coarser and board.hides_lines(found):
                quarters |= {(board.name, q) for q in coarser}
                again = next(b for b in boards(counted, periods, quarters, self.limit) if b.name == board.name)
                found = again.settle(told, above)
            if found is None:
                return None
            hidden |= {(board.name, name): keys for name, keys in found.items()}
        return hidden

    @staticmethod
    def _coarser(
        board: str, periods: Periods, told: frozenset[Revealed], quarters: Collection[tuple[str, str]]
    ) -> set[str]:
        """Quarters of which nothing was shown in this board."""
        shown = {period for name, _, _, period in told if name == board}
        return {q for q, months in periods.coarse.items() if not shown & set(months) and (board, q) not in quarters}


@dataclass(frozen=True)
class _Rows:
    """Makes public rows of released ones."""

    released: Released
    periods: Periods
    hidden: Mapping[tuple[str, str], frozenset[Key]]
    quarters: Collection[tuple[str, str]]
    limit: int

    def all(self) -> tuple[Row, ...]:
        """Every public row, in the order of periods."""
        blocks: list[Block] = [("month", month) for month in self.periods.months]
        blocks += [("quarter", q) for q in self.periods.coarse]
        blocks += [block for block in self.released if block[0] == "fy_to_date"]
        as_at = {block: self._as_at(block) for block in blocks if self.released[block]}
        return tuple(
            {**self._public(row, self._summed(row, block)), "as_at": as_at[block]}
            for block in blocks
            for row in self._rows_of(block)
            # A month that is not complete counts for its year and is not itself published.
            if row["metric"] not in HELPERS and row["complete"] and self._stands(row, block)
        )

    def _as_at(self, block: Block) -> datetime:
        """Until when all rows of a period know: the month of the newest.

        A row of its own would tell the moment of the last thing that was heard of its records, to the millisecond.
        """
        newest = max(moment_of(row, "as_at") for row in self.released[block])
        return newest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    def _rows_of(self, block: Block) -> Iterable[Row]:
        """Rows of a period. What a longer one counts is what its months count, be it in a version before or after."""
        rows = self.released[block]
        if block[0] == "month" or not rows:
            return rows
        counted = {
            _of_any_period(row): row
            for month in self._months_of(block[1])
            for row in self.released["month", month]
            if row["unit"] != "s"
        }
        own = {_of_any_period(row) for row in rows}
        frame = {key: rows[0][key] for key in _PERIOD} | {"complete": True}
        return [
            *(row for row in rows if row["unit"] == "s" or _of_any_period(row) in counted),
            *({**row, **frame} for of, row in counted.items() if of not in own),
        ]

    def _months_of(self, label: str) -> Sequence[str]:
        """Months of a period, by its label."""
        return self.periods.months if label == self.periods.whole else self.periods.coarse.get(label, (label,))

    def _stands(self, row: Row, block: Block) -> bool:
        """Whether the row's board has this period."""
        return block[1] in (*self.periods.of(place(row)[0], self.quarters), self.periods.whole)

    def _summed(self, row: Row, block: Block) -> Row:
        """Return the row of a longer period with its counts as those of its months add up."""
        if block[0] == "month":
            return row
        months = self._months_of(block[1])
        sums = dict.fromkeys(_COUNTED, 0)
        for found in self._of_months(row, months):
            for column in sums:
                sums[column] += count(found, column)
        if row["unit"] == "count":
            return {**row, "value": float(sums["value"]), "n": sums["n"]}
        if row["unit"] != "share":
            return {**row, "n": sums["n"]}
        numerator, denominator = sums["numerator"], sums["denominator"]
        if row["metric"] == "calls.stage_share":
            # A month in which nobody came to the stage has no row of it, and has its calls.
            offered = {**row, "metric": "calls.offered", "stage": ALL}
            denominator = sum(count(found, "value") for found in self._of_months(offered, months))
        if (numerator, denominator) == (row["numerator"], row["denominator"]):
            return row
        figures = _share(numerator, denominator)
        return {**row, **figures, "n": denominator, "numerator": numerator, "denominator": denominator}

    @cached_property
    def _by_month(self) -> Mapping[tuple[str, RowId], Row]:
        """Rows of months by what they speak of, the period left out."""
        return {
            (month, _of_any_period(row)): row for month in self.periods.months for row in self.released["month", month]
        }

    def _of_months(self, row: Row, months: Sequence[str]) -> Iterable[Row]:
        found = (self._by_month.get((month, _of_any_period(row))) for month in months)
        return (row for row in found if row is not None)

    def _public(self, row: Row, summed: Row) -> Row:
        """Return the row as the public sees it."""
        label = str(row["period_label"])
        told = reveals(row, label)
        hidden = any((name, label) in self.hidden.get((board, quantity), ()) for board, quantity, name, _ in told)
        side = dict.fromkeys(_SIDE_COUNTS)
        if hidden or self._too_few(summed) or self._tells_of_late_ones(row, summed):
            nothing = dict.fromkeys((*_COUNTED, "ci_low", "ci_high"))
            return {**row, **side, **nothing, "notes": SUPPRESSED}
        return {**summed, **side, "n": None if row["unit"] == "s" and not self._n_is_told(row) else summed["n"]}

    def _too_few(self, row: Row) -> bool:
        """Whether a mean or percentile rests on too few records."""
        n = count(row, "n")
        least = next((least for name, least in LEAST.items() if str(row["metric"]).endswith(name)), 0)
        return row["unit"] == "s" and (n < least or small(n, self.limit))

    def _tells_of_late_ones(self, row: Row, summed: Row) -> bool:
        """Whether a mean knows a few records that its months were published without: times n, it would tell of them."""
        late = abs(count(row, "n") - count(summed, "n"))
        return str(row["metric"]).endswith("mean_s") and small(late, self.limit)

    def _n_is_told(self, row: Row) -> bool:
        """Whether the n of a wait is that of those attended, which is published as such."""
        months = self._months_of(str(row["period_label"]))
        told = ({**found, "metric": "attendance.attended"} for found in self._of_months(row, months))
        both = [(found, next(iter(self._of_months(found, [str(found["period_label"])])), None)) for found in told]
        return bool(both) and all(attended and count(attended, "n") == count(wait, "n") for wait, attended in both)


def _of_any_period(row: Row) -> RowId:
    return tuple(row[key] for key in VALUE_KEYS if key not in {"period_kind", "period_label"})


def _counts(row: Row | None) -> tuple[int, ...]:
    """Counts that a shown row tells, and what remains; none where it has gone."""
    if row is None:
        return (0, 0, 0)
    if row["unit"] == "count":
        return (count(row, "value"), 0, 0)
    if row["unit"] == "share":
        numerator, denominator = count(row, "numerator"), count(row, "denominator")
        return (numerator, denominator, denominator - numerator)
    return (count(row, "n"), 0, 0)


def _share(numerator: int, denominator: int) -> Mapping[str, float | None]:
    """Share with Wilson's interval, as in ``finish.sql``."""
    if not denominator:
        return {"value": None, "ci_low": None, "ci_high": None}
    share, z2_n = numerator / denominator, _Z * _Z / denominator
    reach = math.sqrt(z2_n * share * (1 - share) + 0.25 * z2_n * z2_n)
    low = 0.0 if numerator == 0 else (share + 0.5 * z2_n - reach) / (1 + z2_n)
    high = 1.0 if numerator == denominator else (share + 0.5 * z2_n + reach) / (1 + z2_n)
    return {"value": share, "ci_low": low, "ci_high": high}
