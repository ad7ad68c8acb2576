"""Where a release pack is written: tables as CSV, and all of it as one workbook."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from callclock.objects import Bucket
from callclock.scorecard.release import Pack, write_workbook

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write(pack: Pack, key_of: Callable[[str], str], results: Bucket, workdir: Path) -> None:
    """Write one pack, unless it is there already as it is now: years that are over do not change.

    Parameters
    ----------
    key_of
        Key in the results bucket of a file of the pack, by its name.
    """
    texts = {key_of(f"{table.name}.csv"): table.csv() for table in pack.tables}
    if all((was := results.text(key)) is not None and was[0] == text for key, text in texts.items()):
        return
    book = workdir / "release.xlsx"
    write_workbook(pack, book)
    # The workbook goes first: the tables tell whether a pack is whole.
    results.put(key_of("release.xlsx"), book, content_type=_XLSX)
    for key, text in texts.items():
        results.put(key, text, content_type="text/csv; charset=utf-8")
