"""The odd files of this folder and the receipt that each must get, written by somebody who knows what is in them.

``python -m tests.odd.write`` writes files, receipts and profiles; a test holds the folder against this list, and intake
against the receipts. Expectations are worked out by hand: nothing of the library is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD = ("Ref", "Made", "Arrived", "Closed", "Grade", "Opening", "Beat", "Tel")
MARCH = ["2026-03"]


@dataclass(frozen=True)
class Case:
    """One odd file.

    Attributes
    ----------
    name
        File name; what is before the first ``_`` is the profile that reads it.
    why
        What is odd about it.
    receipts
        What each receipt of it must say, in order of member and table.
    """

    name: str
    why: str
    content: bytes
    receipts: Sequence[Mapping[str, Any]] = field(default_factory=list)


def row(n: int, **said: str) -> list[str]:
    """Incident ``n``: made at a quarter past ten on day ``n`` of March 2026, attended 20 minutes later, closed after an hour."""
    cells = {
        "Ref": f"26-{n:04}",
        "Made": f"{n:02}/03/2026 10:15:00",
        "Arrived": f"{n:02}/03/2026 10:35:00",
        "Closed": f"{n:02}/03/2026 11:15:00",
        "Grade": "Grade 2",
        "Opening": "Burglary",
        "Beat": "North",
        "Tel": f"077009001{n:02}",
    }
    return [*{**cells, **said}.values()]


def text(
    *rows: Sequence[str], delimiter: str = ",", quote: str = '"', end: str = "\n", head: Sequence[str] = HEAD
) -> str:
    """A header and rows; a cell is quoted where it must be."""
    return "".join(record(cells, delimiter, quote) + end for cells in (head, *rows))


def record(cells: Sequence[str], delimiter: str = ",", quote: str = '"') -> str:
    """One record without its line end."""
    marks = (delimiter, quote, "\n", "\r")
    return delimiter.join(
        quote + cell.replace(quote, quote * 2) + quote if any(mark in cell for mark in marks) else cell
        for cell in cells
    )


def read(records: int, bad: Mapping[int, tuple[str, str]] | None = None, **said: Any) -> dict[str, Any]:
    """Receipt of a file that is read: all records kept but the bad ones, given as reasons and raw text by number."""
    bad = bad or {}
    gone = sum(said.get(key, 0) for key in ("folded", "superseded", "dropped", "layout_skipped"))
    reasons: dict[str, int] = {}
    for why, _ in bad.values():
        for reason in why.split(";"):
            reasons[reason] = reasons.get(reason, 0) + 1
    receipt = {
        "status": "read",
        "reason": None,
        "records_read": records,
        "accepted": records - len(bad) - gone,
        "quarantined": len(bad),
        "reasons": reasons,
        "quarantine": {str(number): raw for number, (_, raw) in sorted(bad.items())},
        "months": MARCH if records > len(bad) + gone else [],
        **said,
    }
    return {key: value for key, value in receipt.items() if value not in (0, {}, []) or key == "records_read"}


def held(reason: str, records: int, bad: Mapping[int, tuple[str, str]] | None = None, **said: Any) -> dict[str, Any]:
    """Receipt of a file that is held: counted, but nothing staged."""
    receipt = read(records, bad, **said)
    receipt.pop("months", None)
    return {**receipt, "status": "held", "reason": reason}


def unread(reason: str, status: str = "refused") -> dict[str, Any]:
    """Receipt of a file no record of which could be read."""
    return {"status": status, "reason": reason, "records_read": 0}


def cases() -> Iterator[Case]:
    """Every odd file."""
    # Here, so that the lists may use what stands above.
    from tests.odd import formats, layouts, texts, times, values  # noqa: PLC0415

    for module in (texts, layouts, values, times, formats):
        yield from module.cases()
