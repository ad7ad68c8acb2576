"""``callclock erase``: one person's right to be forgotten, older versions included."""

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from callclock.exports.callers import e164
from callclock.objects import ChangedMeanwhileError
from callclock.operations.erase import Caller, Erasure, Kind, Traces, counted, file_receipt
from local.account import Account
from local.operate import EXIT_FAULT, EXIT_HELD, EXIT_USAGE, AsJson, ForceCode, StackName, Wait, Yes, forces, wait_for
from local.rebuilt import saying
from local.run import UsageError

Done = tuple[Traces, Traces | None, str | None]
"""What was found, what is left, and the key of the receipt; the last two are None where nothing was done."""


def erase(
    caller: Annotated[
        str, typer.Option("--caller", help="- reads the number from the terminal, unseen, or from standard input.")
    ],
    stack: StackName = "callclock",
    force: ForceCode = None,
    region: Annotated[str, typer.Option(help="Country of a number without its country code.")] = "GB",
    yes: Yes = False,
    wait: Wait = 900,
    json_: AsJson = False,
) -> None:
    """Erase a caller: what holds the number or was made of it, in every version. Exit 3 when something is left."""
    number = e164(_read() if caller == "-" else caller, region)
    if number is None:
        typer.echo("That is no whole telephone number: give it with its area code, or as +44...", err=True)
        raise typer.Exit(EXIT_USAGE)
    account = Account()
    try:
        deployment, secrets = account.stack(stack), account.caller_secrets(stack)
        by = account.who()
    except UsageError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    who = Caller.of(number, secrets)
    said: dict[str, Done] = {}
    for code in forces(deployment, force):
        with saying(json_) as saying_so, tempfile.TemporaryDirectory(prefix="callclock-erase-") as folder:
            erasure = Erasure(deployment, code, who, Path(folder), saying_so)
            try:
                said[code] = _of_force(erasure, by, wait) if yes else (erasure.look(), None, None)
            except ChangedMeanwhileError as fault:
                typer.echo(f"{code}: callclock was at work meanwhile. Run this once more.", err=True)
                raise typer.Exit(EXIT_FAULT) from fault
    _show(said, as_json=json_)
    if any(after and not after.is_clean for _, after, _ in said.values()):
        raise typer.Exit(EXIT_HELD)


def _read() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Number", hide_input=True))
    return sys.stdin.readline().strip()


def _of_force(erasure: Erasure, by: str, wait: int) -> Done:
    """Erase, have measure fold anew, take out what that replaced; what was there, what is left, and the receipt."""
    now = datetime.now(UTC)
    before = erasure.look()
    erasure.erase(before, now)
    wait_for(erasure.is_folded, wait)
    after = erasure.look()
    erasure.erase_old_months(after)
    gone = {trace for trace in after.of(Kind.CURATED) if not trace.version.is_latest}
    after = replace(after, found=tuple(trace for trace in after.found if trace not in gone))
    return before, after, file_receipt(erasure.stack, erasure.force_code, before, after, now=now, by=by)


def _show(said: Mapping[str, Done], *, as_json: bool) -> None:
    if as_json:
        forces_said = [
            {
                "force_code": code,
                "found": counted(before),
                "left": counted(after) if after else None,
                "unread": list(before.unread),
                "could_not_be_looked_into": list(before.opaque),
                "epochs_without_secret": list(before.other_epochs),
                "receipt": receipt,
            }
            for code, (before, after, receipt) in said.items()
        ]
        typer.echo(json.dumps({"forces": forces_said}, indent=1))
        return
    console = Console(emoji=False)
    for code, (before, after, receipt) in said.items():
        _show_force(console, code, before, after, receipt)
    if not any(after for _, after, _ in said.values()):
        console.print("Nothing was changed. With --yes all of it would be erased; nothing brings it back.")


def _show_force(console: Console, code: str, before: Traces, after: Traces | None, receipt: str | None) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in (code, "versions", "rows", *(["versions left"] if after else [])):
        table.add_column(heading, justify="left" if heading == code else "right")
    left = counted(after) if after else {}
    for kind, found in {**counted(before), **{k: v for k, v in left.items() if k not in counted(before)}}.items():
        still = [f"{left.get(kind, {}).get('versions', 0):,}"] if after else []
        table.add_row(kind, f"{found['versions']:,}", f"{found['rows']:,}", *still)
    console.print(table)
    for key in before.unread:
        console.print(f"{key} was never read: with it other people's records go too.", markup=False)
    for key in before.opaque:
        console.print(f"{key} cannot be looked into: see to it yourself.", markup=False)
    if before.other_epochs:
        epochs = ", ".join(before.other_epochs)
        console.print(f"Rows of epochs {epochs} cannot be asked: their secret is gone, and with it the way to anybody.")
    if after and after.of(Kind.OTHER):
        console.print(
            "Left are texts that no column of callers holds: a profile put the number there. See the runbook."
        )
    if receipt:
        console.print(f"Receipt: {receipt}", markup=False)
