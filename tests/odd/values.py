"""What stands in the cells: words for missing, new words, mangled numbers, durations, rules."""

from collections.abc import Iterator

from tests.odd.cases import Case, held, read, record, row, text


def cases() -> Iterator[Case]:
    yield from missing()
    yield from words()
    yield from numbers()
    yield from durations()


def missing() -> Iterator[Case]:
    nulls = [row(1, Beat="NULL", Arrived="N/K"), row(2, Closed="#DIV/0!", Grade="NULL"), row(3, Beat="  ")]
    nothing = [
        {"record_no": 1, "area": None, "first_arrived_at": None},
        {"record_no": 2, "closed_at": None, "grade_initial": None},
        {"record_no": 3, "area": None},
    ]
    yield Case("cad_nulls.csv", "NULL, N/K, #DIV/0! and blanks", text(*nulls).encode(), [read(3, rows=nothing)])
    zero = row(2, Closed="30/12/1899 00:00:00")
    elsewhere = row(3, Arrived="30/12/1899 00:00:00")
    yield Case(
        "cad_day-zero.csv", "A spreadsheet's day zero: missing where the profile says so, else no instant",
        text(row(1), zero, elsewhere).encode(),
        [read(3, {3: ("bad_instant:first_arrived_at", record(elsewhere))}, rows=[{"record_no": 2, "closed_at": None}])],
    )  # fmt: skip
    lower = row(2, Grade="null")
    yield Case(
        "cad_null-lower.csv",
        "Words match exactly: null is not NULL",
        text(row(1), lower).encode(),
        [read(2, {2: ("unmapped:grade_initial", record(lower))})],
    )
    none = row(2, Made="NULL")
    yield Case(
        "cad_no-start.csv",
        "Nothing says when it began",
        text(row(1), none).encode(),
        [read(2, {2: ("missing:started_at", record(none))})],
    )


def words() -> Iterator[Case]:
    new = row(2, Grade="Grade 5")
    yield Case(
        "cad_new-word.csv",
        "A grade that the map does not know",
        text(row(1), new).encode(),
        [read(2, {2: ("unmapped:grade_initial", record(new))})],
    )
    both = row(2, Grade="Grade 5", Made="soon")
    yield Case(
        "cad_two-faults.csv", "Two faults in one record", text(row(1), both).encode(),
        [read(2, {2: ("bad_instant:created_at;unmapped:grade_initial", record(both))})],
    )  # fmt: skip
    many = [row(1), *(row(n, Grade="Emergency") for n in (2, 3, 4))]
    yield Case(
        "strict_most-bad.csv", "Most records are bad: the profile is wrong", text(*many).encode(),
        [held("too_much_quarantined", 4, {n: ("unmapped:grade_initial", record(cells)) for n, cells in enumerate(many, 1) if n > 1})],
    )  # fmt: skip
    aside = [row(1), row(2, Opening="TRAINING"), row(3, Opening="TEST")]
    yield Case(
        "rules_aside.csv", "Training is set aside, a test is dropped, a marked row is quarantined",
        text(*aside, row(4, Opening="VOID")).encode(),
        [read(4, {4: ("void", record(row(4, Opening="VOID")))}, dropped=1, set_aside=1)],
    )  # fmt: skip


def numbers() -> Iterator[Case]:
    key = row(2, Ref="2.6E+07")
    yield Case("cad_scientific-key.csv", "A number in scientific notation names no record", text(row(1), key).encode(),
               [read(2, {2: ("scientific:key", record(key))}, flags={"scientific:Ref": 1})])  # fmt: skip
    phone = row(2, Tel="4.47701E+11")
    yield Case(
        "cad_scientific-tel.csv", "A telephone number in scientific notation links to nobody", text(row(1), phone).encode(),
        [read(2, flags={"scientific:Tel": 1}, rows=[{"record_no": 2, "caller_key": None}])],
    )  # fmt: skip
    yield Case(
        "cad_lost-zero.csv",
        "A telephone number without its zero",
        text(row(1), row(2, Tel="7700900102")).encode(),
        [read(2, flags={"lost_zeros:Tel": 1})],
    )
    zeros = [row(1, Ref="000123"), row(2, Ref="000456"), row(3, Ref="789")]
    yield Case(
        "cad_lost-zeros.csv",
        "Incident numbers of which one lost its zeros",
        text(*zeros).encode(),
        [read(3, flags={"lost_zeros:Ref": 1})],
    )
    withheld = [row(1, Tel="Withheld"), row(2, Tel="999"), row(3, Tel="")]
    yield Case(
        "cad_withheld.csv", "No number, a short code, a word: unlinkable", text(*withheld).encode(),
        [read(3, rows=[{"record_no": n, "caller_key": None} for n in (1, 2, 3)])],
    )  # fmt: skip


def durations() -> Iterator[Case]:
    head = ["Id", "Start", "Answer", "End", "Talk"]

    def call(n: int, talk: str) -> list[str]:
        return [f"C{n}", f"{n:02}/03/2026 10:00:00", f"{n:02}/03/2026 10:01:00", f"{n:02}/03/2026 10:06:00", talk]

    right = [call(1, "5:00"), call(2, "05:00"), call(3, "5:00:00")]
    yield Case(
        "acd_units.csv", "Minutes and seconds, and the same as a spreadsheet mends it", text(*right, head=head).encode(),
        [read(3, rows=[{"record_no": n, "reported_talk_ms": 300_000} for n in (1, 2, 3)])],
    )  # fmt: skip
    negative = call(2, "-5:00")
    yield Case(
        "acd_negative.csv",
        "A negative duration is none",
        text(call(1, "5:00"), negative, head=head).encode(),
        [read(2, {2: ("bad_ms:reported_talk_ms", record(negative))})],
    )
    wrong = [call(n, "1:00") for n in range(1, 6)]
    yield Case(
        "acd_disagree.csv",
        "Durations that the instants belie",
        text(*wrong, head=head).encode(),
        [held("durations_disagree", 5)],
    )
