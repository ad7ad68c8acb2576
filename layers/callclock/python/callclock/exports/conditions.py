"""Conditions of a profile over one row read in Python; :mod:`callclock.exports.expressions` has the same in SQL."""

import re
from collections.abc import Mapping

from callclock.exports.rules import Condition, Test, TestKind


def word_pattern(words: tuple[str, ...]) -> str:
    """Regular expression, over upper case, of any of these whole words."""
    any_word = "|".join(re.sub(r"([^A-Z0-9 ])", r"\\\1", word.upper()) for word in words)
    return f"(^|[^A-Z0-9])({any_word})([^A-Z0-9]|$)"


def holds(condition: Condition, row: Mapping[str, str | None]) -> bool:
    """Tell whether a condition holds for a row of trimmed cells, None where missing."""
    return any(all(_passes(test, row.get(test.column)) for test in tests) for tests in condition.alternatives)


def _passes(test: Test, cell: str | None) -> bool:
    return _matches(test, cell) != test.negated


def _matches(test: Test, cell: str | None) -> bool:
    if cell is None:
        return False
    match test.kind:
        case TestKind.GIVEN:
            return True
        case TestKind.IS:
            return cell in test.words
        case TestKind.STARTS:
            return cell.startswith(test.words)
        case TestKind.WORD:
            return bool(re.search(word_pattern(test.words), cell.upper()))
        case _:
            return _compares(test, cell)


def _compares(test: Test, cell: str) -> bool:
    try:
        number = float(cell)
    except ValueError:
        return False
    return number < test.number if test.kind is TestKind.LT else number > test.number
