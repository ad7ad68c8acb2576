"""A source profile: how one system's export is read, as data (DESIGN 4, source-profiles.md "The grammar")."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from callclock.columns import Column, Table
from callclock.contracts import CURATED
from callclock.exports.grammar import Reading, read_condition, read_rule
from callclock.exports.profile_checks import check_profile
from callclock.exports.profile_sections import (
    ExportBlock,
    FileFormat,
    Match,
    TimeReading,
    read_export,
    read_format,
    read_match,
    read_time,
)
from callclock.exports.rules import Action, Columns, RowRule, Rule
from callclock.settings import ConfigurationError, digest, parse_toml

Repeats = Literal["newest", "collapse", "error"]
_TOP = frozenset(
    {
        "profile", "table", "repeats", "match", "format", "time", "nulls", "aliases", "columns", "rows", "rules",
        "export", "draft",
    }
)  # fmt: skip
_TABLES: Mapping[str, Table] = {table.name: table for table in CURATED}
_RULE = frozenset({"reason", "if", "then"})


@dataclass(frozen=True)
class Profile:
    """How one system's export fills one table.

    Attributes
    ----------
    file
        Configuration file that it was read from.
    name
        The source, as curated rows and receipts name it.
    hash
        SHA-256 of what it says; comments and layout do not count.
    nulls
        Words that mean missing, by column; ``*`` for every column.
    aliases
        Other names of a column, wherever the profile names it: where the file has not the one, the first of these.
    rows
        Wide to long: one output row for each entry, whose rules add to ``columns``.
    """

    file: str
    name: str
    hash: str
    contract: Table
    match: Match
    format: FileFormat
    time: TimeReading
    export: ExportBlock
    columns: Mapping[str, Rule]
    repeats: Repeats = "newest"
    nulls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: tuple[Mapping[str, Rule], ...] = ()
    rules: tuple[RowRule, ...] = ()

    @property
    def table(self) -> str:
        """Name of the table that it fills."""
        return self.contract.name

    @property
    def entries(self) -> tuple[Mapping[str, Rule], ...]:
        """Rules of each output row of one input row: ``columns``, with one entry of ``rows`` where there are any."""
        return tuple({**self.columns, **entry} for entry in self.rows) or (self.columns,)

    @property
    def targets(self) -> tuple[str, ...]:
        """Contract columns that it fills, in order of the contract."""
        filled = {target for entry in self.entries for target in entry}
        return tuple(column.name for column in self.contract.columns if column.name in filled)

    def known_as(self, column: str) -> tuple[str, ...]:
        """Name of a column in the profile, and its aliases."""
        return (column, *self.aliases.get(column, ()))

    @property
    def reads(self) -> tuple[Columns, ...]:
        """Columns of the export that it reads, each once, every alias of one together."""
        return tuple(dict.fromkeys(self._reads()))

    def _reads(self) -> Iterator[Columns]:
        yield from self.export.columns
        for entry in self.entries:
            for rule in entry.values():
                yield from rule.columns
        for row_rule in self.rules:
            yield from ((column,) for column in row_rule.condition.columns)
        if self.match.where:
            yield from ((column,) for column in self.match.where.columns)


def parse_profile(file: str, text: str) -> Profile:
    """Read one profile.

    Parameters
    ----------
    file
        Name below ``config/``, for faults.
    text
        Its TOML.

    Raises
    ------
    ConfigurationError
        Every fault is a line ``file: key: reason``.
    """
    data = parse_toml(file, text)
    table = _TABLES.get(str(data.get("table")))
    if table is None:
        raise ConfigurationError(f"{file}: table: {data.get('table')!r} is none of {', '.join(_TABLES)}")
    reading = Reading(file, table)
    said = reading.section(data, "", _TOP)
    profile = Profile(
        file=file,
        name=reading.text(said.get("profile"), "profile"),
        hash=digest(data),
        contract=table,
        match=read_match(said.get("match", {}), reading),
        format=read_format(said.get("format", {}), reading),
        time=read_time(said.get("time", {}), reading),
        export=read_export(said.get("export", {}), reading),
        columns=_columns(said.get("columns", {}), "columns", reading),
        repeats=_repeats(said.get("repeats", "newest"), reading),
        nulls=_words(said.get("nulls", {}), "nulls", reading),
        aliases=_words(said.get("aliases", {}), "aliases", reading),
        rows=tuple(
            _columns(entry, f"rows[{number}]", reading)
            for number, entry in enumerate(_list(said.get("rows", []), "rows", reading))
        ),
        rules=tuple(
            rule
            for number, entry in enumerate(_list(said.get("rules", []), "rules", reading))
            for rule in _row_rule(entry, f"rules[{number}]", reading)
        ),
    )
    if "draft" in said:
        reading.fault("draft", 'a draft: confirm every line marked "guess", then take this line out')
    check_profile(profile, reading)
    if reading.faults:
        raise ConfigurationError("\n".join(dict.fromkeys(reading.faults)))
    return profile


def parse_profiles(texts: Mapping[str, str]) -> tuple[Profile, ...]:
    """Read every profile of the configuration in order of name.

    Raises
    ------
    ConfigurationError
        With the faults of all files; also when two files give one name.
    """
    found: dict[str, Profile] = {}
    faults = []
    for file, text in sorted(texts.items()):
        try:
            profile = parse_profile(file, text)
        except ConfigurationError as fault:
            faults.append(str(fault))
            continue
        if profile.name in found:
            faults.append(
                f"{file}: profile: {profile.name!r} is the name of {found[profile.name].file} already: "
                "records are known by it, so give each profile its own"
            )
        found.setdefault(profile.name, profile)
    if faults:
        raise ConfigurationError("\n".join(faults))
    return tuple(found[name] for name in sorted(found))


def _list(data: object, key: str, reading: Reading) -> list[object]:
    if isinstance(data, list):
        return data
    reading.fault(key, f"write [[{key}]]")
    return []


def _columns(data: object, key: str, reading: Reading) -> dict[str, Rule]:
    if not isinstance(data, dict):
        reading.fault(key, "write a table of contract columns")
        return {}
    rules = {}
    for target, said in data.items():
        column = fillable(reading.table).get(target)
        if column is None:
            reading.fault(
                f"{key}.{target}",
                f"table {reading.table.name} has no such column to fill; there are "
                f"{', '.join(fillable(reading.table))}",
            )
            continue
        rules[target] = read_rule(column, said, f"{key}.{target}", reading)
    return rules


def fillable(table: Table) -> dict[str, Column]:
    """Columns that a profile may fill: those of the contract, and when the source last changed the record."""
    return {column.name: column for column in (*table.mapped, table.by_name["record_updated_at"])}


def _repeats(data: object, reading: Reading) -> Repeats:
    match data:
        case "newest" | "collapse" | "error":
            return data
        case _:
            reading.fault("repeats", f"{data!r} is none of newest, collapse, error")
            return "newest"


def _words(data: object, key: str, reading: Reading) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, dict):
        reading.fault(key, f'write [{key}] and below it one list of words for each column, as "Column" = ["word"]')
        return {}
    return {column: reading.texts(words, f"{key}.{column}") for column, words in data.items()}


def _row_rule(data: object, key: str, reading: Reading) -> Iterator[RowRule]:
    said = reading.section(data, key, _RULE)
    if set(said) != _RULE:
        reading.fault(key, "a rule has reason, if and then")
        return
    action = Action(reading.one_of(said["then"], f"{key}.then", tuple(Action)))
    yield RowRule(
        reading.text(said["reason"], f"{key}.reason"), read_condition(said["if"], f"{key}.if", reading), action
    )
