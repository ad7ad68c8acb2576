"""`make fuzz`: as many dirty files as there is time for, on every core; goes on where it was stopped.

``python -m tests.fuzz --files 100000``. Files are numbered and made up from their numbers, so the same numbers are the
same files. What was done is kept chunk by chunk in build/fuzz, for this code alone: another code begins anew.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.fuzz.run import CHUNK, Done, do

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build/fuzz"


def code() -> str:
    """Hash of all that a file is read and checked by."""
    found = hashlib.sha256()
    for folder in ("layers/callclock/python/callclock", "tests/fuzz"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".sql", ".toml"}:
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def before(path: Path) -> dict[int, Done]:
    """Chunks that were done by the same code; a last line that was cut is none."""
    done = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            one = Done(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
        done[one.chunk] = one
    return done


def run(chunks: Sequence[int], workers: int, until: float) -> Iterator[Done]:
    """Do chunks side by side until it is time to stop; those begun are ended."""
    todo = iter(chunks)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: set[Future[Done]] = set()
        while True:
            while len(running) < workers and time.monotonic() < until and (chunk := next(todo, None)) is not None:
                running.add(pool.submit(do, chunk))
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ended)


def figures(done: Sequence[Done]) -> str:
    """What was done, as a table in Markdown."""
    total = Counter[str]()
    for one in done:
        total.update(one.counts)
    rows = {
        "files": total["files"],
        "of them mangled": total["mangled"],
        "records": total["records"],
        "records in quarantine": total["quarantined"],
        "files refused": total["refused"],
        "files held": total["held"],
        "bytes": total["size"],
        "seconds of processor": round(sum(one.seconds for one in done)),
        "files that were not as they must be": sum(len(one.faults) for one in done),
    }
    return "\n".join(["| what | how many |", "|---|---:|", *(f"| {what} | {n:,} |" for what, n in rows.items())])


def main() -> int:
    """Run from the command line; 1 where any file was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="Files in all, those done before included.")
    parser.add_argument("--minutes", type=float, default=1e6, help="Begin nothing after so many.")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{code()}.jsonl"
    done = before(path)
    chunks = [chunk for chunk in range(-(-asked.files // CHUNK)) if chunk not in done]
    shown = (TextColumn("files"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with path.open("a") as kept, Progress(*shown, console=Console(stderr=True)) as progress:
        bar = progress.add_task("fuzz", total=(len(chunks) + len(done)) * CHUNK, completed=len(done) * CHUNK)
        for one in run(chunks, asked.workers, time.monotonic() + asked.minutes * 60):
            done[one.chunk] = one
            kept.write(json.dumps(asdict(one)) + "\n")
            kept.flush()
            for fault in one.faults:
                progress.console.print(fault, markup=False, highlight=False)
            progress.advance(bar, CHUNK)
    print(figures([*done.values()]))
    return 1 if any(one.faults for one in done.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
