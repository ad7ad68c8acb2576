"""What public rows say, as equations: one system for attendance, for each line, and for each safeguarding outcome."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from local.disclosure import Figure, Leak, Row, System, Terms

# Kinds of incident that public figures tell apart, all of them old enough: by when somebody came, if at all.
_CAME: Final = ("in 4 h", "in 7 d", "later")
_PLACED: Final = (*_CAME, "closed in 7 d", "nobody in 7 d")
_KINDS: Final = (*_PLACED, "came, time unknown", "unknown")
_ATTENDANCE: Final = {
    "incidents": _KINDS,
    "attended": (*_CAME, "came, time unknown"),
    "placed": _PLACED,
    "within_4h": ("in 4 h",),
    "over_7d": ("later", "nobody in 7 d"),
    "targeted": ("targeted",),
    "within_target": ("within target",),
}
_PART_OF: Final = {
    "attended": "incidents",
    "within_4h": "placed",
    "over_7d": "placed",
    "within_target": "targeted",
    "abandoned": "offered",
    "answered_within_10s": "offered",
    "stage": "offered",
    "assessed": "cases",
    "declined": "cases",
    "none": "cases",
}
_UNHEARD: Final = frozenset({
    "network", "ivr", "ivr_before_alternative", "ivr_after_alternative", "queue", "switchboard_queue",
})  # fmt: skip
"""Stages of a call that nobody can have answered before it was hung up."""
_HUNG_UP: Final = _UNHEARD | {"skill_queue", "ringing"}
_COLUMNS: Final = {
    # metric: what its columns count
    "attendance.incidents": (("incidents", "value"),),
    "attendance.attended": (("attended", "value"),),
    "attendance.mean_s": (("attended", "n"),),
    "attendance.median_s": (("attended", "n"),),
    "attendance.p90_s": (("attended", "n"),),
    "attendance.within_4h": (("within_4h", "numerator"), ("placed", "denominator")),
    "attendance.over_7d": (("over_7d", "numerator"), ("placed", "denominator")),
    "attendance.within_target": (("within_target", "numerator"), ("targeted", "denominator")),
    "calls.offered": (("offered", "value"),),
    "calls.abandoned": (("abandoned", "value"),),
    "calls.abandonment_rate": (("abandoned", "numerator"), ("offered", "denominator")),
    "calls.answered_within_10s": (("answered_within_10s", "numerator"), ("offered", "denominator")),
    "calls.answered": (("stage", "value"),),
    "calls.stage_share": (("stage", "numerator"), ("offered", "denominator")),
    "safeguarding.assessed_share": (("assessed", "numerator"), ("cases", "denominator")),
    "safeguarding.offered_share": (("offered", "numerator"), ("cases", "denominator")),
    "safeguarding.declined_share": (("declined", "numerator"), ("offered", "denominator")),
    "safeguarding.no_record_share": (("none", "numerator"), ("cases", "denominator")),
}


_NEAR: Final = 1e-6
_BETWEEN: Final = "\x1f"
"""Parts the names of a grade and population: no grade is called like this."""


def group_of(row: Row) -> str:
    """System that a row belongs to."""
    match str(row["metric"]).partition(".")[0]:
        case "calls":
            return f"line {row['line']}"
        case "safeguarding":
            return f"safeguarding, {row['outcome']}"
    return "attendance"


def place_of(row: Row) -> str:
    """Where within its system a row speaks of."""
    metric = str(row["metric"])
    if metric.startswith("calls."):
        return "answered" if metric == "calls.answered" else "" if row["stage"] == "all" else str(row["stage"])
    if metric.startswith("safeguarding."):
        return ""
    if row["area"] != "all":
        return f"area {row['area']}"
    if row["grade"] == "all" and row["population"] == "all":
        return ""
    return _BETWEEN.join(str(row[key]) for key in ("grade_scheme", "grade", "population"))


def figures(row: Row, months: tuple[str, ...]) -> Iterator[Figure]:
    """Counts that a row tells, of its months."""
    for what, column in _COLUMNS.get(str(row["metric"]), ()):
        value = row[column]
        if isinstance(value, int | float) and value == value:  # noqa: PLR0124 - NaN alone differs from itself
            yield Figure(what, "" if what == "offered" else place_of(row), months, round(value))


@dataclass(frozen=True)
class Knowledge:
    """What is to be found out about one system.

    Attributes
    ----------
    group
        Name of the system.
    told
        Figures of the public rows.
    there
        Places and months of which the public sees that there is something: all others hold nothing.
    stands
        Place and period of every public row.
    true
        Every count of every month, from the rows that were released.
    longer
        Label and months of the quarters and the year that public figures speak of.
    """

    group: str
    told: Sequence[Figure]
    there: frozenset[tuple[str, str]]
    stands: frozenset[tuple[str, str]]
    true: Mapping[tuple[str, str, str], int]
    longer: Mapping[str, tuple[str, ...]]

    def leaks(self, limit: int) -> Iterator[Leak]:
        """Every small count, and what remains of a whole but a small count, that is not enough in doubt.

        A cell of a public table must be able to be anything from 1 to the limit. A month of which only the quarter or
        the year is public is no cell of a table: it must be able to be as many different counts, whichever they are.
        """
        system = System()
        self._lay(system)
        for figure in self.told:
            system.equal.append((self._terms(system, figure.what, figure.where, figure.months), figure.count))
        secrets = [secret for secret in self._secrets(system) if 1 <= secret[3] <= limit]
        found = system.ranges([secret[4] for secret in secrets], 1, limit)
        for (what, where, period, true, terms), first in zip(secrets, found, strict=True):
            seen = first
            if seen[0] <= 1 + _NEAR and seen[1] >= limit - _NEAR:
                continue
            if seen[0] <= seen[1] and (where, period) not in self.stands:
                seen = next(system.ranges([terms], -1, float("inf")))
                if seen[1] - seen[0] >= limit - 1 - _NEAR:
                    continue
            place = where.replace(_BETWEEN, " ") or "all"
            yield Leak(f"{self.group}: {what}", place, period, true, round(seen[0], 3), round(seen[1], 3))

    def _secrets(self, system: System) -> Iterator[tuple[str, str, str, int, Terms]]:
        periods: dict[str, tuple[str, ...]] = {month: (month,) for _, _, month in self.true}
        periods |= {label: months for label, months in self.longer.items() if set(months) <= periods.keys()}
        for what, where in sorted({(what, where) for what, where, _ in self.true}):
            for label, months in periods.items():
                mine = self._terms(system, what, where, months)
                count = sum(self.true.get((what, where, month), 0) for month in months)
                yield what, where, label, count, mine
                whole = _PART_OF.get(what)
                if whole is None:
                    continue
                of = "" if what == "stage" else where
                rest = sum(self.true.get((whole, of, month), 0) for month in months) - count
                terms = self._terms(system, whole, of, months)
                for name, weight in mine.items():
                    terms[name] = terms.get(name, 0.0) - weight
                yield f"{whole} other than {what}", where, label, rest, terms

    @property
    def months(self) -> tuple[str, ...]:
        """Months that anything is said of."""
        said = {month for figure in self.told for month in figure.months} | {month for _, month in self.there}
        return tuple(sorted(said))

    @cached_property
    def _places(self) -> Mapping[tuple[bool, str], list[str]]:
        """Places that are no sums, areas apart from others, by month; under no month those of any."""
        found: dict[tuple[bool, str], set[str]] = defaultdict(set)
        for place, month in self.there:
            if place and "all" not in place.split(_BETWEEN)[1:]:
                for at in (month, ""):
                    found[place.startswith("area "), at].add(place)
        return {at: sorted(places) for at, places in found.items()}

    def _leaves(self, areas: bool, month: str) -> list[str]:
        """Places that are no sums, in a month; where the month itself is not public, those of any month."""
        return self._places.get((areas, month)) or self._places.get((areas, ""), [])

    def _lay(self, system: System) -> None:
        if self.group == "attendance":
            for month in self.months:
                self._lay_attendance(system, month)
        elif self.group.startswith("line "):
            for month in self.months:
                heard = system.total((s, month) for s in self._leaves(areas=False, month=month) if s in _HUNG_UP)
                unheard = system.total((s, month) for s in self._leaves(areas=False, month=month) if s in _UNHEARD)
                gave_up, offered = system.count("abandoned", month), self._terms(system, "offered", "", (month,))
                system.at_most.append(({**{k: -v for k, v in heard.items()}, gave_up: 1.0}, 0.0))
                system.at_most.append(({**unheard, gave_up: -1.0}, 0.0))
                at_once = {k: -v for k, v in offered.items()}
                system.at_most.append(({**at_once, system.count("answered_within_10s", month): 1.0, gave_up: 1.0}, 0.0))

    def _lay_attendance(self, system: System, month: str) -> None:
        grades, areas = (self._leaves(areas=of, month=month) for of in (False, True))
        for place in (*grades, *areas):
            timed, placed = (system.total((place, month, kind) for kind in kinds) for kinds in (_CAME, _PLACED))
            targeted, within = system.count(place, month, "targeted"), system.count(place, month, "within target")
            system.at_most.append(({**{k: -v for k, v in placed.items()}, targeted: 1.0}, 0.0))
            system.at_most.append(({within: 1.0, targeted: -1.0}, 0.0))
            system.at_most.append(({**{k: -v for k, v in timed.items()}, within: 1.0}, 0.0))
        for kind in (*_KINDS, "targeted", "within target") if grades and areas else ():
            both = system.total((place, month, kind) for place in grades)
            for place in areas:
                both[system.count(place, month, kind)] = -1.0
            system.equal.append((both, 0.0))

    def _terms(self, system: System, what: str, where: str, months: Iterable[str]) -> Terms:
        """What a count is made of."""
        names: list[tuple[str, ...]] = []
        for month in months:
            if self.group == "attendance":
                names += [(place, month, kind) for place in self._within(where, month) for kind in _ATTENDANCE[what]]
            elif self.group.startswith("line "):
                if what in {"abandoned", "answered_within_10s"}:
                    names.append((what, month))
                else:
                    stages = [where] if where else self._leaves(areas=False, month=month) or ["any"]
                    names += [(stage, month) for stage in stages]
            else:
                parts = {"cases": ("assessed", "declined", "none"), "offered": ("assessed", "declined")}
                names.extend((part, month) for part in parts.get(what, (what,)))
        return system.total(names)

    def _within(self, where: str, month: str) -> list[str]:
        """Places without parts that lie in a place."""
        if where.startswith("area "):
            return [where] if where in self._leaves(areas=True, month=month) else []
        leaves = self._leaves(areas=False, month=month) or ["any"]
        if not where:
            return leaves
        wanted = where.split(_BETWEEN)
        return [
            leaf
            for leaf in leaves
            if all(part in {"all", mine} for part, mine in zip(wanted, leaf.split(_BETWEEN), strict=True))
        ]
