"""The packaged thresholds: each names a measure that there is, and where its limit comes from."""

import re

import pytest

from callclock.metrics.catalogue import families, metric
from callclock.settings import ThresholdRule, assemble, packaged

RULES = assemble({}).rules
INSPECTORS = {
    "attendance.median_s", "attendance.over_7d", "attendance.within_4h", "attendance.gap_ratio", "calls.abandonment_rate",
    "safeguarding.declined_share", "calls.answered_within_10s", "attendance.within_target",
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_names_a_measure_its_worse_side_and_keys_that_it_is_broken_down_by(rule: ThresholdRule) -> None:
    found = metric(rule.metric)
    worse = {"lower_is_better": "above", "higher_is_better": "below"}.get(found.direction, rule.direction)
    assert rule.direction == worse
    of_records = [f for f in families() if "basis" not in f.keys]
    [keys] = {f.keys for f in of_records if rule.metric in {m.name for m in f.metrics} and rule.period in f.kinds}
    assert set(rule.where) <= set(keys)


def test_every_figure_the_inspectors_named_and_the_national_standard_has_a_rule() -> None:
    assert {rule.metric for rule in RULES} == INSPECTORS


def test_each_rule_says_where_its_limit_comes_from() -> None:
    text = packaged()["thresholds.toml"]
    assert len(re.findall(r"(?:^# .+\n)+\[\[rules\]\]", text, re.MULTILINE)) == len(RULES) == text.count("[[rules]]")
