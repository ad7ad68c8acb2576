"""Spreadsheets (xlsx, ods): one sheet of a workbook, read in a process of its own (see ``sheets``)."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from callclock.engine import function_memory_mb
from callclock.exports.profile_sections import FileFormat
from callclock.exports.sheets import TOLD, TOO_LARGE, Asked, Sheet
from callclock.exports.text import UnreadableError

ROWS_A_SHEET = 1_048_576
"""What a sheet can hold: one that is full to the last row was most likely cut there."""

# The parent waits meanwhile, with little in hand.
_SHARE_OF_MEMORY = 0.75


def read_sheet(path: Path, layout: FileFormat, out: Path | None = None) -> Sheet:
    """Read the header and the first row of the sheet that a profile wants; with ``out``, all of it into a CSV.

    Raises
    ------
    UnreadableError
        The file is no sound workbook, or too large for memory.
    """
    asked = Asked(
        path=str(path),
        sheet=layout.sheet,
        skip=layout.skip,
        header_rows=layout.header_rows,
        memory_mb=function_memory_mb(_SHARE_OF_MEMORY),
        out=str(out) if out else None,
    )
    # No credentials: what a workbook could make the library do, it can do to nothing else.
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    done = subprocess.run(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-m", "callclock.exports.sheets", json.dumps(asdict(asked))],
        check=False,
        capture_output=True,
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
    )
    if done.returncode == 0:
        return Sheet(**json.loads(done.stdout))
    # A negative status is a signal: the library aborts when it gets no more memory.
    if done.returncode < 0 or done.returncode == TOO_LARGE:
        raise UnreadableError(
            "the sheet is larger than memory: export it as CSV, or look for a stray cell far below or to the right of "
            "the records (Ctrl+End goes there), delete its row and column, and drop it again"
        )
    told = json.loads(done.stdout) if done.returncode == TOLD else _kind_of_fault(done.stderr)
    raise UnreadableError(
        f"the file is no sound workbook ({told}): open it where it was made, save it anew without a password and drop "
        "it again"
    )


def _kind_of_fault(traceback: bytes) -> str:
    """Kind of the exception that a traceback ends with; what follows it may hold the text of a cell."""
    last = traceback.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return last.partition(":")[0]
