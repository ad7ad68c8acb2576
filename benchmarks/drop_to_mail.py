"""From a dropped export to the mail that it sets off, through the whole template in the embedded AWS."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console

from benchmarks.measured import Figure
from local.demo import Drop, samples
from local.run import deployed, drop_configuration
from local.stack import LocalStack

RUNS = 5


def figures() -> Iterator[Figure]:
    """Drop three months of a telephone system: January's breach finds all functions cold, March's recovery warm."""
    story = samples()
    january, february, march = sorted(
        (drop for drop in story.drops if drop.path.name.startswith("acd_")), key=lambda drop: drop.at
    )
    cold, warm = [], []
    for _ in range(RUNS):
        with deployed(("SIM",), console=Console(quiet=True), clock=january.at - timedelta(days=1)) as stack:
            drop_configuration(stack, story.config)
            for drop, kept in ((january, cold), (february, None), (march, warm)):
                seconds, mails = _drop(stack, drop)
                if kept is not None:
                    if not mails:
                        raise RuntimeError(f"{drop.path.name}: no mail came; has the sample or its limit changed?")
                    kept.append(seconds)
    note = "700 calls of a month; the page is drawn too"
    yield Figure("drop to mail, the first since deploying", statistics.median(cold), "s", note=note)
    yield Figure("drop to mail, all functions warm", statistics.median(warm), "s", note=note)


def _drop(stack: LocalStack, drop: Drop) -> tuple[float, int]:
    stack.clock.set(drop.at)
    told = len(stack.inbox.mails)
    began = time.perf_counter()
    stack.put("ExportsBucket", drop.key, drop.path)
    stack.run_until_quiet()
    return time.perf_counter() - began, len(stack.inbox.mails) - told
