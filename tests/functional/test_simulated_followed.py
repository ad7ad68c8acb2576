"""What the generator of the simulated year knows of those who hung up comes out of its files: read, folded and measured.

Three months of the worst summer, without queues and functions. The truth is that of the generator's own records.
"""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from callclock import layout
from callclock.clock import Month
from callclock.contracts import TABLES
from callclock.exports.callers import CallerSecret
from callclock.exports.profile import parse_profiles
from callclock.exports.stage import Export, stage
from callclock.lake.coverage import Coverage
from callclock.lake.curate import Curator
from callclock.metrics.catalogue import family
from callclock.settings import assemble
from local.simulate import simulate
from tests.support.curated import values_of
from tests.support.memory_lake import MemoryBucket

FAMILIES = [family(f"followthrough_{name}") for name in ("shares", "chance", "prompt")]
PROFILES = {"acd_calls": "sim_acd", "online_contacts": "sim_online", "cad_incidents": "sim_cad_incidents"}
SUMMER = ("2023-07", "2023-08", "2023-09")
AROUND = ("2023-06", *SUMMER, "2023-10")
KEPT_NUMBER = 0.9
"""Share of those who went online afterwards that left their number there (the generator loses every tenth)."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("year")
    simulate(out, rows=20_000)
    return out


@pytest.fixture(scope="module")
def truth(year: Path) -> dict[str, float]:
    """Share of those who hung up on their first call, by what became of them."""
    found: Counter[str] = Counter()
    for row in json.loads((year / "truth.json").read_text("utf-8"))["followed"]:
        if row["month"] in SUMMER:
            found[row["outcome"]] += row["hang_ups"]
    assert found.total() > 500
    return {outcome: count / found.total() for outcome, count in found.items()}


@pytest.fixture(scope="module")
def summer(year: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Values of the quarter."""
    work = tmp_path_factory.mktemp("summer")
    settings = assemble(
        {str(p.relative_to(year / "config")): p.read_text("utf-8") for p in (year / "config").rglob("*.toml")}
    )
    [(code, force)] = settings.forces.items()
    profiles = {profile.name: profile for profile in parse_profiles(settings.profiles)}
    lake, months, covered = MemoryBucket(), dict[str, set[Month]](), []
    for system, name in PROFILES.items():
        for path in sorted((year / "incoming" / code).glob(f"{system}_*.csv")):
            if not path.name.startswith(tuple(f"{system}_{month}" for month in AROUND)):
                continue
            export = Export(code, f"incoming/{code}/{path.name}", path, {}, datetime.now(UTC), None)
            secret = CallerSecret(epoch="1", secret=b"test")
            read = stage(export, profiles[name], force=force, secret=secret, config_hash="x", workdir=work / path.name)
            if read.receipt.coverage:
                covered.append(read.receipt.coverage)
            table = profiles[name].table
            for month, part in read.parts.items():
                lake.put(layout.staged(table, code, month, read.receipt.export_id), part)
                months.setdefault(table, set()).add(month)
    paths: dict[str, list[Path]] = {}
    for table, touched in months.items():
        Curator(lake, TABLES[table], code, force.zone, force.clock_tolerance_s, work / table).curate(
            sorted(touched), {}
        )
        for n, listed in enumerate(lake.list(layout.curated_prefix(table, code))):
            paths.setdefault(table, []).append(work / f"{table}-{n}.parquet")
            lake.fetch(listed.key, paths[table][-1])
    coverage = Coverage().with_rows(covered)
    known = [source for table in paths for source in coverage.sources_known(table, force)]
    calls = paths.pop("calls")
    as_at = min(source.as_at for source in known)
    found = values_of(FAMILIES, calls, Month(2023, 7), work, as_at=as_at, sources=known, also=paths, force=force)
    return found[(found.period_kind == "quarter") & (found.stage == "all")]


def value(summer: pd.DataFrame, metric: str, outcome: str, window: str = "72h") -> Any:
    [row] = summer[
        (summer.metric == f"followthrough.{metric}") & (summer.outcome == outcome) & (summer.window_label == window)
    ].itertuples()
    return row


OUTCOMES = ("answered_101", "call_999", "online_report", "webchat", "email_social", "front_counter")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_where_they_went(outcome: str, summer: pd.DataFrame, truth: dict[str, float]) -> None:
    """A share holds what the generator did and no more than chance adds, to a hundredth and a half."""
    share, chance = value(summer, "share", outcome), value(summer, "placebo_share", outcome)
    online = outcome in {"online_report", "webchat", "email_social", "front_counter"}
    due = truth.get(outcome, 0.0) * (KEPT_NUMBER if online else 1)
    assert share.n > 500
    assert due - 0.015 <= share.value <= due + chance.value + 0.015


def test_of_whom_nothing_is_found(summer: pd.DataFrame, truth: dict[str, float]) -> None:
    """An upper bound: those who vanished and those who left no number, less those found by chance."""
    online = sum(truth.get(o, 0.0) for o in OUTCOMES[2:])
    due = truth["none_found"] + (1 - KEPT_NUMBER) * online
    chance = value(summer, "placebo_share", "all").value
    assert due - chance - 0.015 <= value(summer, "share", "none_found").value <= due + 0.015


def test_chance_explains_little_of_it_and_the_message_some(summer: pd.DataFrame) -> None:
    excess = value(summer, "excess_share", "all")
    assert value(summer, "placebo_share", "all").value < 0.1 < excess.ci_low < excess.value < excess.ci_high
    told, not_told = (value(summer, "prompted_online_share", group, "24h") for group in ("prompted", "not_prompted"))
    # The generator sends 14 % of those who heard of the website online, and 7 % of the others.
    assert told.value - not_told.value == pytest.approx(0.07 * KEPT_NUMBER, abs=0.03)
    assert value(summer, "prompted_online_placebo_share", "prompted", "24h").value < 0.02
