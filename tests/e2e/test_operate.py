"""The operator's commands against the template: withdraw, read again by a mended profile, in the words of a shell."""

import csv
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console
from typer.testing import CliRunner

from callclock.configuration import in_force
from callclock.objects import Bucket
from local.cli import app
from local.run import deployed, drop_configuration
from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ROOT / "events/exports/incoming/SIM/acd_2026-01_20260203.csv"
PROFILE = ROOT / "events/config/sources/sim_acd.toml"
CURATED = "curated/calls/force_code=SIM/month=2026-01/calls.parquet"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with deployed(["SIM"], console=Console(quiet=True), clock=None) as made:
        drop_configuration(made, ROOT / "events/config")
        made.put("ExportsBucket", f"incoming/SIM/{EXPORT.name}", EXPORT)
        made.run_until_quiet()
        ended = threading.Event()
        serving = threading.Thread(target=made.serve, args=(ended, lambda _: None))
        serving.start()
        try:
            yield made
        finally:
            ended.set()
            serving.join()
        assert made.gate.denials == []


@pytest.fixture(autouse=True)
def shell(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `callclock up` says to export, but for somebody who may do what OperatorPolicy allows and no more."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack.region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "role.callclock-OperatorPolicy")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")


def callclock(*words: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout) if result.stdout.strip() else result.output


def curated(stack: LocalStack) -> bytes:
    body: bytes = stack.client("s3").get_object(Bucket=stack.physical("LakeBucket"), Key=CURATED)["Body"].read()
    return body


def configure(stack: LocalStack, profile: str) -> None:
    """Drop a profile and wait until it is in force."""
    stack.put("ExportsBucket", "config/sources/sim_acd.toml", profile.encode())
    lake = Bucket(stack.physical("LakeBucket"), stack.client("s3"))
    until = time.monotonic() + 60
    while in_force(lake).profiles["sources/sim_acd.toml"] != profile:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_an_export_is_withdrawn_and_read_again(stack: LocalStack) -> None:
    before = curated(stack)
    [receipt] = callclock("status", EXPORT.name)[1]
    folded = receipt["fold"]
    assert folded["inserted"] + folded["replaced"] + folded["unchanged"] == receipt["accepted"] > 0
    code, said = callclock("withdraw", "acd_2026-01*")
    assert (code, said["did"], said["exports"][0]["status"]) == (0, False, "read")
    assert curated(stack) == before, "shown first"

    code, said = callclock("withdraw", "acd_2026-01*", "--yes")
    assert (code, said["did"], said["done"]) == (0, True, True)
    assert curated(stack) != before
    [receipt] = callclock("status", EXPORT.name)[1]
    assert (receipt["status"], receipt["fold"]) == ("withdrawn", None)
    assert callclock("replay", EXPORT.name, "--yes")[0] == 2, "one that was withdrawn is brought back on purpose only"

    code, said = callclock("replay", EXPORT.name, "--withdrawn", "--yes")
    assert (code, [e["status_after"] for e in said["exports"]]) == (0, ["read"])
    assert curated(stack) == before

    configure(stack, PROFILE.read_text().replace('"End"', '"Finish"'))
    code, said = callclock("replay", "--profile", "sim_acd", "--yes")
    assert (code, [e["status_after"] for e in said["exports"]]) == (3, ["refused"])
    assert curated(stack) == before, "what was read before stays as it was"

    configure(stack, PROFILE.read_text())
    code, said = callclock("replay", "--reason", "no_profile", "--yes")
    assert (code, [e["status_after"] for e in said["exports"]]) == (0, ["read"])
    assert curated(stack) == before


def test_everything_is_made_anew_beside_what_stands(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """By somebody who may do what RebuildPolicy allows and no more."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "role.callclock-RebuildPolicy")
    before = curated(stack)
    s3, lake = stack.client("s3"), stack.physical("LakeBucket")
    table, out = pq.read_table(io.BytesIO(before)), io.BytesIO()
    pq.write_table(table.slice(1), out)
    s3.put_object(Bucket=lake, Key=CURATED, Body=out.getvalue())
    code, said = callclock("rebuild")
    [[differs]] = [found["differences"] for found in said["forces"]]
    assert (code, differs["table"], differs["month"], differs["only_rebuilt"]) == (3, "calls", "2026-01", 1)
    assert curated(stack) == out.getvalue(), "shown first"
    code, said = callclock("rebuild", "--replace", "--force", "SIM")
    [found] = said["forces"]
    assert (code, said["done"], found["is_equal"], found["differences"]) == (0, True, True, [])
    assert min(found["months"], found["objects"]) > 0
    assert curated(stack) == before


def test_a_caller_is_erased_from_every_version(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """By somebody who may do what ErasurePolicy allows and no more; the number comes in by standard input."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "role.callclock-ErasurePolicy")
    calls = pq.read_table(io.BytesIO(curated(stack)))
    with EXPORT.open() as file:
        numbers = [row["CLI"] for row in csv.DictReader(file) if (row["CLI"] or "").startswith("07")]
    number = Counter(numbers).most_common(1)[0][0]
    words = ["erase", "--caller", "-", "--force", "SIM", "--json"]
    shown = CliRunner().invoke(app, words, input=number + "\n", catch_exceptions=False)
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["forces"][0]["receipt"] is None
    assert pq.read_table(io.BytesIO(curated(stack))) == calls, "shown first"

    done = CliRunner().invoke(app, [*words, "--yes"], input=number + "\n", catch_exceptions=False)
    [said] = json.loads(done.stdout)["forces"]
    assert (done.exit_code, said["left"], said["epochs_without_secret"]) == (0, {}, [])
    now = pq.read_table(io.BytesIO(curated(stack)))
    unknown = now["caller_key"].null_count - calls["caller_key"].null_count
    assert unknown == said["found"]["curated month"]["rows"] > 0
    assert now.drop(["caller_key", "key_epoch"]) == calls.drop(["caller_key", "key_epoch"])
    receipt = stack.client("s3").get_object(Bucket=stack.physical("ResultsBucket"), Key=said["receipt"])["Body"].read()
    assert json.loads(receipt)["by"].startswith("arn:aws:")
    for text in (shown.output, done.output, receipt.decode()):
        assert number[-6:] not in text
    again = CliRunner().invoke(app, words, input=number + "\n", catch_exceptions=False)
    assert json.loads(again.stdout)["forces"][0]["found"] == {}
    assert CliRunner().invoke(app, words, input="999\n").exit_code == 2


def test_what_cannot_be_done_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert callclock("replay")[0] == 2
    assert callclock("replay", "nothing.csv")[0] == 2
    assert callclock("withdraw", EXPORT.name, "--force", "XX")[0] == 2
    assert callclock("rebuild", "--force", "XX")[0] == 2
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "operator")  # the policy names one stack and may not see another
    code, said = callclock("withdraw", EXPORT.name, "--stack", "other")
    assert code == 2
    assert "Stack with id other does not exist" in said
