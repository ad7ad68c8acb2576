"""The ``callclock`` command."""

import json
import tempfile
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from callclock.contracts import CURATED
from callclock.exports.text import UnreadableError
from callclock.settings import ConfigurationError
from local import check_figures as checking
from local import demo as telling
from local import draft as drafting
from local import erased, operate, rebuilt, show, sources
from local import run as running
from local import simulate as simulation
from local import thresholds as trying

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How long people waited for the police to answer and to come, and what became of those who hung up.",
)
sources_app = typer.Typer(no_args_is_help=True, help="Source profiles: how one system's export is read.")
app.add_typer(sources_app, name="sources")
thresholds_app = typer.Typer(no_args_is_help=True, help="Thresholds: whom to tell of what.")
app.add_typer(thresholds_app, name="thresholds")

# Ignored: names known at run time only.
Table = Enum("Table", {table.name: table.name for table in CURATED})  # type: ignore[misc]

EXIT_FAULT, EXIT_USAGE, EXIT_HELD = 1, 2, 3

Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=True, help="Exports, or folders of them.")]
Config = Annotated[Path | None, typer.Option("--config", exists=True, file_okay=False, help="Laid out as config/.")]
Out = Annotated[Path, typer.Option("--out", help="Where everything is left.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command()
def demo(
    out: Out = Path("build/demo"),
    short: Annotated[bool, typer.Option("--short", help="Three months of small samples instead of a year.")] = False,
    json_: AsJson = False,
) -> None:
    """Drop a year of exports of a made-up force as they would have come, and show what callclock tells."""
    console = Console(stderr=json_, width=100, emoji=False)
    with tempfile.TemporaryDirectory(prefix="callclock-year-") as folder:
        story = telling.samples() if short else telling.year(Path(folder))
        summary = telling.tell(story, out, console)
    if json_:
        typer.echo(json.dumps(summary, indent=1))


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for exports, configuration and truth.json.")],
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    rows: Annotated[int | None, typer.Option(help="Scale the year to about so many 101 calls.")] = None,
) -> None:
    """Write the exports of a simulated year at a made-up force, with the inspectors' figures in them."""
    typer.echo(simulation.simulate(out, seed, rows))


@app.command()
def run(
    files: Files,
    out: Out,
    config: Config = None,
    force: Annotated[str | None, typer.Option("--force", help="Force code of files whose path names none.")] = None,
    json_: AsJson = False,
) -> None:
    """Deploy, drop FILES, wait until quiet and leave every bucket under OUT. Exit 3 when one was refused or held."""
    try:
        console = Console(stderr=True, quiet=json_, emoji=False)
        outcome = running.run(files, config=config, force=force, out=out, console=console)
    except (running.UsageError, ConfigurationError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    if json_:
        typer.echo(json.dumps(outcome.as_json(), indent=1))
    else:
        show.outcome(outcome, Console(width=100, emoji=False))
    if outcome.faults:
        raise typer.Exit(EXIT_FAULT)
    if not outcome.all_read:
        raise typer.Exit(EXIT_HELD)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the endpoint; 0 for any.")] = 4566,
    config: Config = None,
    force: Annotated[list[str] | None, typer.Option("--force", help="Force codes to configure.")] = None,
) -> None:
    """Stay up: point the aws command line, PyAthena or a notebook at it. Ctrl-C ends it."""
    try:
        running.stay_up(port, config=config, forces=force or [], console=Console(width=100, emoji=False))
    except (running.UsageError, ConfigurationError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="Athena SQL; tables are results.metric_values, curated.incidents, ...")],
    out: Annotated[Path, typer.Option("--out", exists=True, file_okay=False, help="Where a run left its buckets.")],
    json_: AsJson = False,
) -> None:
    """Ask in Athena SQL over what a run left."""
    try:
        show.query(sql, out, as_json=json_)
    except show.QueryError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault


@app.command()
def status(
    file: Annotated[str, typer.Argument(help="Name, key, pattern or export id of an export.")],
    out: Annotated[
        Path | None, typer.Option("--out", exists=True, file_okay=False, help="Where a run left its buckets.")
    ] = None,
    stack: operate.StackName = "callclock",
    json_: AsJson = False,
) -> None:
    """Show the receipts of an export: what was read, what was not and why, what the fold did, what to do next.

    With --out of what a run left; else of the deployment that --stack names.
    """
    found = show.receipts(file, out) if out else operate.receipts(file, stack)
    fates = show.fates_below(out) if out else operate.fates(found, stack)
    if not found:
        typer.echo(f"no receipt of {file!r} in {out or stack}: was it dropped there?", err=True)
        raise typer.Exit(EXIT_USAGE)
    if json_:
        typer.echo(json.dumps([show.as_json(r, fates.get((r.export_id, r.table_name))) for r in found], indent=1))
        return
    for receipt in found:
        fate = fates.get((receipt.export_id, receipt.table_name))
        show.receipt(receipt, Console(width=100, emoji=False), fate)


@sources_app.command("check")
def sources_check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    config: Config = None,
    key: Annotated[str | None, typer.Option(help="Object key, when the profile looks at the path.")] = None,
    json_: AsJson = False,
) -> None:
    """Show which profile matches FILE and why, what each column becomes, and the first rows that would not be kept."""
    try:
        checked = sources.check(file, config=config, key=key)
    except ConfigurationError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    if json_:
        typer.echo(json.dumps([one.as_json() for one in checked], indent=1))
    else:
        for one in checked:
            show.checked(one, Console(width=100, emoji=False))
        show.left_out(checked, Console(width=100, emoji=False))
    if not all(one.would_be_read for one in checked):
        raise typer.Exit(EXIT_HELD)


@thresholds_app.command("try")
def thresholds_try(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A proposed thresholds.toml.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Local day from which it would have held.")],
    out: Annotated[Path, typer.Option("--out", exists=True, file_okay=False, help="Where a run left its buckets.")],
    force: Annotated[str | None, typer.Option("--force", help="Force code; the only one when left out.")] = None,
    filter_policy: Annotated[
        list[str] | None, typer.Option(help="An SNS filter policy, JSON: how many notices its reader would get.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Replay a proposed FILE over the results there are: whom it would have told, when and how often."""
    try:
        policies = [json.loads(policy) for policy in filter_policy or []]
        tried = trying.trials(file, since.date(), out, force)
    except (ConfigurationError, FileNotFoundError, json.JSONDecodeError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    if json_:
        typer.echo(json.dumps([trial.as_json() for trial in tried.trials], indent=1))
    else:
        trying.show(tried, since.date(), policies, Console(width=100, emoji=False))


@app.command("check-figures")
def check_figures(
    figures: Annotated[list[str], typer.Argument(help="mean=22h median=3h20m p90=9h within_4h=0.08 over_7d=41% ...")],
    json_: AsJson = False,
) -> None:
    """Say which published FIGURES of the same incidents cannot be true together. Exit 3 when any cannot."""
    try:
        verdict = checking.check(figures)
    except checking.FigureError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    if json_:
        typer.echo(json.dumps(verdict.as_json(), indent=1))
    else:
        typer.echo(verdict.text())
    if verdict.conflicts:
        raise typer.Exit(EXIT_HELD)


@app.command("audit-public")
def audit_public(
    out: Annotated[Path, typer.Option("--out", exists=True, file_okay=False, help="Where a run left its buckets.")],
    json_: AsJson = False,
) -> None:
    """Prove by linear programmes that no small count follows from what a run published. Exit 3 when one does.

    Reads what hidden counts there are: for those who may see the internal results.
    """
    # The solver is heavy, and no other command needs it.
    from local import audit_public as auditing  # noqa: PLC0415

    try:
        found = auditing.audit_directory(out)
    except auditing.NothingPublishedError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    for year in found:
        typer.echo(json.dumps(year.as_json()) if json_ else year.text())
    if any(year.leaks for year in found):
        raise typer.Exit(EXIT_HELD)


@sources_app.command("new")
def sources_new(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    table: Annotated[Table | None, typer.Option(help="Table that its rows belong in, where it is known.")] = None,
    json_: AsJson = False,
) -> None:
    """Write a draft profile for FILE, which no profile reads yet: save it below sources/ in your configuration."""
    try:
        made = drafting.draft(file, table.value if table else None)
    except UnreadableError as fault:
        typer.echo(f"{file}: {fault}.", err=True)
        raise typer.Exit(EXIT_USAGE) from fault
    if json_:
        typer.echo(json.dumps({"table": made.table, "unsaid": made.unsaid, "profile": made.text}, indent=1))
    else:
        typer.echo(made.text, nl=False)


for _command in (operate.replay, operate.withdraw, rebuilt.rebuild, erased.erase):
    app.command()(_command)


def main() -> None:
    """Entry point of the installed command."""
    app()
