"""Conditions of a profile as SQL over cleaned cells; always true or false, never NULL."""

from collections.abc import Callable

from callclock.engine import quote
from callclock.exports.conditions import word_pattern
from callclock.exports.rules import Condition, Test, TestKind

CellOf = Callable[[str], str]
"""SQL of the cleaned cell of an export column."""


def condition_sql(condition: Condition, cell: CellOf) -> str:
    """SQL of a condition: alternatives, each a row of tests that must all hold."""
    ways = (" AND ".join(_test(test, cell(test.column)) for test in tests) for tests in condition.alternatives)
    return "(" + " OR ".join(f"({way})" for way in ways) + ")"


def _test(test: Test, cell: str) -> str:
    looked = _looked(test, cell)
    return f"(NOT {looked})" if test.negated else looked


def _looked(test: Test, cell: str) -> str:
    match test.kind:
        case TestKind.GIVEN:
            return f"({cell} IS NOT NULL)"
        case TestKind.IS:
            return f"coalesce({cell} IN ({', '.join(quote(word) for word in test.words)}), false)"
        case TestKind.STARTS:
            return "(" + " OR ".join(f"coalesce(starts_with({cell}, {quote(w)}), false)" for w in test.words) + ")"
        case TestKind.WORD:
            return f"coalesce(regexp_matches(upper({cell}), {quote(word_pattern(test.words))}), false)"
        case TestKind.LT:
            return f"coalesce(try_cast({cell} AS DOUBLE) < {test.number!r}, false)"
        case TestKind.GT:
            return f"coalesce(try_cast({cell} AS DOUBLE) > {test.number!r}, false)"
