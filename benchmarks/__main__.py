"""``make bench``: every figure, a table, and ``build/bench.json``."""

import json
import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import drop_to_mail, followthrough, history, intake, keys, refresh
from benchmarks.first_paint import first_paint
from benchmarks.measured import Figure

OUT = Path("build/bench.json")


def main(
    only: Annotated[
        list[str] | None,
        typer.Option(help="intake, refresh, history, keys, followthrough, mail, page; all when left out."),
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows of the exports and curated months measured.")] = 1_000_000,
    many_rows: Annotated[
        int, typer.Option(help="Rows of the export whose memory is measured; 0 leaves it out.")
    ] = 10_000_000,
) -> None:
    """Measure and print; exit 1 when a promise does not hold."""
    parts: Mapping[str, Callable[[], Iterator[Figure]]] = {
        "intake": lambda: intake.figures(rows, many_rows),
        "refresh": lambda: refresh.figures(rows),
        "history": history.figures,
        "keys": keys.figures,
        "followthrough": followthrough.figures,
        "mail": drop_to_mail.figures,
        "page": _page,
    }
    console = Console(width=100, emoji=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, justify in (("", "left"), ("figure", "right"), ("promised", "right"), ("holds", "left"), ("of", "left")):
        table.add_column(title, justify=justify)
    found: list[dict[str, object]] = []
    broken = False
    for part in only or parts:
        for figure in parts[part]():
            sign = "at least" if figure.at_least else "at most"
            promised = "" if figure.limit is None else f"{sign} {figure.limit:g}"
            holds = {None: "", True: "yes", False: "[bold]no[/]"}[figure.holds]
            table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", promised, holds, figure.note)
            found.append({"part": part, **figure.as_json()})
            broken |= figure.holds is False
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(
        json.dumps({"machine": platform.processor() or platform.machine(), "figures": found}, indent=1) + "\n", "utf-8"
    )
    console.print(table)
    console.print("Ratios are of the processor seconds of one process each; medians of five rounds, the tasks in turn.")
    if broken:
        raise typer.Exit(1)


def _page() -> Iterator[Figure]:
    painted = first_paint()
    yield Figure("first paint of the page", painted["first_paint_ms"], "ms")
    yield Figure("all its charts drawn", painted["all_charts_drawn_ms"], "ms")
    yield Figure("size of the page", painted["page_bytes"] / 1e6, "MB", 2.0)


if __name__ == "__main__":
    typer.run(main)
