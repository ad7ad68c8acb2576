"""Profiles: what may be said is read, and everything else is a fault that names file, key and reason."""

from datetime import date
from pathlib import Path

import pytest

from callclock.exports import rules
from callclock.exports.profile import Profile, parse_profile, parse_profiles
from callclock.exports.rules import AnyOf, Caller, Cell, Const, DateAndTime, First, Join, Plus, Step, Sum, When
from callclock.settings import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
FILE = "sources/cad.toml"
HEAD = 'profile = "cad"\ntable = "incidents"\n'
TIME = '[time]\nformats = ["%d/%m/%Y %H:%M:%S"]\n'
COLUMNS = '[columns]\nincident_id = "Number"\ncreated_at = "Created"\n'
EXPORT = '[export]\nkey = ["Number"]\n'


def parse(columns: str = "", *, head: str = HEAD, export: str = EXPORT, time: str = TIME, more: str = "") -> Profile:
    return parse_profile(FILE, head + export + time + COLUMNS + columns + "\n" + more)


def faults(*args: str, **kwargs: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(*args, **kwargs)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for pattern in (
            "events/config/sources/*.toml",
            "local/simulate/config/sources/*.toml",
            "tests/real/*/profile.toml",
        )
        for path in ROOT.glob(pattern)
    ),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_profile_of_the_project_is_read(path: Path) -> None:
    profile = parse_profile(path.name, path.read_text("utf-8"))
    assert set(profile.targets) >= {c.name for c in profile.contract.mapped if not c.nullable}
    assert len(profile.hash) == 64


def test_every_source_of_the_grammar() -> None:
    profile = parse(
        """
call_received_at = { date = "D", time = "T", after = "created_at", only = { Kind = "call" } }
first_dispatched_at = { start = "created_at", plus = "Secs", unit = ["m:ss", "s"] }
first_arrived_at = { start = "created_at", add = "1 hour" }
closed_at = { first = ["Closed", { from = "Shut", after = "created_at" }] }
grade_initial = { from = "Grade", map = { "Grade 1" = "1" }, else = "keep" }
opening_code = { join = ["A", "B"], by = "-" }
domestic_abuse = { any = [{ Code = { word = ["DV"] } }, { Text = { starts = "DOM" } }] }
outcome = { when = [{ if = { Closed = { given = true } }, then = "closed_unattended" }], else = "unknown" }
service = { const = "police" }
reopened = { from = "Re", map = { "1" = true, "0" = "false" } }
reported_arrival_ms = { from = "Wait", unit = "s" }
caller_key = { number = "CLI" }
record_updated_at = "Updated"
"""
    )
    kinds = {target: type(rule.source) for target, rule in profile.columns.items()}
    assert kinds == {
        "incident_id": Cell, "created_at": Cell, "call_received_at": DateAndTime, "first_dispatched_at": Plus,
        "first_arrived_at": Step, "closed_at": First, "grade_initial": Cell, "opening_code": Join,
        "domestic_abuse": AnyOf, "outcome": When, "service": Const, "reopened": Cell, "reported_arrival_ms": Cell,
        "caller_key": Caller, "record_updated_at": Cell,
    }  # fmt: skip
    assert profile.columns["closed_at"].needs == {"created_at"}
    assert {name for columns in profile.reads for name in columns} == {
        "Number", "Created", "D", "T", "Kind", "Secs", "Closed", "Shut", "Grade", "A", "B", "Code", "Text", "Re", "Wait",
        "CLI", "Updated",
    }  # fmt: skip


def test_sums_aliases_and_wide_rows() -> None:
    profile = parse_profile(
        FILE,
        """profile = "w"
table = "call_intervals"
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
provider = { const = "p" }
queue = { const = "all" }
interval_start = ["When", "DateTime"]
interval_end = { start = "interval_start", add = "15 minutes" }
[[rows]]
line = { const = "999" }
offered = { sum = ["A", "B"] }
[[rows]]
line = { const = "101" }
offered = "C"
""".replace('["When", "DateTime"]', '{ from = ["When", "DateTime"] }'),
    )
    assert isinstance(profile.entries[0]["offered"].source, Sum)
    assert ("When", "DateTime") in profile.reads
    assert profile.export.key == ()
    assert len(profile.entries) == 2


def test_a_dated_map() -> None:
    profile = parse(
        "grade_initial = { from = 'Grade', by = 'created_at', map = ["
        "{ until = 2020-10-20, scheme = 'three', values = { A = '1' } },"
        "{ since = 2020-10-20, scheme = 'five', values = { A = '2' } }] }"
    )
    source = profile.columns["grade_initial"].source
    assert isinstance(source, Cell)
    assert [(m.since, m.until, m.scheme) for m in source.maps] == [
        (None, date(2020, 10, 20), "three"),
        (date(2020, 10, 20), None, "five"),
    ]


def test_conditions() -> None:
    profile = parse(
        more='[[rules]]\nreason = "total"\nthen = "drop"\nif = { Number = { not = { starts = ["T", "S"] } } }'
    )
    [[test]] = profile.rules[0].condition.alternatives
    assert (test.column, test.kind, test.words, test.negated) == ("Number", rules.TestKind.STARTS, ("T", "S"), True)
    absent = parse(more='[[rules]]\nreason = "total"\nthen = "drop"\nif = { Number = { given = false } }')
    [[test]] = absent.rules[0].condition.alternatives
    assert (test.kind, test.negated) == (rules.TestKind.GIVEN, True)


def test_the_hash_is_of_what_is_said() -> None:
    assert parse().hash == parse(more="# a comment").hash
    assert parse().hash != parse('area = "Area"').hash


@pytest.mark.parametrize(
    ("columns", "key", "says"),
    [
        ('colour = "X"', "columns.colour", "no such column"),
        ('attend_ms = "X"', "columns.attend_ms", "no such column"),
        ('area = { from = "X", const = "Y" }', "columns.area", "exactly one of"),
        ('area = { from = "X", after = "created_at" }', "columns.area.after", "instants only"),
        ('area = { from = "X", collour = 1 }', "columns.area.collour", "does not go with from"),
        ("area = 3", "columns.area", "a rule is"),
        ('caller_key = "CLI"', "columns.caller_key", "{ number ="),
        ('caller_key = { from = "CLI" }', "columns.caller_key", "{ number ="),
        ('area = { number = "CLI" }', "columns.area", "{ number ="),
        ('origin = { from = "X", map = { A = "pubblic" } }', "columns.origin.map.A", "'pubblic' is none of"),
        ('origin = { const = "x" }', "columns.origin.const", "is none of"),
        ('outcome = { when = [{ if = { A = "b" }, then = "x" }] }', "columns.outcome.when[0].then", "is none of"),
        ('reported_arrival_ms = "Wait"', "columns.reported_arrival_ms", "must state its unit"),
        ('reported_arrival_ms = { from = "Wait", unit = "years" }', "columns.reported_arrival_ms.unit", "'years'"),
        ('closed_at = { start = "created_at", plus = "X" }', "columns.closed_at", "must state its unit"),
        ('closed_at = { start = "created_at", add = "soon" }', "columns.closed_at.add", "'soon' is no step"),
        ('closed_at = { date = "D" }', "columns.closed_at", "needs a time"),
        ('closed_at = { from = "C", after = "area" }', "columns.closed_at.after", "no instant 'area'"),
        ('closed_at = { from = "C", after = "submitted_at" }', "columns.closed_at", "waits for submitted_at"),
        (
            'closed_at = { from = "C", after = "submitted_at" }\nsubmitted_at = { from = "S", after = "closed_at" }',
            "columns",
            "wait for each other",
        ),
        ('closed_at = { const = "2020" }', "columns.closed_at", "const gives no instant"),
        ('area = { from = "X", pick = "min" }', "columns.area.pick", "collapse"),
        ('area = { from = "X", only = "Y" }', "columns.area.only", "a condition"),
        ('area = { from = "X", only = { Y = { like = "z" } } }', "columns.area.only.Y.like", "starts, word, given"),
        ('area = { from = "X", only = { Y = { lt = "z" } } }', "columns.area.only.Y.lt", "is no number"),
        ("area = { join = 'A' }", "columns.area.join", "a list of columns"),
        (
            "grade_initial = { from = 'G', map = [{ since = 2020-01-01, values = { A = '1' } }] }",
            "columns.grade_initial.by",
            "the instant that chooses",
        ),
        (
            "grade_initial = { from = 'G', by = 'created_at', map = [{ since = '2020', values = { A = '1' } }] }",
            "columns.grade_initial.map[0].since",
            "without quotes",
        ),
    ],
)
def test_faults_of_columns(columns: str, key: str, says: str) -> None:
    found = faults(columns)
    assert any(line.startswith(f"{FILE}: {key}: ") and says in line for line in found), found


@pytest.mark.parametrize(
    ("kwargs", "key", "says"),
    [
        ({"more": "[colours]\nx = 1"}, "colours", "unknown key"),
        ({"more": "[match]\nglob = 'x'"}, "match.glob", "unknown key"),
        ({"time": '[time]\nformats = ["dmy"]\n'}, "time.formats", "'dmy' is no format"),
        ({"time": '[time]\nzone = "Europe/London"\n'}, "time.formats", "say how it is written"),
        ({"time": '[time]\nformats = ["%d/%m/%Y %I:%M"]\n'}, "time.formats", "an afternoon reads as morning"),
        ({"more": "[format]\nskip = -1"}, "format.skip", "0 or more"),
        ({"more": "[format]\nheader_rows = 0"}, "format.header_rows", "1 or more"),
        ({"more": "[format]\nsheet = 1"}, "format.sheet", "no text"),
        ({"time": '[time]\nzone = "Europe/Londn"\nformats = ["%Y"]\n'}, "time.zone", "no time zone"),
        ({"time": '[time]\ntolerance_s = -1\nformats = ["%Y"]\n'}, "time.tolerance_s", "less than 0"),
        ({"time": '[time]\ndoubled = "both"\nformats = ["%Y"]\n'}, "time.doubled", "'both' is none of"),
        ({"export": '[export]\nkey = ["N"]\nresend = "all"\n'}, "export.resend", "snapshot, delta"),
        ({"export": '[export]\nkey = ["N"]\nquarantine_max = 5\n'}, "export.quarantine_max", "share from 0 to 1"),
        ({"export": '[export]\nkey = ["N"]\nexported_at = "name:today"\n'}, "export.exported_at", '"name:%Y%m%d"'),
        ({"export": '[export]\nkey = ["N"]\nretracts = "yes"\n'}, "export.retracts", "neither true nor false"),
        ({"export": '[export]\nkey = ["N"]\nregion = "UK!"\n'}, "export.region", "two capitals"),
        ({"more": "[format]\ndelimiter = ',,'"}, "format.delimiter", "not one ASCII character"),
        ({"more": "[format]\nencoding = 'ebcdic'"}, "format.encoding", "'ebcdic' is none of"),
        ({"more": "[nulls]\nOther = ['x']"}, "nulls.Other", "reads no such column"),
        (
            {"more": '[[rules]]\nreason = "test"\nthen = "set_aside"\nif = { A = "b" }'},
            "rules[0].reason",
            "officer_made",
        ),
        ({"more": '[[rules]]\nreason = "a test"\nthen = "drop"\nif = { A = "b" }'}, "rules[0].reason", "one word"),
        ({"more": '[[rules]]\nreason = "test"\nthen = "delete"\nif = { A = "b" }'}, "rules[0].then", "'delete'"),
        ({"more": '[[rules]]\nreason = "test"'}, "rules[0]", "reason, if and then"),
        ({"head": HEAD + 'repeats = "last"\n'}, "repeats", "newest, collapse, error"),
    ],
)
def test_faults_of_sections(kwargs: dict[str, str], key: str, says: str) -> None:
    found = faults(**kwargs)
    assert any(line.startswith(f"{FILE}: {key}: ") and says in line for line in found), found


def test_required_columns_and_a_start() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_profile(FILE, HEAD + EXPORT + '[columns]\narea = "Area"\n')
    assert f"{FILE}: columns.incident_id: is required" in str(caught.value)
    assert "fill at least one of submitted_at, call_received_at, created_at" in str(caught.value)


def test_all_faults_at_once() -> None:
    assert len(faults('colour = "X"\narea = 3\norigin = { const = "x" }')) == 3


def test_safeguarding_names_its_key() -> None:
    text = """profile = "risk"
table = "safeguarding"
[time]
formats = ["%Y"]
[columns]
incident_id = "I"
assessed_at = "A"
"""
    with pytest.raises(ConfigurationError, match=r"export\.key"):
        parse_profile(FILE, text)


def test_rows_must_differ() -> None:
    with pytest.raises(ConfigurationError, match="tells the rows of one row apart"):
        parse_profile(
            FILE,
            """profile = "w"
table = "call_intervals"
[time]
formats = ["%Y"]
[columns]
provider = { const = "p" }
line = { const = "999" }
queue = { const = "all" }
interval_start = "S"
interval_end = { start = "interval_start", add = "1 hour" }
[[rows]]
offered = "A"
[[rows]]
offered = "B"
""",
        )


def test_no_such_table_and_no_toml() -> None:
    with pytest.raises(ConfigurationError, match="table: 'incident' is none of"):
        parse_profile(FILE, 'profile = "x"\ntable = "incident"')
    with pytest.raises(ConfigurationError, match=FILE):
        parse_profile(FILE, "profile = ")


def test_two_profiles_of_one_name_and_the_faults_of_every_file() -> None:
    good = HEAD + EXPORT + TIME + COLUMNS
    with pytest.raises(ConfigurationError) as caught:
        parse_profiles({"sources/a.toml": good, "sources/b.toml": good, "sources/c.toml": "table = 'x'"})
    assert "sources/b.toml: profile: 'cad' is the name of sources/a.toml" in str(caught.value)
    assert "sources/c.toml: table" in str(caught.value)
    assert [p.file for p in parse_profiles({"sources/a.toml": good})] == ["sources/a.toml"]
