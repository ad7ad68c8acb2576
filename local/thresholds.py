"""``callclock thresholds try``: a proposed thresholds.toml over what a run left, and whom it would have told."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from moto.sns.utils import FilterPolicyMatcher
from rich.console import Console
from rich.table import Table

from callclock import layout
from callclock.bookkeeping import COVERAGE
from callclock.clock import local_midnight
from callclock.engine import connect, rows_of
from callclock.metrics.catalogue import families, metric
from callclock.metrics.named import check_names
from callclock.notices import Context, Mail, compose
from callclock.replay import Rule
from callclock.series import lay_series, load_series
from callclock.settings import ConfigurationError, Force, ThresholdRule, assemble
from callclock.tryout import Taken, settles_after, would_tell


@dataclass(frozen=True)
class Trial:
    """One notice that would have gone out."""

    at: datetime
    rule_id: str
    reason: str
    mail: Mail

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "at": self.at.isoformat(),
            "rule_id": self.rule_id,
            "reason": self.reason,
            "subject": self.mail.subject,
            "attributes": dict(self.mail.attributes),
        }


@dataclass(frozen=True)
class Tried:
    """What a proposed file would have told, oldest first, and the rules for which there is no value at all."""

    trials: Sequence[Trial]
    without_values: Sequence[str]


def trials(file: Path, since: date, out: Path, force_code: str | None = None) -> Tried:
    """Try a file over the results below ``out``.

    Raises
    ------
    ConfigurationError
        The file is no thresholds.toml, or nothing was measured of that force.
    """
    accepted = json.loads((out / "lake" / layout.CONFIGURATION).read_text("utf-8"))["files"]
    settings = assemble({**accepted, "thresholds.toml": file.read_text("utf-8")})
    check_names(settings, "thresholds.toml")
    code = force_code or next(iter(settings.forces), "")
    force = settings.forces.get(code)
    if force is None:
        raise ConfigurationError(f"force.toml: no force {code!r}: name one of {', '.join(settings.forces) or 'none'}")
    results = out / "results"
    with tempfile.TemporaryDirectory(prefix="callclock-") as name, connect(Path(name)) as db:
        values, restated, coverage = (
            sorted((results / prefix).rglob("*.parquet"))
            for prefix in (
                layout.values_prefix(code),
                layout.restatements_prefix(code),
                f"internal/coverage/force_code={code}/",
            )
        )
        rules = [rule for rule in settings.rules if not rule.forces or code in rule.forces]
        lay_series(db, rules, values, restated)
        db.execute(f"CREATE VIEW coverage AS {rows_of(COVERAGE.columns, coverage)}")
        found = [trial for rule in rules for trial in _of_rule(db, rule, code, force, since)]
        blank = [rule.id for rule in rules if not load_series(db, rule).rows]
    return Tried(sorted(found, key=lambda trial: (trial.at, trial.rule_id)), blank)


def _of_rule(
    db: duckdb.DuckDBPyConnection, configured: ThresholdRule, code: str, force: Force, since: date
) -> Iterator[Trial]:
    series = load_series(db, configured)
    rule = Rule.of(configured, force)
    # Counts by interval have names of records, on a basis of their own.
    by_interval = configured.where.get("basis", "record") != "record"
    table = next(
        family.table
        for family in families()
        if configured.metric in {m.name for m in family.metrics} and ("basis" in family.keys) == by_interval
    )
    exports = [
        Taken(source, at.replace(tzinfo=UTC))
        for source, at in db.execute(
            "SELECT source, exported_at FROM coverage WHERE table_name = ?", [table]
        ).fetchall()
    ]
    where = {key: value for key, value in configured.where.items() if value != "all"}
    context = Context(code, force.name, configured.title, series.unit, where, suppress_below=force.suppress_below)
    settles = settles_after(configured.metric, metric(configured.metric).settles_days)
    for told in would_tell(series.rows, rule, exports, settles=settles, since=local_midnight(since, force.tz)):
        mail = compose(told.decision, rule, told.known, context, told.at)
        yield Trial(told.at, configured.id, told.decision.reason.value, mail)


def reaches(policy: Mapping[str, object], trial: Trial) -> bool:
    """Tell whether a subscription with this SNS filter policy (on attributes) would get the notice."""
    attributes = {name: {"Type": "String", "Value": value} for name, value in trial.mail.attributes.items() if value}
    return bool(FilterPolicyMatcher(dict(policy), "MessageAttributes").matches(attributes, ""))


def show(tried: Tried, since: date, policies: Sequence[Mapping[str, object]], console: Console) -> None:
    """Print each notice with its date, then how many each rule sends, and how many each reader gets."""
    found = tried.trials
    for rule_id in tried.without_values:
        console.print(
            f"{rule_id}: there is no value for it. Does its where name what the exports hold?", highlight=False
        )
    if not found:
        console.print(f"Nobody would have been told anything since {since:%d %B %Y}.")
        return
    for trial in found:
        console.print(f"{trial.at:%d %b %Y}  {trial.mail.subject}", highlight=False, overflow="ellipsis", no_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("rule")
    table.add_column("notices", justify="right")
    table.add_column("of them")
    for rule_id, count in Counter(trial.rule_id for trial in found).most_common():
        reasons = Counter(trial.reason for trial in found if trial.rule_id == rule_id)
        table.add_row(rule_id, str(count), ", ".join(f"{reason} {n}" for reason, n in reasons.most_common()))
    console.print()
    console.print(table)
    for policy in policies:
        got = sum(reaches(policy, trial) for trial in found)
        console.print(f"\nA reader with the filter {json.dumps(policy)} gets {got} of {len(found)}.", highlight=False)
