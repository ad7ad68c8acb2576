"""Dirty files made up from a number, with what must become of every record: the writer knows what it wrote.

Nothing of the library is used. A file is laid out at random (encoding, delimiter, quote, line ends, rows above the header,
order of columns, delimiters too many) and each of its records is good, bad in a known way, or no record.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.fuzz.tables import FORMATS, KINDS, NULLS, Column, Kind

Fate = Literal["kept", "quarantined", "dropped", "layout", "none"]
TITLES = ("Printed 01/04/2026", "All of March", "", "Control room; sheet 1, page 2")
FUTURE = "01/01/2031 10:00:00"
BAD_BYTES = (b"\xff\xfe", b"\x81", b"\xc3\x28")
# How a record is spoilt beyond its cells; the weights are per cent.
SPOILT = {
    "good": 62,
    "cell": 14,
    "short": 4,
    "long": 4,
    "stray": 3,
    "future": 3,
    "bytes": 2,
    "total": 3,
    "again": 2,
    "blank": 2,
    "void": 1,
}


@dataclass(frozen=True)
class Layout:
    """How a file is laid out. ``declared`` is the encoding that the profile says, None for none."""

    encoding: str
    declared: str | None
    delimiter: str
    quote: str
    ends: tuple[str, ...]
    titles: tuple[str, ...]
    trailing: int
    padded: bool
    last_end: bool


@dataclass(frozen=True)
class Record:
    """One record below the header.

    Attributes
    ----------
    raw
        Its text, without the line end, as the file has it but for the encoding.
    cells
        By column, where it is kept.
    blank_before
        Blank lines above it.
    """

    fate: Fate
    raw: bytes
    reasons: frozenset[str] = frozenset()
    cells: Mapping[str, str] | None = None
    blank_before: int = 0


@dataclass(frozen=True)
class Dirty:
    """A file and what must become of it."""

    kind: Kind
    layout: Layout
    content: bytes
    records: Sequence[Record]

    @property
    def toml(self) -> str:
        """The profile that reads it."""
        said = [
            f"delimiter = {toml(self.layout.delimiter)}",
            f"quote = {toml(self.layout.quote)}",
            f"skip = {len(self.layout.titles)}",
        ]
        if self.layout.declared:
            said.append(f"encoding = {toml(self.layout.declared)}")
        nulls = ", ".join(map(toml, NULLS))
        return (
            f'profile = "fuzz"\ntable = "{self.kind.table}"\n[format]\n' + "\n".join(said)
            + f'\n[export]\nkey = ["{self.kind.key}"]\nquarantine_max = 1.0\n[time]\nformats = [{", ".join(map(toml, FORMATS))}]\n'
            f'[nulls]\n"*" = [{nulls}]\n[columns]\n{self.kind.toml}'
            f'[[rules]]\nreason = "total"\nthen = "drop"\nif = {{ {self.kind.key} = {{ starts = "Total" }} }}\n'
            f'[[rules]]\nreason = "void"\nthen = "quarantine"\nif = {{ {self.kind.key} = {{ starts = "VOID" }} }}\n'
        )  # fmt: skip


def toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def dirty(seed: int) -> Dirty:
    """Make the file of a number."""
    random = Random(seed)
    kind = random.choice(KINDS)
    layout = laid_out(random)
    order = [
        *kind.columns,
        *(Column(f"Extra {n}", lambda r: r.choice(("", "x", "1")), {}) for n in range(random.choice((0, 0, 1, 3)))),
    ]
    random.shuffle(order)
    header = [column.name for column in order]
    shown = [f" {name} " for name in header] if layout.padded else header
    top = joined(shown, layout)
    records = list(made(random, kind, layout, order, top, random.choice((0, 1, 2, 5, 10, 20, 30))))
    return Dirty(kind, layout, written(random, layout, top, records), records)


def laid_out(random: Random) -> Layout:
    encoding, declared = random.choice(
        (("utf-8", None), ("utf-8", None), ("utf-8", "utf-8"), ("utf-8-sig", None), ("utf-16-le", None), ("utf-16-be", "utf-16"),
         ("cp1252", None), ("cp1252", "cp1252"), ("latin-1", "latin-1"), ("mixed", None))
    )  # fmt: skip
    end = random.choice((("\n",), ("\n",), ("\r\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")))
    return Layout(
        encoding=encoding,
        declared=declared,
        delimiter=random.choice(",,;\t|"),
        quote=random.choice('""\''),
        ends=end,
        titles=tuple(random.choices(TITLES, k=random.choice((0, 0, 0, 1, 2, 3)))),
        trailing=random.choice((0, 0, 0, 1, 2)),
        padded=random.random() < 0.2,
        last_end=random.random() < 0.8,
    )


def made(random: Random, kind: Kind, layout: Layout, order: Sequence[Column], top: str, count: int) -> Iterator[Record]:
    for number in range(count):
        how = random.choices([*SPOILT], [*SPOILT.values()])[0]
        blank = random.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2))
        record = one(random, kind, layout, order, top, how, number)
        if record:
            yield Record(record.fate, record.raw, record.reasons, record.cells, blank)


def one(
    random: Random, kind: Kind, layout: Layout, order: Sequence[Column], top: str, how: str, number: int
) -> Record | None:
    cells = {column.name: column.good(random) for column in order}
    if layout.encoding == "latin-1":
        cells = {name: cell.replace("–", "-") for name, cell in cells.items()}
    # Some numbers stand twice: the later row stands.
    cells[kind.key] = f"R{random.choice((number, number, number, number, 0))}"
    if how == "again":
        return Record("layout", top.encode())
    if how == "blank":
        # Tabs alone are a blank line, which is nothing at all.
        return (
            None
            if layout.delimiter == "\t"
            else Record("layout", (layout.delimiter * (len(order) - 1 + layout.trailing)).encode())
        )
    reasons: frozenset[str] = frozenset()
    if how == "cell":
        for column in random.sample([c for c in order if c.bad], k=random.choice((1, 1, 2))):
            cells[column.name] = random.choice([*column.bad])
            reasons |= column.bad[cells[column.name]]
    if how == "future":
        cells[
            next(
                c.name
                for c in kind.columns
                if any(f":{kind.start}" in r or "started_at" in r for b in c.bad.values() for r in b)
            )
        ] = FUTURE
        reasons = frozenset({f"future:{kind.start}"})
    if how in {"total", "void"}:
        cells[kind.key] = "Total: 7" if how == "total" else "VOID"
    texts = [cells[column.name] for column in order]
    return spoilt(random, layout, order, texts, how, reasons, cells, kind)


def spoilt(
    random: Random, layout: Layout, order: Sequence[Column], texts: list[str], how: str, reasons: frozenset[str],
    cells: Mapping[str, str], kind: Kind,
) -> Record:  # fmt: skip
    tail = layout.delimiter * layout.trailing
    raw = (joined(texts, layout) + tail).encode()
    match how:
        case "short":
            return Record(
                "quarantined",
                joined([texts[0].strip() or "x", texts[1]], layout).encode(),
                frozenset({"too_few_cells"}),
            )
        case "long":
            return Record(
                "quarantined",
                (joined(texts, layout) + tail + layout.delimiter + "more").encode(),
                frozenset({"too_many_cells"}),
            )
        case "stray":
            q = layout.quote
            place = random.randrange(len(texts))
            parts = [joined([text], layout) for text in texts]
            parts[place] = f"{q}x{q}y"
            return Record("quarantined", (layout.delimiter.join(parts) + tail).encode(), frozenset({"bad_quote"}))
        case "bytes" if layout.declared == "utf-8":
            place = random.randrange(len(texts))
            parts = [joined([text], layout).encode() for text in texts]
            parts[place] = b"a" + random.choice(BAD_BYTES)
            unread = order[place].name not in {c.name for c in kind.columns if c.name != "Note"}
            if unread:
                return Record("kept", layout.delimiter.encode().join(parts) + tail.encode(), cells=cells)
            return Record(
                "quarantined", layout.delimiter.encode().join(parts) + tail.encode(), frozenset({"bad_encoding"})
            )
        case "total":
            return Record("dropped", raw)
        case "void":
            return Record("quarantined", raw, frozenset({"void"}))
    return Record("quarantined", raw, reasons) if reasons else Record("kept", raw, cells=cells)


def joined(cells: Sequence[str], layout: Layout) -> str:
    """Cells as one record, quoted where they must be."""
    q = layout.quote
    marks = (layout.delimiter, q, "\n", "\r")
    return layout.delimiter.join(q + c.replace(q, q * 2) + q if any(m in c for m in marks) else c for c in cells)


def written(random: Random, layout: Layout, top: str, records: Sequence[Record]) -> bytes:
    """The bytes of the file; a last record that is short keeps its line end, or it would be a file that was cut."""
    out = bytearray(
        {"utf-8-sig": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(layout.encoding, b"")
    )
    # A blank line after a lone CR would make a CR LF of the two.
    empty = " " if "\r" in layout.ends else ""
    for title in layout.titles:
        out += encoded(random, (title or empty).encode(), layout) + encoded(
            random, random.choice(layout.ends).encode(), layout
        )
    whole = [(top.encode(), "")] + [(record.raw, "blank" * record.blank_before) for record in records]
    for place, (raw, blank) in enumerate(whole):
        end = random.choice(layout.ends)
        for _ in range(len(blank) // 5):
            out += encoded(random, random.choice((empty, " ")).encode() + end.encode(), layout)
        last = place == len(whole) - 1
        short = last and records and "too_few_cells" in records[-1].reasons
        keeps_end = not last or layout.last_end or short
        out += encoded(random, raw, layout) + (encoded(random, end.encode(), layout) if keeps_end else b"")
    return bytes(out)


def encoded(random: Random, raw: bytes, layout: Layout) -> bytes:
    if layout.encoding in {"utf-8", "utf-8-sig"}:
        return raw
    name = random.choice(("utf-8", "cp1252")) if layout.encoding == "mixed" else layout.encoding
    return raw.decode().encode(name, "replace")


def mangled(seed: int) -> Dirty:
    """A dirty file of which bytes were then lost, changed, doubled or cut at random: nobody knows what became of what."""
    random = Random(f"mangled {seed}")
    made = dirty(seed)
    content = bytearray(made.content)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        if not content:
            break
        # Mostly below the header, or there would be nothing to read.
        place, size = (
            random.randrange(random.choice((0, *[len(content) // 5] * 9)), len(content)),
            random.choice((1, 1, 2, 10, 100)),
        )
        match random.choice(("lose", "change", "change", "double", "double", "mark", "mark", "mark", "cut")):
            case "lose":
                del content[place : place + size]
            case "change":
                content[place] = random.randrange(256)
            case "double":
                content[place:place] = content[place : place + size]
            case "cut":
                del content[place:]
            case "mark":
                content[place:place] = random.choice(
                    (b'"', b"'", b",", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b'"\n"')
                )
    return Dirty(made.kind, made.layout, bytes(content), ())
