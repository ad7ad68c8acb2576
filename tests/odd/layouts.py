"""Delimiters, headers, titles, totals; records too short, too long, twice or cut."""

from collections.abc import Iterator

from tests.odd.cases import HEAD, Case, held, read, record, row, text, unread


def cases() -> Iterator[Case]:
    yield from delimiters()
    yield from headers()
    yield from titles()
    yield from records()
    yield from repeated()


def delimiters() -> Iterator[Case]:
    rows = [row(1), row(2, Opening="a, b; c | d")]
    value = [{"record_no": 2, "opening_code": "a, b; c | d"}]
    for profile, delimiter, why in (("semi", ";", "Semicolons"), ("tab", "\t", "Tabs"), ("pipe", "|", "Pipes")):
        yield Case(f"{profile}_plain.csv", why, text(*rows, delimiter=delimiter).encode(), [read(2, rows=value)])
    trailing = "\t".join(HEAD) + "\t\n" + "".join("\t".join(cells) + "\t\n" for cells in (row(1), row(2)))
    yield Case("tab_trailing.txt", "A tab after the last cell of every line", trailing.encode(), [read(2)])
    trailing = ",".join(HEAD) + "\n" + "".join(",".join(cells) + ",,\n" for cells in (row(1), row(2)))
    yield Case(
        "cad_trailing.csv", "Commas too many behind every record, none behind the header", trailing.encode(), [read(2)]
    )
    trailing = ",".join(HEAD) + ",\n" + "".join(",".join(cells) + "\n" for cells in (row(1), row(2)))
    yield Case("cad_header-trailing.csv", "A comma too many behind the header alone", trailing.encode(), [read(2)])
    yield Case(
        "cad_wrong-delimiter.csv", "Semicolons where the profile says commas: no profile has its columns",
        text(row(1), delimiter=";").encode(), [unread("no_profile")],
    )  # fmt: skip
    padded = text(
        *([f"  {cell} " for cell in cells] for cells in (row(1), row(2))), head=[f" {name} " for name in HEAD]
    )
    yield Case(
        "cad_padded.csv", "Blanks around every cell and every name", padded.encode(),
        [read(2, rows=[{"record_no": 1, "record_key": "26-0001", "area": "North"}])],
    )  # fmt: skip


def headers() -> Iterator[Case]:
    place = [7, 2, 0, 4, 6, 1, 5, 3]
    moved = text(*([cells[p] for p in place] for cells in (row(1), row(2))), head=[HEAD[p] for p in place])
    value = [{"record_no": 2, "record_key": "26-0002", "area": "North", "opening_code": "Burglary"}]
    yield Case("cad_reordered.csv", "Columns in another order", moved.encode(), [read(2, rows=value)])
    more = [*HEAD[:3], "New", "Newer", *HEAD[3:]]
    added = text(*([*cells[:3], "x", "", *cells[3:]] for cells in (row(1), row(2))), head=more)
    yield Case("cad_added.csv", "Two new columns in the middle", added.encode(), [read(2, rows=value)])
    twice = text(*([*cells, "South"] for cells in (row(1), row(2))), head=[*HEAD, "Beat"])
    yield Case(
        "cad_twice.csv", "Two columns of the name that the profile reads", twice.encode(), [unread("no_profile")]
    )
    yield Case(
        "twice_told-apart.csv", "Two columns of one name, and a profile that says which", twice.encode(),
        [read(2, rows=[{"record_no": 1, "area": "South"}])],
    )  # fmt: skip
    nameless = text(*([*cells, "N7"] for cells in (row(1), row(2))), head=[*HEAD, ""])
    yield Case(
        "nameless_column.csv", "A column without a name that is read by its place", nameless.encode(),
        [read(2, rows=[{"record_no": 1, "area": "N7"}])],
    )  # fmt: skip
    yield Case(
        "cad_renamed.csv",
        "A column under another name",
        text(row(1)).replace("Beat", "Area").encode(),
        [unread("no_profile")],
    )
    yield Case(
        "alias_renamed.csv", "A column under another name that the profile knows",
        text(row(1)).replace("Beat", "Area").encode(), [read(1, rows=[{"record_no": 1, "area": "North"}])],
    )  # fmt: skip
    two = text(row(1), row(2), head=["Incident", "Times", "", "", "What", "", "Where", "Who"])
    two = two.replace("\n", "\n" + ",".join(HEAD) + "\n", 1)
    yield Case(
        "two_header-rows.csv", "A header of two rows, the upper one merged over columns", two.encode(), [read(2)]
    )
    yield Case("cad_header-only.csv", "A header and no record", text().encode(), [read(0)])
    again = text(row(1), HEAD, row(2), HEAD, row(3))
    yield Case(
        "cad_header-again.csv",
        "Files strung together: the header stands again",
        again.encode(),
        [read(5, layout_skipped=2)],
    )
    cases_differ = text(row(1)).replace("Beat", "BEAT")
    yield Case(
        "cad_upper.csv", "A name in other letters is another name", cases_differ.encode(), [unread("no_profile")]
    )


def titles() -> Iterator[Case]:
    above = "Incidents of March,,,,,,,\nPrinted 01/04/2026,,,,,,,\n"
    yield Case(
        "skip_titles.csv",
        "Two title rows above the header",
        (above + text(row(1), row(2))).encode(),
        [read(4, layout_skipped=2)],
    )
    above = "Incidents of March\n\n"
    yield Case(
        "skip_blank-title.csv", "A title and a blank line above the header", (above + text(row(1), row(2))).encode(),
        [read(4, layout_skipped=2)],
    )  # fmt: skip
    total = text(row(1), row(2), ["Total", "2", "", "", "", "", "", ""])
    yield Case("cad_total.csv", "A total below the records", total.encode(), [read(3, dropped=1)])
    yield Case(
        "cad_short-total.csv",
        "A total of two cells",
        (text(row(1), row(2)) + "Total,2\n").encode(),
        [read(3, dropped=1)],
    )
    end = "End of report"
    yield Case(
        "cad_footer.csv", "A footer that no rule knows", (text(row(1), row(2)) + end + "\n").encode(),
        [read(3, {3: ("too_few_cells", end)})],
    )  # fmt: skip
    blank = text(row(1), [""] * 8, row(2), [" "] * 8)
    yield Case(
        "cad_delimiters-only.csv",
        "Records that are delimiters and nothing else",
        blank.encode(),
        [read(4, layout_skipped=2)],
    )


def records() -> Iterator[Case]:
    short, long = record(row(2)[:5]), record([*row(3), "more"])
    both = text(row(1)) + short + "\n" + long + "\n" + record(row(4)) + "\n"
    yield Case(
        "cad_short-and-long.csv", "A record too short and one too long", both.encode(),
        [read(4, {2: ("too_few_cells", short), 3: ("too_many_cells", long)}, rows=[{"record_no": 4, "record_key": "26-0004"}])],
    )  # fmt: skip
    cut = record(row(3))[:30]
    yield Case(
        "cad_cut.csv",
        "The file ends within a record",
        (text(row(1), row(2)) + cut).encode(),
        [held("truncated", 3, {3: ("too_few_cells", cut)})],
    )
    cut = record(row(3))[:-4]
    yield Case(
        "cad_cut-in-last-cell.csv", "The file ends within the last cell, which nobody can tell from a short one",
        (text(row(1), row(2)) + cut).encode(), [read(3)],
    )  # fmt: skip
    comma = record(row(2)).replace("Burglary", "Burglary, dwelling")
    yield Case(
        "cad_unquoted-comma.csv", "A comma in a cell that is not quoted", (text(row(1)) + comma + "\n" + record(row(3)) + "\n").encode(),
        [read(3, {2: ("too_many_cells", comma)})],
    )  # fmt: skip
    wide = row(2, Opening="x" * 9_000)
    yield Case("cad_wide-cell.csv", "A cell of nine thousand letters", text(row(1), wide).encode(), [read(2)])


def repeated() -> Iterator[Case]:
    yield Case(
        "cad_same-twice.csv",
        "One record twice, word for word",
        text(row(1), row(2), row(2)).encode(),
        [read(3, superseded=1)],
    )
    newer = row(2, Ref="26-0001", Made="01/03/2026 10:15:00")
    yield Case(
        "cad_corrected.csv", "A record and its correction: the later row stands", text(row(1), newer).encode(),
        [read(2, superseded=1, rows=[{"record_no": 2, "record_key": "26-0001"}])],
    )  # fmt: skip
    units = [row(1), row(1, Arrived="01/03/2026 10:25:00"), row(1, Arrived=""), row(2)]
    yield Case(
        "units_collapse.csv", "Rows of one incident are its units: the first arrival counts", text(*units).encode(),
        [read(4, folded=2, rows=[{"record_no": 1, "first_arrived_at": "2026-03-01 10:25:00"}])],
    )  # fmt: skip
    yield Case(
        "once_repeated.csv",
        "A key twice, and a profile that allows none",
        text(row(1), row(2), row(2)).encode(),
        [held("repeated_keys", 3, superseded=1)],
    )
    fallback = [row(1, Ref=""), row(2, Ref="")]
    yield Case(
        "else_no-number.csv", "No number: the profile knows another key", text(*fallback, row(3)).encode(),
        [read(3, rows=[{"record_no": 1, "record_key": "01/03/2026 10:15:00|North"}])],
    )  # fmt: skip
    yield Case(
        "cad_no-number.csv", "No number, and no other key", text(row(1), row(2, Ref="")).encode(),
        [read(2, {2: ("missing:key;missing:incident_id", record(row(2, Ref="")))})],
    )  # fmt: skip
    daily = [row(n, Ref=f"{number}") for n in (1, 2, 3) for number in (1, 2)]
    yield Case(
        "cad_daily-numbers.csv",
        "Numbers that begin anew each day, and a key that forgets the day",
        text(*daily).encode(),
        [held("repeated_keys", 6, superseded=4)],
    )
