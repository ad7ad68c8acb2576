"""Encodings, line ends and quotes."""

from collections.abc import Iterator

from tests.odd.cases import Case, held, read, record, row, text, unread

CAFE = row(3, Opening="Café fire, £5 – “loss”")
LATIN = row(3, Opening="Café fire, £5")


def cases() -> Iterator[Case]:
    yield from encodings()
    yield from line_ends()
    yield from quotes()


def encodings() -> Iterator[Case]:
    plain = text(row(1), row(2), CAFE)
    value = [{"record_no": 3, "opening_code": "Café fire, £5 – “loss”"}]
    yield Case("cad_utf8.csv", "UTF-8", plain.encode(), [read(3, rows=value)])
    yield Case("cad_utf8-bom.csv", "UTF-8 with a byte order mark", plain.encode("utf-8-sig"), [read(3, rows=value)])
    yield Case(
        "cad_utf16-le.csv", "UTF-16, little end first", b"\xff\xfe" + plain.encode("utf-16-le"), [read(3, rows=value)]
    )
    yield Case(
        "cad_utf16-be.csv", "UTF-16, big end first", b"\xfe\xff" + plain.encode("utf-16-be"), [read(3, rows=value)]
    )
    yield Case("cad_utf16-no-bom.csv", "UTF-16 that does not say so", plain.encode("utf-16-le"), [unread("not_text")])
    yield Case(
        "cad_utf16-cut.csv", "UTF-16 cut within a letter", (b"\xff\xfe" + plain.encode("utf-16-le"))[:-1],
        [unread("unreadable", "held")],
    )  # fmt: skip
    yield Case("cad_cp1252.csv", "Windows-1252, undeclared", plain.encode("cp1252"), [read(3, rows=value)])
    yield Case("cp1252_declared.csv", "Windows-1252, declared", plain.encode("cp1252"), [read(3, rows=value)])
    latin = [{"record_no": 3, "opening_code": "Café fire, £5"}]
    yield Case(
        "latin_declared.csv", "Latin-1, declared", text(row(1), row(2), LATIN).encode("latin-1"), [read(3, rows=latin)]
    )
    yield Case(
        "cp1252_is-utf8.csv", "Windows-1252 declared, but it is UTF-8: read as declared and flagged",
        text(row(1), LATIN).encode(),
        [read(2, flags={"looks_utf8": 0}, rows=[{"record_no": 2, "opening_code": "CafÃ© fire, Â£5"}])],
    )  # fmt: skip
    mixed = [text(row(1)).encode(), *(record(row(n, Opening="é")).encode() + b"\n" for n in (2, 3))]
    mixed += [record(row(4, Opening="é")).encode("cp1252") + b"\n"]
    yield Case(
        "cad_mixed.csv", "UTF-8, and one record in Windows-1252", b"".join(mixed),
        [read(4, flags={"mixed_encoding": 1}, rows=[{"record_no": n, "opening_code": "é"} for n in (2, 3, 4)])],
    )  # fmt: skip
    raw = record(row(2, Opening="?")).encode().replace(b"?", b"\xe9")
    yield Case(
        "utf8_wrong.csv", "UTF-8 declared, and a record that is not", text(row(1)).encode() + raw + b"\n",
        [read(2, {2: ("bad_encoding", raw.decode("utf-8", "backslashreplace"))})],
    )  # fmt: skip
    raw = raw.replace(b"\xe9", b"\x81")
    yield Case(
        "cad_no-encoding.csv", "A byte that is a letter in no encoding", text(row(1)).encode() + raw + b"\n",
        [read(2, {2: ("bad_encoding", raw.decode("utf-8", "backslashreplace"))})],
    )  # fmt: skip
    yield Case("cad_bom-only.csv", "A byte order mark and nothing else", b"\xef\xbb\xbf", [unread("empty_file")])
    yield Case("cad_empty.csv", "No byte at all", b"", [unread("empty_file")])
    yield Case("cad_blank.csv", "Line ends and nothing else", b"\r\n\r\n \r\n", [unread("empty_file")])
    yield Case(
        "cad_picture.csv",
        "A picture under the name of a CSV",
        b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 8,
        [unread("not_text")],
    )
    yield Case(
        "cad_pdf.csv",
        "A PDF under the name of a CSV",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\x00\x01\x02" * 90,
        [unread("not_text")],
    )
    nul = record(row(2)).encode().replace(b"North", b"No\x00th")
    yield Case(
        "cad_nul.csv", "A NUL byte in a cell", text(row(1)).encode() + nul + b"\n",
        [read(2, rows=[{"record_no": 2, "area": "No\x00th"}])],
    )  # fmt: skip


def line_ends() -> Iterator[Case]:
    rows = [row(1), row(2), row(3)]
    yield Case("cad_crlf.csv", "CR LF", text(*rows, end="\r\n").encode(), [read(3)])
    yield Case("cad_cr.csv", "CR alone, as old Macs wrote", text(*rows, end="\r").encode(), [read(3)])
    mixed = text(row(1)) + record(row(2)) + "\r\n" + record(row(3)) + "\r" + record(row(4)) + "\n"
    yield Case("cad_mixed-ends.csv", "LF, CR LF and CR in one file", mixed.encode(), [read(4)])
    yield Case("cad_no-last-end.csv", "The last record has no line end", text(*rows).rstrip("\n").encode(), [read(3)])
    blank = text(row(1)) + "\n \n" + record(row(2)) + "\n\n\n" + record(row(3)) + "\n\n"
    yield Case("cad_blank-lines.csv", "Blank lines among records and at the end", blank.encode(), [read(3)])
    inside = row(2, Opening="first\r\nsecond\n\nlast")
    yield Case(
        "cad_embedded.csv", "Line ends within a quoted cell", text(row(1), inside, row(3)).encode(),
        [read(3, rows=[{"record_no": 2, "opening_code": "first\nsecond\n\nlast"}, {"record_no": 3, "opening_code": "Burglary"}])],
    )  # fmt: skip
    bad = row(2, Made="31/02/2026 10:15:00", Opening="one\ntwo")
    yield Case(
        "cad_embedded-bad.csv", "A bad record over two lines, found again whole", text(row(1), bad, row(3)).encode(),
        [read(3, {2: ("bad_instant:created_at", record(bad))})],
    )  # fmt: skip


def quotes() -> Iterator[Case]:
    said = row(2, Opening='He said "no", twice')
    value = [{"record_no": 2, "opening_code": 'He said "no", twice'}]
    yield Case("cad_doubled.csv", "Quotes within a quoted cell", text(row(1), said).encode(), [read(2, rows=value)])
    bare = record(row(2)).replace("Burglary", 'a 5" pipe')
    yield Case(
        "cad_inch.csv", "A quote within a cell that is not quoted", (text(row(1)) + bare + "\n" + record(row(3)) + "\n").encode(),
        [read(3, rows=[{"record_no": 2, "opening_code": 'a 5" pipe'}])],
    )  # fmt: skip
    stray = record(row(2)).replace("Burglary", '"Bur"glary')
    yield Case(
        "cad_stray.csv", "A cell that is quoted only in part", (text(row(1)) + stray + "\n" + record(row(3)) + "\n").encode(),
        [read(3, {2: ("bad_quote", stray)})],
    )  # fmt: skip
    opened = record(row(3)).replace("Burglary", '"Burglary')
    yield Case(
        "cad_unclosed.csv", "A quote that is never closed: the file was cut",
        (text(row(1), row(2)) + opened + "\n").encode(),
        [held("truncated", 3, {3: ("bad_quote", opened)})],
    )  # fmt: skip
    single = text(row(1), row(2, Opening="a; b 'c'"), delimiter=";", quote="'")
    yield Case(
        "single_semicolon.csv", "Semicolons, and the apostrophe as quote", single.encode(),
        [read(2, rows=[{"record_no": 2, "opening_code": "a; b 'c'"}])],
    )  # fmt: skip
    every = "\n".join(
        ",".join(f'"{cell}"' for cell in cells)
        for cells in (("Ref", "Made", "Arrived", "Closed", "Grade", "Opening", "Beat", "Tel"), row(1), row(2))
    )
    yield Case("cad_all-quoted.csv", "Every cell quoted, the header's too", every.encode() + b"\n", [read(2)])
