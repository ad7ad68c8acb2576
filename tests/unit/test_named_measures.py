"""Configuration that names a measure, a period or a key that there is not is refused, and says which."""

import re

import pytest

from callclock import configuration
from callclock.metrics.named import check_names
from callclock.settings import ConfigurationError, assemble, packaged
from tests.support.memory_lake import MemoryBucket

RULE = """
[[rules]]
id = "r"
title = "R"
metric = "{metric}"
period = "{period}"
where = {{ {where} }}
direction = "above"
severities = [{{ name = "warning", level = 0.1 }}]
recover = 0.05
"""
FORCE = (
    '[forces.EX]\nname = "Example"\n[[forces.EX.rebases]]\nmetric = "{}"\non = 2026-01-01\nreason = "a"\nwho = "b"\n'
)
TARGET = '[[metrics]]\nmetric = "{}"\ntarget = 0.05\n'


def rule(metric: str = "calls.abandonment_rate", period: str = "month", where: str = 'line = "101"') -> str:
    return RULE.format(metric=metric, period=period, where=where)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("thresholds.toml", rule("calls.abandonmnt_rate"), "rules.0.metric: no measure 'calls.abandonmnt_rate': did you mean calls.abandonment_rate"),
        ("thresholds.toml", rule("zzz"), "rules.0.metric: no measure 'zzz': docs/metrics.md lists them all"),
        ("thresholds.toml", rule() + rule(where='area = "North"').replace('"r"', '"s"'), "rules.1.where.area: calls.abandonment_rate is not broken down by it: it is by hour_of_week, line, queue"),
        ("thresholds.toml", rule("attendance.backlog", "month", ""), "rules.0.period: attendance.backlog is not measured by month: choose one of day"),
        ("thresholds.toml", rule("attendance.over_7d", where='basis = "bt"'), "rules.0.where.basis: attendance.over_7d is not measured by bt"),
        ("thresholds.toml", rule("calls.abandonment_rate", "week", 'line = "101", hour_of_week = "042"'), "rules.0.where: of calls.abandonment_rate there is never a value: by hour_of_week it is measured by month, never by week"),
        ("thresholds.toml", rule(where=""), "rules.0.where: of calls.abandonment_rate there is never a value: it is never summed over line: name one of each"),
        ("thresholds.toml", rule("calls.abandoned_share", where='line = "101", stage = "skil_queue"'), "rules.0.where.stage: never 'skil_queue': choose one of skill_queue"),
        ("thresholds.toml", rule("attendance.gap_ratio", where='grade = "2", population = "other"'), "rules.0.where.population: never 'other': choose one of domestic_abuse"),
        ("targets.toml", TARGET.format("calls.abandoned_rate"), "metrics.0.metric: no measure 'calls.abandoned_rate'"),
        ("force.toml", FORCE.format("attendance.median"), "forces.EX.rebases.0.metric: no measure 'attendance.median'"),
    ],
)  # fmt: skip
def test_what_nobody_would_ever_hear_of_is_refused(file: str, text: str, said: str) -> None:
    lake = MemoryBucket("lake")
    with pytest.raises(ConfigurationError, match=re.escape(f"{file}: {said}")):
        configuration.accept(lake, file, text)
    assert configuration.in_force(lake) == assemble({}), "the last good one stays"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("thresholds.toml", rule(where='line = "101", area = "all"')),
        ("thresholds.toml", rule("calls.answered_within_10s", where='line = "999", basis = "bt"')),
        ("thresholds.toml", rule("feed.quarantine_rate", "day", 'source = "acd"')),
        ("targets.toml", TARGET.format("calls.abandonment_rate")),
        ("force.toml", FORCE.format("attendance.median_s")),
        *packaged().items(),
    ],
)
def test_what_is_measured_is_accepted(file: str, text: str) -> None:
    check_names(configuration.accept(MemoryBucket("lake"), file, text), file)
