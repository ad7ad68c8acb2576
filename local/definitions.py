"""Which text each definition_version stands for: docs/definitions.lock.json, so that no definition changes unsaid.

A version stands in every published row. A chart starts anew with it and a restatement names it, so it has to rise when
a definition does, and only then: a text that is only quicker keeps its version, and the lock says why.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlglot import TokenType, tokenize

from callclock.contracts import METRIC_VALUES
from callclock.metrics.catalogue import Family, families, relation

LOCK = Path(__file__).parents[1] / "docs" / "definitions.lock.json"


@dataclass(frozen=True)
class Locked:
    """What one family's version stands for.

    Attributes
    ----------
    sha256
        Of its header, its text and every step it rests on, without comments and white space.
    same_meaning
        Why the text changed under this version without a change of any value, oldest first.
    """

    definition_version: str
    sha256: str
    same_meaning: tuple[str, ...] = ()


class DefinitionChangedError(Exception):
    """Texts changed and their versions did not; a line for every family, and what to do."""


def held() -> Mapping[str, Locked]:
    """Return the lock as it is committed, by family."""
    if not LOCK.exists():
        return {}
    said = json.loads(LOCK.read_text("utf-8"))
    return {name: Locked(**{**of, "same_meaning": tuple(of.get("same_meaning", ()))}) for name, of in said.items()}


def locked(before: Mapping[str, Locked], found: Iterable[Family], same: str | None = None) -> Mapping[str, Locked]:
    """Return the lock for the definitions found.

    Parameters
    ----------
    same
        Why texts changed and values did not; None where nobody says so.

    Raises
    ------
    DefinitionChangedError
        A text changed under its old version.
    """
    after, unsaid = {}, []
    for family in found:
        was, sha = before.get(family.file), fingerprint(family)
        if was is None or was.definition_version != family.definition_version:
            after[family.file] = Locked(family.definition_version, sha)
        elif was.sha256 == sha:
            after[family.file] = was
        elif same:
            after[family.file] = Locked(family.definition_version, sha, (*was.same_meaning, same))
        else:
            unsaid.append(f"{family.file}.sql: changed (header, text or a step below), still {was.definition_version}")
    if unsaid:
        do = (
            "raise definition_version, say why in docs/decisions/ and CHANGELOG.md, and run make docs glue; "
            'where every value stays as it was, make docs glue SAME="why"'
        )
        raise DefinitionChangedError("\n".join([*unsaid, do]))
    return after


def fingerprint(family: Family) -> str:
    """SHA-256 of all that decides a family's values and of what its header says of them, but for its version."""
    steps = {step.name: step.sql for step in family.relations}
    if family.result is METRIC_VALUES:
        steps["finish"] = relation("finish").sql
    said: dict[str, Any] = {
        "metrics": [asdict(metric) for metric in family.metrics],
        "reads": [*family.tables],
        "settled_by": [*family.settled_by],
        "keys": [*family.keys],
        "look": [family.look_behind, family.look_ahead],
        "texts": {name: _tokens(sql) for name, sql in {**steps, family.file: family.sql}.items()},
    }
    if family.each_source:
        said["each_source"] = True
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _tokens(sql: str) -> str:
    found = tokenize(sql, read="duckdb")
    return " ".join(f"'{t.text}'" if t.token_type is TokenType.STRING else t.text for t in found)


def one_of_each() -> tuple[Family, ...]:
    """One family of each file: the same text makes short and long periods."""
    return tuple({family.file: family for family in reversed(families())}.values())[::-1]


def text(lock: Mapping[str, Locked]) -> str:
    """Return the lock as it is written."""
    said = {name: {key: value for key, value in asdict(of).items() if value} for name, of in sorted(lock.items())}
    return json.dumps(said, indent=2) + "\n"
