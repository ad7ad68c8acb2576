"""What the command prints."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from callclock.exports.receipt import Receipt
from callclock.lake.folds import Fate, fates
from callclock.reasons import ExportReason, ExportStatus
from local.athena import QueryError, query_directory
from local.run import Outcome
from local.sources import Checked, ForTable

__all__ = ["QueryError", "checked", "outcome", "query", "receipt", "receipts"]

_STYLE = {ExportStatus.READ: "green", ExportStatus.HELD: "yellow", ExportStatus.REFUSED: "red"}


def receipt_table(found: Sequence[Receipt], fates: Mapping[tuple[str, str], Fate]) -> Table:
    """Receipts side by side, and what the fold did with each."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading, justify in (
        ("export", "left"),
        ("table", "left"),
        ("", "left"),
        ("read", "right"),
        ("kept", "right"),
        ("set aside", "right"),
        ("quarantined", "right"),
        ("new", "right"),
        ("changed", "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # left or right, as rich spells it
    for r in found:
        status = f"[{_STYLE.get(r.status, 'white')}]{r.status}[/]"
        fate = fates.get((r.export_id, r.table_name))
        folded = (fate.inserted, fate.replaced) if fate else (None, None)
        counts = [
            "" if n is None else f"{n:,}" for n in (r.records_read, r.accepted, r.set_aside, r.quarantined, *folded)
        ]
        table.add_row(" ".join(filter(None, [Path(r.object_key).name, r.member])), r.table_name, status, *counts)
    return table


def outcome(what: Outcome, console: Console) -> None:
    """Print the receipts of a run, what was refused or held and why, the mails, and where everything lies."""
    console.print(receipt_table(what.receipts, fates_below(what.out)))
    for r in what.receipts:
        if r.status is not ExportStatus.READ:
            console.print(f"\n[bold]{r.shown}[/] was {r.status}: {r.reason}\n{r.message}", highlight=False)
    for key in what.already_read:
        console.print(f"{key}: these very bytes were read before; nothing to do", highlight=False)
    console.print(f"\n{len(what.mails)} mails" + (":" if what.mails else ""))
    for subject in what.mails:
        console.print(f"  {subject}", highlight=False)
    for fault in what.faults:
        console.print(f"[red]fault[/] {fault}", highlight=False)
    console.print(
        f"\n{what.seconds:.1f} s. Everything lies in {what.out}: exports/ lake/ results/ inbox/", highlight=False
    )


def receipts(file: str, out: Path) -> list[Receipt]:
    """Receipts below ``out`` of an export named by file name, object key or export id."""
    found = [
        Receipt.from_json(p.read_text("utf-8")) for p in sorted((out / "results/internal/receipts").rglob("*.json"))
    ]
    name = Path(file).name
    return [r for r in found if file in {r.object_key, r.export_id} or Path(r.object_key).name == name]


def fates_below(out: Path) -> Mapping[tuple[str, str], Fate]:
    """What the fold did with every export below ``out``, by export and table."""
    with TemporaryDirectory(prefix="callclock-") as name:
        files = sorted((out / "results/internal/folds").rglob("*.parquet"))
        return {key: fate for path in files for key, fate in fates(path, Path(name)).items()}


def as_json(r: Receipt, fate: Fate | None) -> dict[str, object]:
    """Receipt as it is filed, and what the fold did; None where nothing was folded."""
    return {**json.loads(r.to_json()), "fold": asdict(fate) if fate else None}


def receipt(r: Receipt, console: Console, fate: Fate | None = None) -> None:
    """Print one receipt whole, and what the fold did."""
    console.print(
        f"[bold]{r.shown}[/] -> {r.table_name}: [{_STYLE.get(r.status, 'white')}]{r.status}[/]", highlight=False
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for label, value in (
        ("reason", r.reason), ("profile", _profile(r)), ("export id", r.export_id),
        ("arrived", r.arrived_at), ("exported", r.exported_at), ("newest event", r.watermark),
        ("records read", f"{r.records_read:,}"), ("kept", f"{r.accepted:,}"), ("of them set aside", f"{r.set_aside:,}"),
        ("folded", f"{r.folded:,}"), ("superseded", f"{r.superseded:,}"), ("quarantined", f"{r.quarantined:,}"),
        ("dropped by rule", f"{r.dropped:,}"), ("layout skipped", f"{r.layout_skipped:,}"),
        ("months", ", ".join(map(str, r.months))), ("covered", _span(r)), ("durations", _durations(r)),
        ("the fold", _folded(fate)),
    ):  # fmt: skip
        if value not in (None, ""):
            table.add_row(label, str(value))
    for reason, n in sorted(r.reasons.items()):
        table.add_row("", f"{reason}: {n:,}")
    console.print(table)
    for said in filter(None, (r.message, r.next_step)):
        console.print(said, highlight=False)


def _folded(fate: Fate | None) -> str | None:
    if fate is None:
        return None
    told = f"{fate.inserted:,} new, {fate.replaced:,} changed, {fate.unchanged:,} as known"
    more = {"displaced since": fate.outdated, "moved to another month": fate.moved, "in conflict": fate.conflicts}
    return "; ".join([told, *(f"{n:,} {what}" for what, n in more.items() if n)])


def _profile(r: Receipt) -> str | None:
    return f"{r.profile} (version {r.profile_hash[:12]})" if r.profile_hash else r.profile


def _span(r: Receipt) -> str | None:
    return f"{r.covered_from} to {r.covered_to}" if r.covered_from else None


def _durations(r: Receipt) -> str | None:
    """Control total: all durations together, as read and as staged."""
    return f"{r.durations_read_ms:,} ms read, {r.durations_staged_ms:,} ms staged" if r.totals else None


def checked(what: Checked, console: Console) -> None:
    """Print what intake would make of a file."""
    if what.member:
        console.print(f"[bold]{what.member}[/]", highlight=False)
    if what.recognition.fault:
        console.print(f"[red]{what.recognition.fault}[/]: {what.recognition.message}", highlight=False)
        for column, names in what.similar.items():
            console.print(f"  {column}: could it be {' or '.join(names)}?", highlight=False)
        if what.recognition.fault is ExportReason.NO_PROFILE:
            console.print(f"`callclock sources new {what.file}` writes a draft of a profile for it.", highlight=False)
        return
    for made in what.tables:
        console.print(f"profile [bold]{made.profile.name}[/] ({made.profile.file}) feeds {made.profile.table}:")
        console.print(made.why, highlight=False)
        if made.draft:
            console.print("[yellow]It is a draft[/]: intake refuses it until its guesses are confirmed.")
        console.print(_columns(made))
        if made.unread:
            console.print(f"not read: {', '.join(made.unread)}", highlight=False)
        receipt(made.receipt, console)
        for bad in made.bad:
            console.print(
                f"record {bad.record_no}: [yellow]{bad.reasons}[/]\n  {escape(bad.raw[:300])}", highlight=False
            )


def left_out(checked: Sequence[Checked], console: Console) -> None:
    """Print which files of an archive are no exports."""
    for name in dict.fromkeys(name for one in checked for name in one.left_out):
        console.print(f"left out, because no export is of its kind: {escape(name)}", highlight=False)


def _columns(made: ForTable) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading, justify in (
        ("from", "left"),
        ("column", "left"),
        ("type", "left"),
        ("empty", "right"),
        ("rejected", "right"),
    ):
        # Ignored: left or right, as rich spells it.
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for filled in made.filled:
        empty = "" if filled.nulls is None else f"{100 * filled.nulls:.1f} %"
        rejected = f"{100 * filled.rejects:.1f} %" if filled.rejects else ""
        table.add_row(escape(" + ".join(filled.source)), filled.column, filled.kind, empty, rejected)
    return table


def query(sql: str, out: Path, *, as_json: bool) -> None:
    """Run Athena SQL over what a run left and print the rows."""
    names, rows = query_directory(sql, out)
    if as_json:
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=1, default=str))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console(emoji=False).print(table)
