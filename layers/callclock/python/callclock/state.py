"""What the values of one force rest on: one small object, read and replaced whole (docs/decisions/0001)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from callclock import layout
from callclock.clock import Month, format_instant, parse_instant
from callclock.lake.curate import CuratedMonth
from callclock.objects import Bucket, Read


@dataclass(frozen=True)
class ForceState:
    """Curated months by table, and the hash of the inputs of every value object by family and month.

    A curated month without a version and a value object without a hash are made anew by the next run, whatever they
    were made from. ``rebuilt`` says when an operator last asked for that: what was kept from before is not to be used.
    """

    curated: Mapping[str, Mapping[Month, CuratedMonth]] = field(default_factory=dict)
    values: Mapping[str, Mapping[Month, str]] = field(default_factory=dict)
    rebuilt: str = ""

    def with_curated(self, table: str, months: Mapping[Month, CuratedMonth]) -> Self:
        """Return the state with these months of a table in place of what stood there."""
        return replace(self, curated={**self.curated, table: {**self.curated.get(table, {}), **months}})

    def with_value(self, family: str, month: Month, inputs: str) -> Self:
        """Return the state with the inputs of one value object."""
        return replace(self, values={**self.values, family: {**self.values.get(family, {}), month: inputs}})

    def without_value(self, family: str, month: Month) -> Self:
        """Return the state without the inputs of one value object."""
        others = {other: inputs for other, inputs in self.values.get(family, {}).items() if other != month}
        return replace(self, values={**self.values, family: others})

    def to_fold(self) -> Mapping[str, frozenset[Month]]:
        """Months of each table that are to be folded anew, whatever they were folded from."""
        found = {
            table: frozenset(m for m, c in months.items() if not c.version) for table, months in self.curated.items()
        }
        return {table: months for table, months in found.items() if months}

    def to_json(self) -> str:
        """Write as JSON, the same text for the same state."""
        curated = {
            table: {
                str(month): {
                    # Field by field: asdict copies years of days one by one.
                    "version": found.version,
                    "open": found.open,
                    "last_event": format_instant(found.last_event) if found.last_event else None,
                    "days": dict(found.days),
                    "looked_up": dict(found.looked_up),
                    "last_seen": _last_seen_as_text(found.last_seen),
                }
                for month, found in months.items()
            }
            for table, months in self.curated.items()
        }
        values = {family: {str(month): i for month, i in months.items()} for family, months in self.values.items()}
        return json.dumps({"curated": curated, "values": values, "rebuilt": self.rebuilt}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        data = json.loads(text)
        return cls(
            {
                table: {
                    Month.parse(month): CuratedMonth(
                        version=found["version"],
                        open=found["open"],
                        last_event=parse_instant(found["last_event"]) if found["last_event"] else None,
                        days=_days(found.get("days")),
                        looked_up=_days(found.get("looked_up")),
                        last_seen=_last_seen(found.get("last_seen")),
                    )
                    for month, found in months.items()
                }
                for table, months in data["curated"].items()
            },
            {family: {Month.parse(m): i for m, i in months.items()} for family, months in data["values"].items()},
            data.get("rebuilt", ""),
        )


def _days(found: object) -> Mapping[str, str]:
    """Read hashes of days; an older state has none, or one of the whole month."""
    return found if isinstance(found, dict) else {}


def _last_seen_as_text(found: Mapping[str, Mapping[datetime, str]] | None) -> Mapping[str, Mapping[str, str]] | None:
    if found is None:
        return None
    return {source: {format_instant(at): which for at, which in seen.items()} for source, seen in found.items()}


def _last_seen(found: Mapping[str, Mapping[str, str]] | None) -> Mapping[str, Mapping[datetime, str]] | None:
    """Read when records were last seen; an older state does not say."""
    if found is None:
        return None
    return {source: {parse_instant(at): which for at, which in seen.items()} for source, seen in found.items()}


def load(lake: Bucket, force_code: str) -> tuple[ForceState, Read | None]:
    """Read the state of a force; an empty one where nothing was measured yet."""
    found = lake.text(layout.state(force_code))
    return (ForceState.from_json(found[0]), found[1]) if found else (ForceState(), None)


def save(lake: Bucket, force_code: str, state: ForceState, was: Read | None) -> Read:
    """Replace the state and return it as it now is, for the next replacement.

    Raises
    ------
    ChangedMeanwhileError
        Another run was here: this one is to be repeated from the start.
    """
    return lake.replace(layout.state(force_code), state.to_json(), was)
