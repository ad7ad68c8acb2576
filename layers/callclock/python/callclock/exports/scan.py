"""The one query that reads every row of an export: cells cleaned, columns made, reasons given (DESIGN 1).

Its layers follow one another as plain SELECTs: cleaned cells, parsed wall clocks, instants, then the contract's
columns in the order in which they wait for each other, then the reasons.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from callclock.columns import LEG, Column, Kind
from callclock.contracts import CALL_INTERVALS
from callclock.engine import name, quote
from callclock.exports.clocks import Clock
from callclock.exports.condition_sql import condition_sql
from callclock.exports.expressions import Bad, Expressions, Value
from callclock.exports.grammar import CALLER_KEY
from callclock.exports.header import Header
from callclock.exports.profile import Profile, fillable
from callclock.exports.profile_checks import GRADE_SCHEME, IDENTITY
from callclock.exports.rules import Action, Cell, DateAndTime, Rule
from callclock.exports.walls import ROW, Walls
from callclock.reasons import RowReason

HEADER_AGAIN = "header_again"
"""Reason of a record that is the header once more: a row of the layout."""

_HEADER = -1
_INTERVAL_START = "interval_start"
# Until they are staged, instants stay as DuckDB reckons with them.
_KEPT = {Kind.INSTANT: "TIMESTAMP"}


@dataclass(frozen=True)
class Scan:
    """The query of one profile over one file.

    Attributes
    ----------
    profile
        With the formats that the file itself adds (Parquet).
    header
        Columns of the file.
    source
        SQL that gives ``_row`` and the text columns ``c0``, ``c1``, ... that :attr:`places` lists.
    other_blanks
        Whether there may be blanks in it that are of Unicode alone.
    """

    profile: Profile
    header: Header
    source: str
    other_blanks: bool = True

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Places, from 0, of the columns that are read."""
        found = (self.header.find(columns) for columns in self.profile.reads)
        return tuple(sorted({place for place in found if place is not None}))

    @cached_property
    def targets(self) -> Mapping[str, Column]:
        """Contract columns that the query gives, in order; the caller and a dated map's scheme apart."""
        filled = set(self.profile.targets) - {CALLER_KEY}
        if self._scheme:
            filled.add(GRADE_SCHEME)
        return {n: c for n, c in fillable(self.profile.contract).items() if n in filled}

    @property
    def has_caller(self) -> bool:
        """Whether the query gives ``_caller``, the text of who called."""
        return CALLER_KEY in self.profile.targets

    @property
    def has_legs(self) -> bool:
        """Whether the query gives ``_leg``, which leg of its record a row is."""
        return bool(self.profile.export.leg)

    @property
    def has_exported(self) -> bool:
        """Whether the query gives ``_exported``, the row's own word of when the export was taken."""
        return self.profile.export.exported_at.rule is not None

    @property
    def in_order(self) -> bool:
        """Whether its rows come in the order of the export, one of each."""
        return len(self.profile.entries) == 1 and not self._walls.has_pairs

    @cached_property
    def keyed(self) -> tuple[str, ...]:
        """Targets that are the record's key word for word, which :meth:`sql` does not give a second time."""
        if self._wide or self._walls.has_pairs:
            return ()
        key = self._key()
        texts = [target for target, column in self.targets.items() if column.kind is Kind.TEXT]
        return tuple(target for target in texts if key in {self._value(target).sql, f"({self._value(target).sql})"})

    @cached_property
    def _clock(self) -> Clock:
        return Clock(self.profile.time.zone)

    @cached_property
    def _walls(self) -> Walls:
        walls = Walls(self.profile.time, self._clock)
        bare = Expressions(self.header, walls, self._clock)
        for column, rule in self._all_rules():
            for leaf in rule.leaves if column.kind is Kind.INSTANT else ():
                match leaf.source:
                    case Cell(columns=columns):
                        walls.note(bare.cell(*columns), leaf.after)
                    case DateAndTime(date=day, time=time):
                        walls.note(walls.joined(bare.cell(*day), bare.cell(*time)), leaf.after)
        for text in self._interval_texts(bare, walls):
            walls.note_pair(text, self._series(bare))
        return walls

    def _interval_texts(self, bare: Expressions, walls: Walls) -> Iterator[str]:
        """Texts of the starts of counted intervals."""
        for entry in self.profile.entries if self.profile.table == CALL_INTERVALS.name else ():
            for leaf in entry[_INTERVAL_START].leaves:
                match leaf.source:
                    case Cell(columns=columns):
                        yield bare.cell(*columns)
                    case DateAndTime(date=day, time=time):
                        yield walls.joined(bare.cell(*day), bare.cell(*time))

    def _series(self, bare: Expressions) -> tuple[str, ...]:
        """Columns that tell one series of counted intervals from another."""
        told = [target for target in IDENTITY[CALL_INTERVALS.name] if target != _INTERVAL_START]
        rules = [entry[target] for entry in self.profile.entries for target in told]
        return ("_entry", *dict.fromkeys(bare.cell(*columns) for rule in rules for columns in rule.columns))

    @cached_property
    def _expressions(self) -> Expressions:
        return Expressions(self.header, self._walls, self._clock)

    def _all_rules(self) -> Iterator[tuple[Column, Rule]]:
        for entry in self.profile.entries:
            for target, rule in entry.items():
                yield self.profile.contract.by_name[target], rule
        exported = self.profile.export.exported_at.rule
        if exported:
            yield self.profile.contract.by_name["exported_at"], exported

    def sql(self) -> str:
        """Give the whole query.

        Its columns: ``_row``, ``_entry`` (of ``[[rows]]``), ``_dropped`` (reason of the rule that drops the row),
        ``_reasons`` (joined by ``;``, NULL for a good row), ``set_aside``, ``record_key``, ``started_at``,
        ``time_flags``, the :attr:`targets` but those that are :attr:`keyed`, and where there are any ``_leg``,
        ``_caller`` and ``_exported``.
        """
        entries = f" CROSS JOIN (SELECT unnest(range({len(self.profile.entries)})) AS _entry)" if self._wide else ""
        entry = "_entry" if self._wide else "0 AS _entry"
        trimmed = f"SELECT {ROW}, {', '.join(self._trimmed_cells())} FROM ({self.source})"
        sql = f"SELECT {ROW}, {entry}, {', '.join(self._clean_cells())} FROM ({trimmed}){entries}"
        sql = _more([*self._walls.parse_layer(), f"{self.rule_number()} AS _rule"], sql)
        sql = _more([*self._walls.convert_layer(), *self._walls.pair_layer()], sql)
        sql = _more(list(self._walls.flag_layer()), sql)
        made: dict[str, Value] = {}
        for known, ready in self._depths():
            sql = _more(list(self._walls.roll_layer(known)), sql)
            sql = _more(list(self._walls.settle_layer(known)), sql)
            sql = _more(list(self._walls.rolled_flag_layer(known)), sql)
            values = {target: self._value(target).known_as(name(target)) for target in ready}
            made |= values
            sql = _more([f"{value.sql} AS {name(target)}" for target, value in values.items()], sql)
        return f"SELECT {', '.join(self._final(made))} FROM ({sql})"

    @property
    def _wide(self) -> bool:
        return len(self.profile.entries) > 1

    def _trimmed_cells(self) -> Iterator[str]:
        """SQL of each cell that is read, without the blanks around it."""
        yield from (f"{_trimmed(f'c{place}', self.other_blanks)} AS c{place}" for place in self.places)

    def _clean_cells(self) -> Iterator[str]:
        """SQL of each trimmed cell, NULL where a word stands for missing."""
        for place in self.places:
            words = set(self.profile.nulls.get("*", ()))
            for column, more in self.profile.nulls.items():
                if self.header.find((column,)) == place:
                    words |= set(more)
            # One test of all words: nullif() writes its first argument out twice, so ten of them in one another would
            # be a thousand.
            given = f"CASE WHEN c{place} NOT IN ({', '.join(map(quote, sorted(words)))}) THEN c{place} END AS c{place}"
            yield given if words else f"c{place}"

    def rule_number(self) -> str:
        """SQL of the number, from 0, of the first of ``[[rules]]`` that holds over cleaned cells, else NULL.

        A header that stands among the records, as where files were strung together, has a number of its own.
        """
        cases = " ".join(
            f"WHEN {condition_sql(rule.condition, self._expressions.cell)} THEN {number}"
            for number, rule in enumerate(self.profile.rules)
        )
        again = " AND ".join(f"c{place} = {quote(self.header.names[place])}" for place in self.places)
        return f"(CASE WHEN {again} THEN {_HEADER} {cases} END)"

    def ruled(self, action: Action) -> str:
        """SQL of the reason of the row's rule where it has this action, over ``_rule``; else NULL."""
        cases = " ".join(
            f"WHEN {number} THEN {quote(rule.reason)}"
            for number, rule in enumerate(self.profile.rules)
            if rule.action is action
        )
        if action is Action.DROP:
            cases = f"WHEN {_HEADER} THEN {quote(HEADER_AGAIN)} {cases}"
        return f"(CASE _rule {cases} END)" if cases else "NULL::VARCHAR"

    def _depths(self) -> Iterator[tuple[frozenset[str], Sequence[str]]]:
        """Targets in the order in which they can be made, each group with what became known just before it."""
        waiting = {target: self._needs(target) for target in self.targets}
        known: set[str] = set()
        new: frozenset[str] = frozenset()
        while waiting:
            ready = [target for target, needs in waiting.items() if needs <= known]
            yield new, ready
            for target in ready:
                del waiting[target]
            known |= set(ready)
            new = frozenset(ready)

    def _needs(self, target: str) -> frozenset[str]:
        if target == GRADE_SCHEME and self._scheme:
            return frozenset({self._scheme.by} if self._scheme.by else ())
        found: set[str] = set()
        for entry in self.profile.entries:
            found |= entry[target].needs if target in entry else frozenset()
        return frozenset(found)

    @cached_property
    def _scheme(self) -> Cell | None:
        """The dated map that says which set of grades a row's are of."""
        if GRADE_SCHEME not in self.profile.contract.by_name:
            return None
        cells = (leaf.source for entry in self.profile.entries for rule in entry.values() for leaf in rule.leaves)
        return next((c for c in cells if isinstance(c, Cell) and any(dated.scheme for dated in c.maps)), None)

    def _value(self, target: str) -> Value:
        column = self.profile.contract.by_name[target]
        if target == GRADE_SCHEME and self._scheme:
            schemes = [quote(dated.scheme) if dated.scheme else "NULL" for dated in self._scheme.maps]
            return Value(self._expressions.by_date(self._scheme, schemes))
        rules = [entry.get(target) for entry in self.profile.entries]
        first = rules[0]
        if first is not None and all(rule == first for rule in rules):
            return self._expressions.value(column, first)
        values = [self._expressions.value(column, rule) if rule else Value("NULL") for rule in rules]
        cases = " ".join(f"WHEN {entry} THEN {value.sql}" for entry, value in enumerate(values))
        flags = " ".join(f"WHEN {entry} THEN {value.flag or 'NULL'}" for entry, value in enumerate(values))
        texts = " ".join(f"WHEN {entry} THEN {value.text or 'NULL'}" for entry, value in enumerate(values))
        return Value(
            sql=f"(CASE _entry {cases} END)",
            flag=f"(CASE _entry {flags} END)" if any(value.flag for value in values) else None,
            text=f"(CASE _entry {texts} END)" if any(value.flag for value in values) else None,
            bad=tuple(
                replace(bad, condition=f"_entry = {entry} AND {bad.condition}")
                for entry, value in enumerate(values)
                for bad in value.bad
            ),
        )

    def _final(self, made: Mapping[str, Value]) -> Iterator[str]:
        key = f"({self._key()}{self._hour_suffix(made)})"
        yield from (ROW, "_entry", f"{self.ruled(Action.DROP)} AS _dropped")
        yield f"{self.ruled(Action.SET_ASIDE)} AS set_aside"
        yield f"{key} AS record_key"
        starts = [name(start) for start in self.profile.contract.starts if start in made]
        yield f"{as_staged(f'coalesce({", ".join(starts)})')} AS started_at"
        if self.has_caller:
            yield f"{self._value(CALLER_KEY).sql} AS _caller"
        bad = [bad for value in made.values() for bad in value.bad]
        if self.has_legs:
            leg = self._expressions.joined([(column,) for column in self.profile.export.leg], "|")
            bad.append(Bad(f"{leg} IS NULL", f"{RowReason.MISSING}:{LEG}"))
            yield f"{leg} AS _leg"
        if self.profile.export.exported_at.rule:
            column = self.profile.contract.by_name["exported_at"]
            exported = self._expressions.value(column, self.profile.export.exported_at.rule)
            exported = exported.known_as(exported.sql)
            bad += exported.bad
            yield f"{exported.sql} AS _exported"
        if self.profile.export.key:
            bad.append(Bad(f"{key} IS NULL", f"{RowReason.MISSING}:key"))
            cells = [self._expressions.cell(column) for column in self.profile.export.key]
            mangled = " OR ".join(in_scientific_notation(cell) for cell in cells)
            bad.append(Bad(f"coalesce({mangled}, false)", f"{RowReason.SCIENTIFIC}:key"))
        reasons = [*bad, *self._missing(made)]
        yield f"{self._reasons(reasons)} AS _reasons"
        yield f"{self._flags(made)} AS time_flags"
        for target, column in self.targets.items():
            if target in self.keyed:
                continue
            cast = f"CAST({name(target)} AS {_KEPT.get(column.kind, column.kind.duckdb)}) AS {name(target)}"
            yield name(target) if made[target].enumerated else cast

    def _reasons(self, reasons: Sequence[Bad]) -> str:
        """SQL of all reasons of a row, joined; most rows have none, and for those nothing is joined."""
        ruled = self.ruled(Action.QUARANTINE)
        given = ", ".join(f"CASE WHEN {bad.condition} THEN {quote(bad.reason)} END" for bad in reasons)
        any_bad = " OR ".join([f"{ruled} IS NOT NULL", *(f"({bad.condition})" for bad in reasons)])
        return (
            f"(CASE WHEN {self.ruled(Action.DROP)} IS NULL AND ({any_bad}) THEN concat_ws(';', {ruled}, {given}) END)"
        )

    @staticmethod
    def _flags(made: Mapping[str, Value]) -> str:
        """SQL of the columns whose wall clock was ambiguous or none, joined with its text; NULL for most rows."""
        flagged = {
            target: f"CASE WHEN {name(target)} IS NOT NULL THEN {value.flag} END"
            for target, value in made.items()
            if value.flag
        }
        if not flagged:
            return "NULL::VARCHAR"
        any_flag = f"coalesce({', '.join(flagged.values())})"
        joined = ", ".join(
            f"{quote(target + '=')} || {flag} || ' ' || {made[target].text}" for target, flag in flagged.items()
        )
        return f"(CASE WHEN {any_flag} IS NOT NULL THEN concat_ws(';', {joined}) END)"

    def _key(self) -> str:
        """SQL of the record's key: the profile's columns, else the fallback, else NULL.

        Without columns of its own a record is known by what the table knows it by; rows made of one row are told apart
        by what their entries fill of that.
        """
        block = self.profile.export
        identity = IDENTITY[self.profile.table]
        told = [target for target in identity if any(target in entry for entry in self.profile.rows)]
        key = self._expressions.joined([(column,) for column in block.key], "|") if block.key else self._told(identity)
        if block.key_else is not None:
            key = f"coalesce({key}, {self._expressions.join(block.key_else)})"
        return f"({key} || '|' || {self._told(told)})" if block.key and self._wide and told else key

    def _hour_suffix(self, made: Mapping[str, Value]) -> str:
        """SQL that tells the first of two equal hours from the second, which have one text: see ``Walls.note_pair``."""
        pairs = [self._walls.paired(text) for text in self._interval_texts(self._expressions, self._walls)]
        if not self.profile.export.key or not any(pairs):
            return ""
        first = " OR ".join(dict.fromkeys(pair for pair in pairs if pair))
        return f" || CASE WHEN {made[_INTERVAL_START].flag} = 'A' AND ({first}) THEN '|first' ELSE '' END"

    def _told(self, targets: Sequence[str]) -> str:
        """SQL of targets as one text, NULL when any is missing."""
        texts = (
            f"strftime({name(t)}, '%Y-%m-%dT%H:%M:%S.%gZ')" if self.targets[t].kind is Kind.INSTANT else name(t)
            for t in targets
        )
        return "(" + " || '|' || ".join(texts) + ")"

    def _missing(self, made: Mapping[str, Value]) -> Iterator[Bad]:
        """Give what must be there and is not; a cell that was bad has said so already."""
        contract = self.profile.contract
        for target, value in made.items():
            if not contract.by_name[target].nullable:
                absent = [f"{name(target)} IS NULL", *(f"NOT ({bad.condition})" for bad in value.bad)]
                yield Bad(" AND ".join(absent), f"{RowReason.MISSING}:{target}")
        starts = [start for start in contract.starts if start in made]
        if all(contract.by_name[start].nullable for start in starts):
            absent = [f"coalesce({', '.join(name(start) for start in starts)}) IS NULL"]
            absent += [f"NOT ({bad.condition})" for start in starts for bad in made[start].bad]
            yield Bad(" AND ".join(absent), f"{RowReason.MISSING}:started_at")


def _trimmed(cell: str, other_blanks: bool) -> str:
    """SQL of a cell without the blanks around it, NULL where nothing is left.

    trim() walks through every letter, so it is called only where a blank may be: below "!" in front, as the empty cell
    is too, a space behind, or where the file has ``other_blanks``, letters of more than one byte.
    """
    blank = f"{cell} < '!' OR ends_with({cell}, ' ')"
    if other_blanks:
        blank += f" OR strlen({cell}) <> length({cell})"
    return f"CASE WHEN {blank} THEN nullif(trim({cell}), '') ELSE {cell} END"


def as_staged(instant: str) -> str:
    """SQL of an instant rounded as it is staged: to milliseconds, which may be those of the next month."""
    return f"CAST(CAST({instant} AS TIMESTAMP_MS) AS TIMESTAMP)"


def in_scientific_notation(cell: str) -> str:
    """SQL that a cell is a number as spreadsheets write long ones: 4.47701E+11, whose last figures are lost."""
    # No AND: DuckDB tries which of two tests to make first, and so matches every cell now and then.
    return rf"(CASE WHEN contains({cell}, '+') THEN regexp_full_match({cell}, '-?\d([.,]\d+)?[eE]\+\d+') END)"


def _more(columns: Sequence[str], below: str) -> str:
    """Lay more columns over a query."""
    return f"SELECT *, {', '.join(columns)} FROM ({below})" if columns else below
