"""Clocks: formats, changes of the clock, midnight, the future, lost halves of the day, counted intervals."""

from collections.abc import Iterator

from tests.odd.cases import Case, held, read, record, row, text, unread


def cases() -> Iterator[Case]:
    yield from formats()
    yield from changes()
    yield from nights()
    yield from arrivals()
    yield from intervals()


def formats() -> Iterator[Case]:
    bad = {
        2: "31/02/2026 10:15:00", 3: "02/03/2026 24:00:00", 4: "02/03/2026 10:60:00", 5: "02/03/26 10:15:00",
        6: "2026-03-02 10:15:00", 7: "02/03/2026", 8: "soon", 9: "01/01/1995 10:15:00", 10: "03/14/2026 10:15:00",
    }  # fmt: skip
    rows = [row(n, Made=bad[n]) if n in bad else row(n) for n in range(1, 21)]
    yield Case(
        "cad_bad-dates.csv", "Days, hours and minutes that do not exist, and other ways of writing",
        text(*rows).encode(), [read(20, {n: ("bad_instant:created_at", record(rows[n - 1])) for n in bad})],
    )  # fmt: skip
    loose = [row(1, Made="1/3/2026 9:05:00"), row(2, Made="  02/03/2026  10:15:00 ")]
    yield Case(
        "cad_loose.csv", "Days and hours of one figure", text(loose[0], row(2)).encode(),
        [read(2, rows=[{"record_no": 1, "created_at": "2026-03-01 09:05:00"}])],
    )  # fmt: skip
    iso = [row(1, Made="2026-03-01T10:15:00Z"), row(2, Made="2026-03-02T12:15:00+02:00"), row(3)]
    yield Case(
        "offset_iso.csv", "Instants that state their offset, and some that do not", text(*iso).encode(),
        [read(3, rows=[{"record_no": n, "created_at": f"2026-03-0{n} 10:15:00"} for n in (1, 2, 3)])],
    )  # fmt: skip
    american = [row(n, Made=f"03/{n:02}/2026 10:15:00", Arrived="", Closed="") for n in range(13, 19)]
    yield Case(
        "strict_month-first.csv", "The month first, where the profile has the day first", text(*american).encode(),
        [held("too_much_quarantined", 6, {n: ("bad_instant:created_at", record(cells)) for n, cells in enumerate(american, 1)})],
    )  # fmt: skip
    noon = [
        row(
            n,
            Made=f"{n:02}/03/2026 {n % 12 or 12:02}:15:00",
            Arrived=f"{n:02}/03/2026 {n % 12 or 12:02}:35:00",
            Closed="",
        )
        for n in range(1, 25)
    ]
    lost = [
        [*cells[:2], cells[2].replace(" 12:", " 00:").replace(" 11:35", " 11:35"), *cells[3:]] if n % 12 == 0 else cells
        for n, cells in enumerate(noon, 1)
    ]
    yield Case(
        "cad_lost-pm.csv",
        "Hours from 1 to 12 only, and some arrivals twelve hours early",
        text(*lost).encode(),
        [held("lost_am_pm", 24)],
    )


def changes() -> Iterator[Case]:
    def at(n: int, made: str, arrived: str, closed: str) -> list[str]:
        return row(n, Made=made, Arrived=arrived, Closed=closed)

    spring = [
        at(1, "29/03/2026 00:50:00", "29/03/2026 02:10:00", "29/03/2026 03:00:00"),
        at(2, "29/03/2026 01:30:00", "29/03/2026 02:40:00", ""),
    ]
    yield Case(
        "cad_spring.csv", "Over the hour that does not exist, and a clock within it", text(*spring).encode(),
        [read(2, rows=[
            {"record_no": 1, "created_at": "2026-03-29 00:50:00", "first_arrived_at": "2026-03-29 01:10:00"},
            {"record_no": 2, "created_at": "2026-03-29 01:30:00", "time_flags": "created_at=N 29/03/2026 01:30:00"},
        ])],
    )  # fmt: skip
    autumn = [
        at(1, "25/10/2026 01:50:00", "25/10/2026 01:10:00", ""),
        at(2, "25/10/2026 01:50:00", "25/10/2026 01:55:00", ""),
        at(3, "25/10/2026 00:50:00", "25/10/2026 01:10:00", "25/10/2026 02:05:00"),
    ]
    yield Case(
        "cad_autumn.csv", "The hour that comes twice: each clock in the one that keeps its row in order", text(*autumn).encode(),
        [read(3, months=["2026-10"], rows=[
            {"record_no": 1, "created_at": "2026-10-25 00:50:00", "first_arrived_at": "2026-10-25 01:10:00"},
            {"record_no": 2, "created_at": "2026-10-25 01:50:00", "first_arrived_at": "2026-10-25 01:55:00"},
            {"record_no": 3, "created_at": "2026-10-24 23:50:00", "first_arrived_at": "2026-10-25 00:10:00", "closed_at": "2026-10-25 02:05:00"},
        ])],
    )  # fmt: skip
    edge = [
        row(1, Made="31/03/2026 23:59:59", Arrived="01/04/2026 00:20:00", Closed=""),
        row(2, Made="01/04/2026 00:00:00", Arrived="", Closed=""),
    ]
    yield Case(
        "cad_month-edge.csv", "Summer time: the local month decides, not the UTC one", text(*edge).encode(),
        [read(2, months=["2026-03", "2026-04"], rows=[
            {"record_no": 1, "started_at": "2026-03-31 22:59:59"}, {"record_no": 2, "started_at": "2026-03-31 23:00:00"},
        ])],
    )  # fmt: skip


def nights() -> Iterator[Case]:
    head = ["Id", "Day", "Start", "Answer", "End"]
    calls = [
        ["C1", "03/03/2026", "23:59:50", "00:00:05", "00:03:00"],
        ["C2", "03/03/2026", "10:00:00", "09:59:58", "10:05:00"],
    ]
    yield Case(
        "phone_midnight.csv", "Times of day without a date: over midnight, and a clock two seconds behind",
        text(*calls, head=head).encode(),
        [read(2, rows=[
            {"record_no": 1, "call_started_at": "2026-03-03 23:59:50", "first_answered_at": "2026-03-04 00:00:05", "ended_at": "2026-03-04 00:03:00"},
            {"record_no": 2, "call_started_at": "2026-03-03 10:00:00", "first_answered_at": "2026-03-03 09:59:58"},
        ])],
    )  # fmt: skip


def arrivals() -> Iterator[Case]:
    # Everything arrives on 1 December 2026 at noon.
    future = row(2, Arrived="02/12/2026 10:35:00", Closed="")
    yield Case(
        "cad_future.csv",
        "Attended after the export arrived",
        text(row(1), future).encode(),
        [read(2, {2: ("future:first_arrived_at", record(future))})],
    )
    yield Case(
        "named_20270101.csv", "A name that states a day to come", text(row(1)).encode(), [unread("exported_in_future")]
    )
    yield Case(
        "named_20260401.csv",
        "A name that states when it was taken",
        text(row(1)).encode(),
        [read(1, exported_at="2026-04-01T22:59:59.999Z")],
    )
    late = row(2, Made="02/04/2026 10:15:00", Arrived="", Closed="")
    yield Case(
        "named_20260402-early.csv", "A record of after its name says it was taken, by an hour",
        text(row(1), row(2, Made="03/04/2026 00:15:00", Arrived="", Closed=""), late).encode(),
        [read(3, {2: ("future:created_at", record(row(2, Made="03/04/2026 00:15:00", Arrived="", Closed="")))}, months=["2026-03", "2026-04"])],
    )  # fmt: skip


def intervals() -> Iterator[Case]:
    head = ["From", "999 In", "999 Lost", "101 In", "101 Lost"]
    rows = [
        ["25/10/2026 00:00", "3", "0", "9", "1"],
        ["25/10/2026 01:00", "4", "1", "8", "2"],
        ["25/10/2026 01:00", "5", "0", "7", "3"],
    ]
    yield Case(
        "hours_autumn.csv", "Hourly counts through the hour that comes twice", text(*rows, head=head).encode(),
        [read(3, months=["2026-10"], rows=[
            {"record_no": 2, "line": "999", "interval_start": "2026-10-25 00:00:00", "offered": 4},
            {"record_no": 3, "line": "999", "interval_start": "2026-10-25 01:00:00", "offered": 5},
        ])],
    )  # fmt: skip
    broken = ["02/03/2026 01:00", "4", "1", "8", "many"]
    yield Case(
        "hours_bad-line.csv", "Two lines in one row, one of them bad: the whole row goes", text(["02/03/2026 00:00", "3", "0", "9", "1"], broken, head=head).encode(),
        [read(2, {2: ("bad_int:abandoned", record(broken))})],
    )  # fmt: skip
