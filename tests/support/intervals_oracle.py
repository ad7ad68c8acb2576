"""Counts by interval added up a second time, row by row, from METRICS "B" and in plain Python."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.attendance_oracle import DAYS_3, LONDON, Figures, Key, midnight, periods, wilson

Row = Mapping[str, Any]
BANDS = {
    "calls.answered_within_10s": lambda row: row.get("answered_within_10s"),
    "calls.answered_within_30s": lambda row: row.get("answered_within_30s"),
    "calls.answered_within_60s": lambda row: row.get("answered_within_60s"),
    "calls.share_10_to_60s": lambda row: _less(row.get("answered_within_60s"), row.get("answered_within_10s")),
    "calls.share_60s_plus": lambda row: _less(row.get("answered"), row.get("answered_within_60s")),
}


def _less(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b


def expected(rows: Iterable[Row], as_at: datetime, wanted: Collection[tuple[str, str, str]]) -> dict[Key, Figures]:
    """Every value that is due, by (metric, kind, label, period_end, line, hour_of_week, basis)."""
    grouped: dict[tuple[Any, ...], list[tuple[Row, bool]]] = defaultdict(list)
    for row in rows:
        local = row["interval_start"].astimezone(LONDON)
        basis = "bt" if row["provider"].lower() == "bt" else "interval"
        for kind, label, _, end in periods(local.date()):
            if (kind, label, end.isoformat()) not in wanted:
                continue
            whole = row["interval_end"] <= midnight(end) and not row.get("set_aside")
            grouped[kind, label, end, row["line"], "all", basis].append((row, whole))
            if kind == "month":
                hour = f"{local.weekday() * 24 + local.hour:03d}"
                next_hour = row["interval_start"].replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
                in_hour = whole and row["interval_end"] <= next_hour
                grouped[kind, label, end, row["line"], hour, basis].append((row, in_hour))
    found: dict[Key, Figures] = {}
    for (kind, label, end, line, hour, basis), group in grouped.items():
        counted = [row for row, whole in group if whole]
        if not counted:
            continue
        over, last = midnight(end), max(row["interval_end"] for row in counted)
        for metric, said in _figures(counted, basis):
            notes: list[str] = said.pop("notes", [])
            found[metric, kind, label, end.isoformat(), line, hour, basis] = {
                **said,
                "notes": notes,
                "n_excluded": sum(row["offered"] for row, whole in group if not whole),
                "complete": as_at >= over,
                "as_at": min(as_at, max(over, last) + DAYS_3),
            }
    return found


def _figures(rows: Sequence[Row], basis: str) -> Iterator[tuple[str, Figures]]:
    offered = sum(row["offered"] for row in rows)
    for name in ("offered", "answered", "abandoned"):
        known = [row for row in rows if row.get(name) is not None]
        yield f"calls.{name}", _count(sum(row[name] for row in known), known, offered)
    known = [row for row in rows if row.get("answered") is not None and row.get("abandoned") is not None]
    rest = sum(row["offered"] - row["answered"] - row["abandoned"] for row in known)
    yield "calls.unaccounted", _count(rest, known, offered)
    known = [row for row in rows if row.get("abandoned") is not None]
    yield "calls.abandonment_rate", _share([(row["abandoned"], row["offered"]) for row in known], offered)
    bounds = {row["band_bound"] for row in rows if row.get("band_bound")}
    bound = {frozenset({"inclusive"}): ["band_inclusive"], frozenset({"inclusive", "strict"}): ["band_mixed"]}
    for metric, band in BANDS.items():
        pairs = [(band(row), row.get("answered") if basis == "bt" else row["offered"]) for row in rows]
        everything = sum(row.get("answered") or 0 for row in rows) if basis == "bt" else offered
        said = _share([pair for pair in pairs if None not in pair], everything)
        yield metric, {**said, "notes": [*bound.get(frozenset(bounds), []), *said["notes"]]}


def _count(value: int, known: Sequence[Row], offered: int) -> Figures:
    unknown = offered - sum(row["offered"] for row in known)
    figure = value if known else None
    return {"value": figure, "n": figure, "n_unknown": unknown, "numerator": None, "denominator": None}


def _share(pairs: Sequence[tuple[Any, Any]], everything: int) -> Figures:
    if not pairs:
        unsaid = dict.fromkeys(("value", "n", "numerator", "denominator", "ci_low", "ci_high"))
        return {**unsaid, "n_unknown": everything, "notes": []}
    k, n = sum(k for k, _ in pairs), sum(n for _, n in pairs)
    adds_up = 0 <= k <= n
    low, high = wilson(k, n) if n and adds_up else (None, None)
    figures = {"value": k / n if n else None, "n": n, "numerator": k, "denominator": n, "ci_low": low, "ci_high": high}
    return {**figures, "n_unknown": everything - n, "notes": [] if adds_up else ["counts_disagree"]}
