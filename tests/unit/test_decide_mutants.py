"""The cases can fail: each of these faults, put into the code on purpose, makes at least one of them wrong."""

import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from callclock import replay, thresholds
from tests.support.notice_cases import wrong_checks

MUTANTS = {
    "equality breaches": (replay, "return value > level if", "return value >= level if"),
    "both directions are above": (replay, 'self.direction == "above" else value < level', "self.direction else value < level"),
    "n must exceed the minimum": (replay, "row.records < self.min_n", "row.records <= self.min_n"),
    "the minimum n is not asked": (replay, " or row.records < self.min_n", ""),
    "incomplete rows are read": (replay, "(row for row in series if row.complete)", "series"),
    "k off by one": (replay, "over=good + 1 >= rule.k", "over=good + 1 > rule.k"),
    "one bad period more": (replay, "len(bad) >= m", "len(bad) > m"),
    "the window is one period longer": (replay, "[-n:]", "[-n - 1 :]"),
    "the window goes on after a recovery": (replay, "                window = []", "                pass"),
    "missing periods give up their place": (replay, "laid.append(by_end.get(end))", "laid += [by_end[end]] if end in by_end else []"),
    "between the levels the good ones go on counting": (replay, "        return 0, breach\n", "        return good, breach\n"),
    "between the levels it recovers": (replay, "if rule.beyond(value, rule.recover):", "if rule.breaches(value):"),
    "severity is that of the first period": (replay, "replace(breach, severity=rule.severity_of(value).name, recovering", "replace(breach, recovering"),
    "the mildest severity": (replay, "if self.beyond(value, severity.level)][-1]", "if self.beyond(value, severity.level)][0]"),
    "since the newest period": (replay, "since=bad[0].period_start", "since=bad[-1].period_start"),
    "m of n for rolling years too": (replay, "(1, 1) if self.period in _OVERLAPPING else (self.m, self.n)", "(self.m, self.n)"),
    "every past breach was found late": (replay, " and not rule.breaches(row.restated_from)", ""),
    "either side is a concern": (replay, " if flag.side == rule.direction", ""),
    "flags that go on are told": (replay, "newest.completes if", "newest.flags if"),
    "the revision is not compared": (thresholds, "bool(self.told) and self.told[-1].revision != self.rule.revision", "False"),
    "a recovery without a delivered breach": (thresholds, "return bool(mine) and mine[-1].over", "return bool(self.story.breaches) and self.story.breaches[-1].over"),
    "recoveries close nothing": (thresholds, "_CLOSING = frozenset({NoticeReason.RECOVERED, ", "_CLOSING = frozenset({"),
    "the first notice starts the interval": (thresholds, "self.told_of(self.lasting)[-1].at", "self.told_of(self.lasting)[0].at"),
    "the interval is a day longer": (thresholds, ".days >= self.rule.renotify_days", ".days > self.rule.renotify_days"),
    "days of 24 hours": (thresholds, "(local_day(self.now, self.rule.zone) - last).days", "(self.now - self.told_of(self.lasting)[-1].at).days"),
    "any severity is worse": (thresholds, "self.rule.rank(self.lasting.severity) > worst_told", "self.rule.rank(self.lasting.severity) >= worst_told"),
    "worse than the last told": (thresholds, "(self.rule.rank(entry.severity) for entry in self.told_of(self.lasting))", "(self.rule.rank(entry.severity) for entry in self.told_of(self.lasting)[-1:])"),
    "late events are told": (thresholds, "late = bool(log) and now < log[-1].at", "late = False"),
    "no data at every decision": (thresholds, "return None if case.data_back() else NoticeReason.NO_DATA", "return NoticeReason.NO_DATA"),
    "nothing is ever due": (thresholds, "rule.due_days is not None and frontier is not None", "False"),
    "too old at the very age": (thresholds, "any(now > instant", "any(now >= instant"),
    "past breaches wake people": (thresholds, "page=reason not in {None, NoticeReason.PAST_BREACH_FOUND}", "page=reason is not None"),
    "past breaches are found at every decision": (thresholds, "NoticeReason.PAST_BREACH_FOUND]", "NoticeReason.HISTORY]"),
    "history at every decision": (thresholds, "return unknown and any(", "return any("),
    "a signal is told at every decision": (thresholds, "elif flags and not known:", "elif flags:"),
    "data back goes first": (thresholds, "    (NoticeReason.RULE_CHANGED, _Case.rule_changed),", "    (NoticeReason.DATA_BACK, _Case.data_back),\n    (NoticeReason.RULE_CHANGED, _Case.rule_changed),"),
}  # fmt: skip


def mutated(monkeypatch: pytest.MonkeyPatch, module: ModuleType, old: str, new: str) -> ModuleType:
    """Load replay and thresholds anew, with the text of one of them changed in the one place that holds ``old``."""
    loaded = thresholds
    for original in (replay, thresholds):
        text = Path(str(original.__file__)).read_text("utf-8")
        if original is module:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {original.__name__}"
            text = text.replace(old, new)
        loaded = ModuleType(original.__name__)
        monkeypatch.setitem(sys.modules, original.__name__, loaded)
        exec(compile(text, str(original.__file__), "exec"), loaded.__dict__)
    return loaded


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = mutated(monkeypatch, *MUTANTS[fault])
    with suppress(IndexError, ValueError):  # to fall over is to be caught
        assert wrong_checks(code)


def test_the_code_as_it_is_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong_checks(mutated(monkeypatch, replay, "good + 1 >= rule.k", "good + 1 >= rule.k")) == []
