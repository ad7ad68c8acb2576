"""``callclock rebuild``: everything made anew beside what stands, and what differs."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from callclock.objects import ChangedMeanwhileError
from callclock.operations.compare import Comparison, compare, is_put_right, put_right
from callclock.operations.differences import Difference
from callclock.operations.rebuild import Said
from callclock.operations.rebuild import rebuild as make_anew
from callclock.operations.stack import Stack
from local.operate import EXIT_FAULT, EXIT_HELD, AsJson, ForceCode, StackName, Wait, forces, opened, wait_for

_SHOWN = 4


def rebuild(
    stack: StackName = "callclock",
    force: ForceCode = None,
    replace_: Annotated[
        bool, typer.Option("--replace", help="Have measure make anew what differs. Without this nothing is changed.")
    ] = False,
    wait: Wait = 900,
    json_: AsJson = False,
) -> None:
    """Make everything anew beside what stands, from what is staged, and say what differs. Exit 3 when anything does."""
    deployment = opened(stack)
    done, found = True, []
    for code in forces(deployment, force):
        try:
            with saying(json_) as said, tempfile.TemporaryDirectory(prefix="callclock-rebuild-") as folder:
                made, now_done = _of_force(deployment, code, Path(folder), wait if replace_ else None, said)
        except ChangedMeanwhileError as fault:
            typer.echo(f"{fault}. Run this once more when measure is quiet.", err=True)
            raise typer.Exit(EXIT_FAULT) from fault
        found.append(made)
        done &= now_done
    _show(found, replaced=replace_, done=done, as_json=json_)
    if not done:
        raise typer.Exit(EXIT_FAULT)
    if not all(one.is_equal for one in found):
        raise typer.Exit(EXIT_HELD)


def _of_force(stack: Stack, code: str, folder: Path, wait: int | None, said: Said) -> tuple[Comparison, bool]:
    """Compare one force and, with time to wait, put it right and compare it again; also whether that was done."""
    rebuilt = make_anew(stack, code, datetime.now(UTC), folder, lambda doing: said(f"{code}: {doing}"))
    found = compare(stack, rebuilt, folder, lambda doing: said(f"{code}: {doing}"))
    if wait is None or not found.differences:
        return found, True
    put_right(stack, found, datetime.now(UTC))
    said(f"{code}: measure makes it anew")
    if not wait or not wait_for(lambda: is_put_right(stack, found, rebuilt), wait):
        return found, False
    return compare(stack, rebuilt, folder, lambda doing: said(f"{code}: {doing}")), True


@contextmanager
def saying(quiet: bool) -> Iterator[Said]:
    """Show what is being done while it is done."""
    with Console(stderr=True, quiet=quiet, emoji=False).status("") as status:
        yield status.update


def _show(found: Sequence[Comparison], *, replaced: bool, done: bool, as_json: bool) -> None:
    if as_json:
        forces = [{**asdict(one), "is_equal": one.is_equal} for one in found]
        typer.echo(json.dumps({"forces": forces, "replaced": replaced, "done": done}, indent=1))
        return
    console = Console(width=100, emoji=False)
    for one in found:
        compared = f"{one.months:,} curated months and {one.objects:,} objects of values"
        if one.waiting:
            exports = "1 export waits" if one.waiting == 1 else f"{one.waiting:,} exports wait"
            console.print(f"{one.force_code}: {exports} to be folded; what they touch is due.", highlight=False)
        if one.stopped:
            console.print(f"{one.force_code}: not released, so not compared: {one.stopped}", markup=False)
        if one.is_equal:
            console.print(f"{one.force_code}: {compared} are what they are when made anew.", highlight=False)
        if one.differences:
            console.print(f"{one.force_code}: {len(one.differences):,} of {compared} differ.", highlight=False)
            console.print(_table(one.differences))
    if not replaced and any(one.differences for one in found):
        console.print("Nothing was changed. With --replace measure makes anew what differs.")
    if not done:
        console.print("Measure was told and is not done yet: run this once more.")


def _table(differences: Sequence[Difference]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("where", "month", "only stands", "only anew", "changed", "what"):
        table.add_column(heading, justify="right" if heading in {"only stands", "only anew", "changed"} else "left")
    for one in differences:
        table.add_row(
            one.family or one.table, one.month or "", f"{one.only_standing:,}", f"{one.only_rebuilt:,}",
            f"{one.changed:,}", _what(one),
        )  # fmt: skip
    return table


def _what(one: Difference) -> str:
    if one.unreadable:
        return "cannot be read: bring an older version back or delete it, then use --replace"
    said = [*one.told[:_SHOWN], *([f"and {len(one.told) - _SHOWN} more"] if len(one.told) > _SHOWN else [])]
    in_columns = f"in {', '.join(one.columns)}" if one.columns else ""
    due = "due: made from something else, or by another version" if one.due else ""
    return "; ".join(part for part in (", ".join(said), in_columns, due) if part)
