"""The commands that act on a deployment. Each shows first what it would do, and does it with ``--yes``."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from callclock import configuration
from callclock.exports.profile import parse_profiles
from callclock.exports.receipt import Receipt
from callclock.lake.folds import Fate
from callclock.ledger import Entry
from callclock.operations import again
from callclock.operations import withdraw as withdrawing
from callclock.operations.again import Rereading
from callclock.operations.choose import Choice, chosen, unmet
from callclock.operations.stack import Stack
from callclock.operations.withdraw import Withdrawal
from callclock.reasons import ExportStatus
from local.account import Account
from local.run import UsageError

EXIT_FAULT, EXIT_USAGE, EXIT_HELD = 1, 2, 3
_ASK_EVERY_S = 1.0

Names = Annotated[list[str] | None, typer.Argument(help="File name, key, pattern (cad_2026-*) or export id.")]
StackName = Annotated[str, typer.Option("--stack", envvar="CALLCLOCK_STACK", help="Name of the stack.")]
ForceCode = Annotated[str | None, typer.Option("--force", help="Force code; all forces when left out.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this nothing is changed.")]
Wait = Annotated[int, typer.Option("--wait", help="Seconds to wait until it is done; 0 for not at all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day (UTC) of arrival, inclusive.")]


def opened(name: str) -> Stack:
    """Open a deployment or end with what to do about it."""
    try:
        return Account().stack(name)
    except UsageError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault


def receipts(name: str, stack: str) -> Sequence[Receipt]:
    """Receipts of a deployment's exports of a name, in order of arrival."""
    deployment = opened(stack)
    return [r for entry in chosen(deployment, Choice(names=(name,))) for r in deployment.receipts(entry)]


def fates(receipts: Sequence[Receipt], stack: str) -> Mapping[tuple[str, str], Fate]:
    """What the fold did with the exports of the forces that these receipts are of, by export and table."""
    deployment = opened(stack)
    return {key: fate for code in {r.force_code for r in receipts} for key, fate in deployment.fates(code).items()}


def withdraw(
    exports: Annotated[list[str], typer.Argument(help="File name, key, pattern (cad_2026-*) or export id.")],
    stack: StackName = "callclock",
    force: ForceCode = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back what was withdrawn.")] = False,
    yes: Yes = False,
    wait: Wait = 900,
    json_: AsJson = False,
) -> None:
    """Withdraw EXPORTS: from then on every month is what it would be had they never come."""
    deployment = opened(stack)
    statuses = {ExportStatus.WITHDRAWN} if undo else set(ExportStatus) - {ExportStatus.WITHDRAWN}
    entries = _chosen(deployment, Choice(names=tuple(exports), statuses=statuses), force)
    planned = [withdrawing.plan(deployment, entry) for entry in _tracked(entries, "looking", json_)]
    if yes:
        do = withdrawing.bring_back if undo else withdrawing.withdraw
        now = datetime.now(UTC)
        for entry in _tracked(entries, "telling", json_):
            do(deployment, entry, now)
    done = not yes or _waited(entries, deployment.is_folded, wait, json_)
    _show_withdrawals(planned, verb="brought back" if undo else "withdrawn", did=yes, done=done, as_json=json_)
    if not done:
        raise typer.Exit(EXIT_FAULT)


def replay(
    exports: Names = None,
    stack: StackName = "callclock",
    force: ForceCode = None,
    reason: Annotated[str | None, typer.Option(help="With records in quarantine, or held, for this reason.")] = None,
    profile: Annotated[str | None, typer.Option(help="Read by this profile.")] = None,
    since: Day = None,
    until: Day = None,
    everything: Annotated[bool, typer.Option("--all", help="Every export that there is.")] = False,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="Those that were withdrawn, and bring them back.")
    ] = False,
    yes: Yes = False,
    wait: Wait = 900,
    json_: AsJson = False,
) -> None:
    """Read EXPORTS again after their profile was mended. Exit 3 when one was refused or held, or is no longer kept."""
    deployment = opened(stack)
    choice = Choice(
        names=tuple(exports or ()),
        since=since.date() if since else None,
        until=until.date() if until else None,
        profile=profile,
        reason=reason,
        statuses={ExportStatus.WITHDRAWN} if withdrawn else set(ExportStatus) - {ExportStatus.WITHDRAWN},
    )
    if choice.says_nothing and not everything:
        typer.echo("Say which: name exports, or give --reason, --profile, --since, --until or --all.", err=True)
        raise typer.Exit(EXIT_USAGE)
    entries = _chosen(deployment, choice, force)
    profiles = {p.name: p for p in parse_profiles(configuration.in_force(deployment.lake).profiles)}
    planned = [again.plan(deployment, entry, profiles) for entry in _tracked(entries, "looking", json_)]
    kept = [reading.entry for reading in planned if reading.there]
    if yes:
        now = datetime.now(UTC)
        for entry in _tracked(kept, "telling", json_):
            again.read_again(deployment, entry, now)
    done = not yes or _waited(kept, lambda entry: _is_read(deployment, entry), wait, json_)
    after = [deployment.ledger.find(entry.force_code, entry.export_id) or entry for entry in kept] if yes else []
    _show_rereadings(planned, after, did=yes, done=done, as_json=json_)
    if not done:
        raise typer.Exit(EXIT_FAULT)
    if len(kept) < len(planned) or any(entry.status is not ExportStatus.READ for entry in after):
        raise typer.Exit(EXIT_HELD)


def forces(stack: Stack, force: str | None) -> Sequence[str]:
    """Codes of the forces that are meant, or end with which there are."""
    if force is not None and force not in stack.force_codes:
        typer.echo(f"{force}: no force of this stack: it has {', '.join(stack.force_codes)}", err=True)
        raise typer.Exit(EXIT_USAGE)
    return (force,) if force else stack.force_codes


def _chosen(stack: Stack, choice: Choice, force: str | None) -> Sequence[Entry]:
    forces(stack, force)
    entries = list(chosen(stack, choice, force))
    for name in unmet(entries, choice):
        typer.echo(
            f"{name}: no such export, or not in a state for this. `callclock status {name}` says more.", err=True
        )
    if unmet(entries, choice):
        raise typer.Exit(EXIT_USAGE)
    return entries


def _tracked[T](items: Sequence[T], doing: str, as_json: bool) -> Iterable[T]:
    return track(items, doing, console=Console(stderr=True), transient=True, disable=as_json)


def _is_read(stack: Stack, entry: Entry) -> bool:
    done = again.is_done(stack, entry)
    return done is not None and (done.status is not ExportStatus.READ or stack.is_folded(entry))


def _waited(entries: Sequence[Entry], is_done: Callable[[Entry], bool], seconds: int, as_json: bool) -> bool:
    """Wait until all are done; False when the time was too short. With no time to wait nothing is asked."""
    if not seconds:
        return True
    until = time.monotonic() + seconds
    return all(
        # Ignored: a default binds the loop variable.
        wait_for(lambda entry=entry: is_done(entry), until - time.monotonic())  # type: ignore[misc]
        for entry in _tracked(entries, "waiting", as_json)
    )


def wait_for(is_done: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is done; False when the time was too short."""
    until = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() >= until:
            return False
        time.sleep(_ASK_EVERY_S)
    return True


def _named(entry: Entry) -> dict[str, object]:
    return {
        "force_code": entry.force_code,
        "object_key": entry.object_key,
        "member": entry.member,
        "export_id": entry.export_id,
        "status": entry.status.value,
    }


def _shown(entry: Entry) -> str:
    name = entry.object_key.rpartition("/")[2]
    return f"{name} ({entry.member})" if entry.member else name


def _show_withdrawals(planned: Sequence[Withdrawal], *, verb: str, did: bool, done: bool, as_json: bool) -> None:
    if as_json:
        said = [{**_named(w.entry), "months": dict(w.months), "records": dict(w.records)} for w in planned]
        typer.echo(json.dumps({"exports": said, "did": did, "done": done}, indent=1))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("export", "id", "records kept", "months"):
        table.add_column(heading)
    for w in planned:
        records = ", ".join(f"{n:,} {name}" for name, n in w.records.items()) or "none"
        months = sorted({month for found in w.months.values() for month in found})
        table.add_row(
            _shown(w.entry), w.entry.export_id[:12], records, f"{months[0]} to {months[-1]}" if months else ""
        )
    console = Console(emoji=False)
    console.print(table)
    console.print(_closing(len(planned), verb, did=did, done=done), highlight=False)


def _show_rereadings(
    planned: Sequence[Rereading], after: Sequence[Entry], *, did: bool, done: bool, as_json: bool
) -> None:
    now = {entry.export_id: entry.status.value for entry in after}
    if as_json:
        said = [
            {
                **_named(r.entry),
                "there": r.there,
                "changed_profiles": list(r.changed),
                "quarantined": r.quarantined,
                "status_after": now.get(r.entry.export_id),
            }
            for r in planned
        ]
        typer.echo(json.dumps({"exports": said, "did": did, "done": done}, indent=1))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("export", "id", "was", "profile changed", "quarantined", "raw file", "is now"):
        table.add_column(heading)
    for r in planned:
        changed = ", ".join(r.changed) if r.entry.sources else "never read"
        table.add_row(
            _shown(r.entry), r.entry.export_id[:12], r.entry.status, changed or "no", f"{r.quarantined:,}",
            "kept" if r.there else "[red]gone[/]", now.get(r.entry.export_id, ""),
        )  # fmt: skip
    console = Console(emoji=False)
    console.print(table)
    console.print(_closing(sum(r.there for r in planned), "read again", did=did, done=done), highlight=False)


def _closing(count: int, verb: str, *, did: bool, done: bool) -> str:
    if not did:
        return f"Nothing was changed. With --yes {count} would be {verb}."
    if not done:
        return (
            f"{count} are to be {verb}; it is not done yet: look again with `callclock status`, or run this once more."
        )
    return f"{count} {verb}."
