"""``callclock demo``: exports dropped as they would have come, in simulated time, and what callclock tells of them."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import fill

from rich.console import Console

from callclock import layout
from callclock.exports.receipt import Receipt
from callclock.notices import wrapped
from local import demo_figures
from local.due import next_wake
from local.inbox import Mail
from local.run import ROOT, configured_forces, deployed, drop_configuration, keyed, leave, receipts_of
from local.simulate import drops, simulate
from local.stack import LocalStack

SAMPLES = ROOT / "events"
YEAR_CONFIG = ROOT / "local/simulate/config"
FORCE = "SIM"
_TAKEN = re.compile(r"_(\d{8})\.")


@dataclass(frozen=True)
class Drop:
    """A file and when it arrives."""

    path: Path
    key: str
    at: datetime


@dataclass(frozen=True)
class Story:
    """Exports with the instants at which they arrive, and the configuration under which they are read.

    Attributes
    ----------
    make
        Writes the files of the exports, each under its name only when it is whole; makes nothing where they lie there
        already.
    """

    title: str
    drops: Sequence[Drop]
    config: Path
    of_a_year: bool = False
    make: Callable[[], object] = tuple


@dataclass(frozen=True)
class Step:
    """One moment of a story: what arrived, what was read of it, what was told."""

    at: datetime
    names: Sequence[str]
    receipts: Sequence[Receipt]
    mails: Sequence[Mail]


def samples() -> Story:
    """Three months of small sample exports, each dropped on the morning after the day its name states."""
    drops = [
        Drop(found.path, found.key, _day_after(found.path.name))
        for found in keyed([SAMPLES / "exports" / "incoming"], None, ())
    ]
    return Story("Three months at a made-up force, from two systems", _in_order(drops), SAMPLES / "config")


def year(folder: Path, seed: int = 1) -> Story:
    """The simulated year, each export dropped when the simulation says that it arrives.

    Parameters
    ----------
    folder
        An empty one: the year is made while it is told, and a file that lies there counts as made.
    seed
        The same seed makes the same year.

    Raises
    ------
    ValueError
        When something lies in the folder.
    """
    if any(folder.glob("*")):
        raise ValueError(f"{folder}: the year is made while it is told; give it an empty folder")
    dropped = [Drop(folder / drop.key, drop.key, datetime.fromtimestamp(drop.arrives, UTC)) for drop in drops()]
    return Story(
        "A year at a made-up force, before its inspection",
        _in_order(dropped),
        YEAR_CONFIG,
        of_a_year=True,
        make=partial(simulate, folder, seed),
    )


def _in_order(drops: Sequence[Drop]) -> Sequence[Drop]:
    return sorted(drops, key=lambda drop: (drop.at, drop.key))


def _day_after(name: str) -> datetime:
    found = _TAKEN.search(name)
    if not found:
        raise ValueError(f"{name}: a sample export states its day as _YYYYMMDD")
    return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1, hours=6)


def play(
    stack: LocalStack, story: Story, told: Callable[[Step], None], made: Future[object], *, every_day: bool = False
) -> None:
    """Drop the exports of a story at their instants and tick in between whenever a rule falls due.

    Parameters
    ----------
    told
        Called after each moment.
    made
        The making of the story's files: a drop waits for its own file, not for the last.
    every_day
        Tick every day instead: slower, and the same mails.
    """
    drop_configuration(stack, story.config)
    player = _Player(stack, told)
    for at, together in groupby(story.drops, key=lambda drop: drop.at):
        player.wait_until(at, every_day=every_day)
        dropped = tuple(together)
        for drop in dropped:
            wait_for(drop.path, made)
        player.step(at, dropped)
    made.result()
    player.until_quiet()


def wait_for(path: Path, made: Future[object]) -> None:
    """Wait until a file lies there whole or nobody makes files any more; raise what stopped their making."""
    while not (made.done() or path.exists()):
        wait([made], timeout=0.02)
    if made.done():
        made.result()


@dataclass
class _Player:
    stack: LocalStack
    told: Callable[[Step], None]
    now: datetime | None = None
    known: frozenset[str] = frozenset()
    mails: int = 0

    def wait_until(self, at: datetime, *, every_day: bool) -> None:
        while self.now is not None:
            wake = self.now + timedelta(days=1) if every_day else next_wake(self.stack, FORCE, self.now)
            if wake is None or wake >= at:
                return
            self.step(wake, ())

    def until_quiet(self, but: str = "") -> None:
        faults = list(self.stack.run_until_quiet(but=but).faults)
        if faults:
            raise RuntimeError("\n".join(faults))

    def step(self, at: datetime, drops: Sequence[Drop]) -> None:
        self.stack.clock.set(at)
        self.now = at
        for drop in drops:
            self.stack.put("ExportsBucket", drop.key, drop.path)
        if not drops:
            self.stack.tick(at)
        # Nobody opens the page while the story is told: it is drawn when it is over, from all that waits for it then.
        self.until_quiet(but="ReportFunction")
        receipts = receipts_of(self.stack, self.known)
        self.known |= {layout.receipt(r.force_code, r.export_id, r.table_name) for r in receipts}
        mails = self.stack.inbox.mails[self.mails :]
        self.mails += len(mails)
        self.told(Step(at, [drop.path.name for drop in drops], [r for r in receipts if r.table_name != "none"], mails))


def tell(story: Story, out: Path, console: Console) -> dict[str, object]:
    """Play a story, print what happens and what it comes to, leave everything under ``out`` and return a summary."""
    began = time.monotonic()
    console.print(f"[bold]{story.title}[/]: exports dropped as they would have come.\n")
    receipts: list[Receipt] = []
    with _ready(story, console) as (stack, made):

        def told(step: Step) -> None:
            receipts.extend(step.receipts)
            _print_step(step, console)

        play(stack, story, told, made)
        leave(stack, out)
        mails = list(stack.inbox.mails)
    _print_reasons(receipts, console)
    _print_figures(story, out, mails, console)
    if mails:
        whole = mails[-1]
        console.print(f"\n[bold]The last of {len(mails)} mails, whole[/]\n")
        subject = fill(f"Subject: {whole.subject}", console.width, subsequent_indent=" " * len("Subject: "))
        console.print(f"{subject}\n\n{wrapped(whole.text)}", highlight=False, markup=False, soft_wrap=True)
    [page] = sorted((out / "results/internal/page").rglob("index.html"))
    seconds = time.monotonic() - began
    console.print(f"[bold]What is left[/], after {seconds:.0f} s", highlight=False)
    left = {
        "page": page,
        "mails": out / "inbox",
        "buckets": f"{out}/exports  {out}/lake  {out}/results",
        "ask": f'.venv/bin/callclock query "SELECT * FROM results.receipts" --out {out}',
    }
    for what, where in left.items():
        console.print(f"  {what:8} {where}", highlight=False, soft_wrap=True)
    subjects = [mail.subject for mail in mails]
    return {"receipts": len(receipts), "mails": subjects, "out": str(out), "seconds": round(seconds, 1)}


@contextmanager
def _ready(story: Story, console: Console) -> Iterator[tuple[LocalStack, Future[object]]]:
    """Write the files of a story while the template is deployed, its functions start and the first ones are read."""
    eve = story.drops[0].at - timedelta(days=1)
    with ThreadPoolExecutor(max_workers=1) as beside:
        made = beside.submit(story.make)
        with deployed(configured_forces(story.config), console=console, clock=eve) as stack:
            stack.start_functions()
            yield stack, made


def _print_step(step: Step, console: Console) -> None:
    day = f"{step.at:%d %b %Y}"
    if step.names:
        read, kept, aside, bad = (
            sum(getattr(r, name) for r in step.receipts)
            for name in ("records_read", "accepted", "set_aside", "quarantined")
        )
        said = f"{len(step.names)} export{'s' * (len(step.names) > 1)}: {read:,} read, {kept:,} kept"
        console.print(f"{day}  {said} ({aside:,} set aside), {bad:,} quarantined", highlight=False)
    for mail in step.mails:
        console.print(f"{day}  [bold]mail[/] {mail.subject}", highlight=False, overflow="ellipsis", no_wrap=True)


def _print_figures(story: Story, out: Path, mails: Sequence[Mail], console: Console) -> None:
    rows = demo_figures.results(out)
    console.print("\n[bold]What people waited[/]   (in brackets: not complete yet)")
    console.print(demo_figures.waited(rows))
    if not story.of_a_year:
        return
    if inspected := demo_figures.inspected(rows, mails):
        console.print("\n[bold]What inspectors found at a force, and what callclock says of this one[/]")
        console.print(inspected)
    if followed := demo_figures.followed(rows):
        console.print("\n[bold]What became, within 72 hours, of those who hung up on 101[/]")
        console.print(followed)


def _print_reasons(receipts: Sequence[Receipt], console: Console) -> None:
    reasons: Counter[str] = Counter()
    for receipt in receipts:
        reasons.update(receipt.reasons)
    # No reason is parted from its number at the end of a line.
    most = ", ".join(f"{reason}\N{NO-BREAK SPACE}{n:,}" for reason, n in reasons.most_common(6))
    title = "Why rows were quarantined"
    said = fill(f"{title}: {most or 'none was'}", console.width).replace("\N{NO-BREAK SPACE}", " ")
    console.print(f"\n[bold]{title}[/]{said.removeprefix(title)}", highlight=False, soft_wrap=True)
