"""After an erasure neither the number nor its key stands in any version of any object; counts and others stay."""

import gzip
import hashlib
import hmac
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from callclock import layout
from callclock.clock import Month, format_instant
from callclock.exports.callers import CallerSecret
from callclock.objects import Bucket
from callclock.operations.erase import Caller, Erasure, Kind, Traces, counted, file_receipt
from callclock.operations.withdraw import withdraw
from callclock.reasons import ExportStatus
from tests.functional.test_withdraw import entry
from tests.support.monthly import CALLS, CONFIG, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

NOW = datetime.fromisoformat("2025-04-10T09:00:00Z")
SECRETS = (CallerSecret("1", b"secret"),)
MINE, ANOTHER = "+447700900123", "+447700900405"
WRITTEN = ("07700 900123", "+44 7700 900123", "07700900123", "7700900123")
CALLERS = {
    **CONFIG,
    "source_switch": CONFIG["source_switch"].replace("[export]", "[export]\nquarantine_max = 0.5")
    + 'caller_key = { number = "Tel" }\n',
}


class VersionedBucket(Bucket):
    """A bucket of moto that keeps versions."""

    def __init__(self, name: str) -> None:
        name = f"{name}-{uuid4()}"
        s3 = boto3.client("s3", region_name="eu-west-2")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        super().__init__(name, s3)


class VersionedPipeline(Pipeline):
    """The same over versioned buckets."""

    bucket = VersionedBucket  # type: ignore[assignment]

    def drop(self, key: str, content: bytes, at: datetime) -> None:
        boto3.client("s3", region_name="eu-west-2").put_object(Bucket=self.exports.name, Key=key, Body=content)
        self._wake(key, format_instant(at))


def told(month: str, hung_up: int, mine: dict[int, str], *, spoilt: bool = False) -> tuple[str, bytes, datetime]:
    """A month of the switchboard with who called: ``mine`` by call, all others from numbers of their own."""
    key, content, at = monthly(month, hung_up)
    head, *lines = content.decode().splitlines()
    said = [f"{line},{mine.get(n, f'07700 9004{n:02d}')}" for n, line in enumerate(lines)]
    if spoilt:
        said.append("x,soon,,,Answered,(07700) 900-123")
        said.append("y,soon,,,Answered,07700 900456")
    return key, "\n".join([head + ",Tel", *said]).encode() + b"\n", at


@pytest.fixture(scope="module", autouse=True)
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with mock_aws(), only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


@pytest.fixture(scope="module")
def standing() -> VersionedPipeline:
    """What tests only look at."""
    return dropped()


def dropped() -> VersionedPipeline:
    """Two months, one of them twice; as text, as gz, within a zip; one record in quarantine; answers of queries."""
    made = VersionedPipeline(**CALLERS)
    key, content, at = told("2025-01", 2, dict(enumerate(WRITTEN)), spoilt=True)
    made.drop(key, content, at)
    made.run()
    again = told("2025-01", 9, dict(enumerate(WRITTEN)), spoilt=True)[1]
    made.drop(key.replace(".csv", ".csv.gz"), gzip.compress(again), at + timedelta(days=1))
    february, packed = told("2025-02", 6, {7: WRITTEN[0]}), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("switch_2025-02_20250302.csv", february[1])
    made.drop("incoming/EX/switch_february.zip", packed.getvalue(), february[2])
    made.drop(*told("2025-03", 1, {}))
    made.drop("incoming/EX/unknown.csv", b"Some,Thing\n1,07700 900123\n2,07700 900456\n", february[2])
    made.run()
    made.results.put("athena/1.csv", f"caller_key\n{key_of(MINE)}\n")
    return made


def key_of(number: str) -> str:
    return hmac.new(b"secret", number.encode(), hashlib.sha256).hexdigest()


def erasing(pipeline: Pipeline, folder: Path, number: str = MINE) -> Erasure:
    return Erasure(pipeline.stack, FORCE, Caller.of(number, SECRETS), folder, lambda _: None)


def erased(pipeline: Pipeline, folder: Path, number: str = MINE) -> tuple[Traces, Traces]:
    """What was there, and what is left."""
    erasure = erasing(pipeline, folder, number)
    before = erasure.look()
    erasure.erase(before, NOW)
    assert not erasure.is_folded()
    pipeline.run()
    assert erasure.is_folded()
    erasure.erase_old_months(erasure.look())
    return before, erasure.look()


def everything(pipeline: Pipeline) -> Iterator[tuple[str, bytes]]:
    """Every version of every object of every bucket: its key and its bytes."""
    for bucket in (pipeline.exports, pipeline.lake, pipeline.results):
        s3 = boto3.client("s3", region_name="eu-west-2")
        for found in s3.list_object_versions(Bucket=bucket.name).get("Versions", []):
            answer = s3.get_object(Bucket=bucket.name, Key=found["Key"], VersionId=found["VersionId"])
            yield f"{bucket.name.partition('-')[0]}/{found['Key']}", answer["Body"].read()


def as_text(content: bytes) -> str:
    """What can be read in an object, unpacked."""
    if content.startswith(b"\x1f\x8b"):
        return as_text(gzip.decompress(content))
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "\n".join(as_text(packed.read(name)) for name in packed.namelist())
    if content.startswith(b"PAR1"):
        return repr(pq.read_table(io.BytesIO(content)).to_pylist())
    return content.decode("utf-8", "replace")


def holding(pipeline: Pipeline, number: str) -> list[str]:
    """Keys of objects of which a version holds the number, however it is spaced, or its key."""
    national = number.removeprefix("+44")
    return sorted(
        {
            key
            for key, content in everything(pipeline)
            if national in re.sub(r"[ ()\-]", "", text := as_text(content)) or key_of(number) in text
        }
    )


def rows(bucket: Bucket, key: str, folder: Path) -> list[dict[str, Any]]:
    path = folder / "rows.parquet"
    assert bucket.fetch(key, path)
    return pq.read_table(path).to_pylist()


@dataclass(frozen=True)
class Done:
    """An erasure, and what stood before it: keys that hold the caller, those that hold another, rows."""

    pipeline: VersionedPipeline
    before: Traces
    after: Traces
    held: list[str]
    of_another: list[str]
    curated: dict[int, list[dict[str, Any]]]
    quarantined: list[dict[str, Any]]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder, made = tmp_path_factory.mktemp("done"), dropped()
    held, of_another = holding(made, MINE), holding(made, ANOTHER)
    curated = {month: curated_rows(made, month, folder) for month in (1, 2, 3)}
    quarantined = quarantined_rows(made, folder)
    return Done(made, *erased(made, folder), held, of_another, curated, quarantined)


def curated_rows(pipeline: Pipeline, month: int, folder: Path) -> list[dict[str, Any]]:
    return rows(pipeline.lake, layout.curated("calls", FORCE, Month(2025, month)), folder)


def quarantined_rows(pipeline: Pipeline, folder: Path) -> list[dict[str, Any]]:
    return [row for found in pipeline.exports.list("quarantine/") for row in rows(pipeline.exports, found.key, folder)]


def test_neither_number_nor_key_is_left_in_any_version(done: Done) -> None:
    assert {"/".join(key.split("/")[:2]) for key in done.held} == {
        "exports/incoming", "exports/quarantine", "lake/staged", "lake/curated", "results/athena",
    }  # fmt: skip
    assert holding(done.pipeline, MINE) == []
    assert done.after.is_clean
    assert counted(done.after) == {}
    assert {kind: found["rows"] for kind, found in counted(done.before).items() if found["rows"]} == {
        "quarantine": 2, "staged rows": 9, "curated month": 5,
    }  # fmt: skip


def test_calls_are_counted_as_before_and_nobody_else_has_become_unknown(done: Done, tmp_path: Path) -> None:
    for month, was in done.curated.items():
        mine = [row["caller_key"] == key_of(MINE) for row in was]
        assert sum(mine) == {1: 4, 2: 1, 3: 0}[month]
        assert len(was) == CALLS
        assert curated_rows(done.pipeline, month, tmp_path) == [
            {**row, "caller_key": None, "key_epoch": None} if is_mine else row
            for row, is_mine in zip(was, mine, strict=True)
        ]
    left = [key for key in holding(done.pipeline, ANOTHER) if not key.startswith("exports/incoming")]
    assert left == [key for key in done.of_another if not key.startswith("exports/incoming")]


def test_quarantine_keeps_its_records_and_other_peoples_text(done: Done, tmp_path: Path) -> None:
    assert len(done.quarantined) == 4
    assert quarantined_rows(done.pipeline, tmp_path) == [
        {**row, "raw": "(erased)"} if "900-123" in row["raw"] else row for row in done.quarantined
    ]


def test_raw_exports_go_and_those_of_others_stay(done: Done) -> None:
    assert [found.key for found in done.pipeline.exports.list("incoming/")] == [told("2025-03", 1, {})[0]]
    assert done.before.unread == ("incoming/EX/unknown.csv",), "told before, for nothing of it was ever staged"
    assert entry(done.pipeline, "switch_2025-01_20250202.csv").status is ExportStatus.READ


def test_looking_changes_nothing_and_names_nobody(standing: VersionedPipeline, tmp_path: Path) -> None:
    before = sorted(everything(standing))
    said: list[str] = []
    erasure = Erasure(standing.stack, FORCE, Caller.of(MINE, SECRETS), tmp_path, said.append)
    found = erasure.look()
    assert sorted(everything(standing)) == before
    assert not found.is_clean
    assert {trace.kind for trace in found.found} == set(Kind) - {Kind.OTHER}
    shown = repr((erasure, found, counted(found), said))
    assert "900123" not in shown.replace(" ", "")
    assert key_of(MINE) not in shown


def test_somebody_who_never_called_has_no_traces(standing: VersionedPipeline, tmp_path: Path) -> None:
    found = erasing(standing, tmp_path, "+447700900999").look()
    assert {trace.kind for trace in found.found} == {Kind.ANSWER}, "answers go whatever they hold"


def test_rows_of_an_epoch_whose_secret_is_gone_are_told(standing: VersionedPipeline, tmp_path: Path) -> None:
    caller = Caller.of(MINE, [CallerSecret("2", b"another")])
    found = Erasure(standing.stack, FORCE, caller, tmp_path, lambda _: None).look()
    assert found.other_epochs == ("1",)
    assert not found.of(Kind.STAGED)


def test_what_no_column_of_callers_holds_is_told_and_left(tmp_path: Path) -> None:
    pipeline = dropped()
    key, content, at = told("2025-03", 1, {})
    numbered = content.replace(b"2025-03-05", b"07700900123-05")
    pipeline.drop(key.replace("20250402", "20250403"), numbered, at + timedelta(days=1))
    pipeline.run()
    _, after = erased(pipeline, tmp_path)
    assert not after.is_clean
    [left] = after.of(Kind.OTHER)
    assert left.version.key.startswith("staged/calls/force_code=EX/month=2025-03/")


def test_a_withdrawn_export_and_a_measure_that_died_leave_nothing_in_the_end(tmp_path: Path) -> None:
    pipeline = dropped()
    withdraw(pipeline.stack, entry(pipeline, "incoming/EX/switch_2025-01_20250202.csv.gz"), NOW)
    pipeline.run()
    erasure = erasing(pipeline, tmp_path)
    pipeline.lose = {"measure"}
    erasure.erase(erasure.look(), NOW)
    pipeline.run()
    assert not erasure.is_folded()
    erasure.erase_old_months(erasure.look())
    assert {key.split("/")[1] for key in holding(pipeline, MINE)} == {"curated"}, "which readers still get"
    pipeline.tick(NOW + timedelta(days=1))
    pipeline.run()
    assert erasure.is_folded()
    erasure.erase_old_months(erasure.look())
    assert holding(pipeline, MINE) == []


def test_an_erasure_that_dies_can_still_tell_every_raw_export_by_its_staged_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So raw exports go first: run again, it finds what is left and ends as if nothing had happened."""
    pipeline = dropped()
    erasure = erasing(pipeline, tmp_path)

    def dies(*_: object) -> None:
        raise RuntimeError("the machine went to sleep")

    with monkeypatch.context() as patched:
        patched.setattr(Erasure, "_rewrite", dies)
        with pytest.raises(RuntimeError, match="sleep"):
            erasure.erase(erasure.look(), NOW)
    found = erasure.look()
    assert (found.of(Kind.RAW), bool(found.of(Kind.STAGED))) == ((), True)
    erased(pipeline, tmp_path)
    assert holding(pipeline, MINE) == []


def test_a_receipt_says_when_by_whom_and_how_much_and_nothing_of_the_caller(
    standing: VersionedPipeline, tmp_path: Path
) -> None:
    before = erasing(standing, tmp_path).look()
    after = Traces((), (), (), ())
    key = file_receipt(standing.stack, FORCE, before, after, now=NOW, by="arn:aws:iam::1:user/officer")
    assert key == "internal/erasures/force_code=EX/20250410T090000.json"
    found = standing.results.text(key)
    assert found
    said = json.loads(found[0])
    assert (said["erased_at"], said["by"]) == ("2025-04-10T09:00:00.000Z", "arn:aws:iam::1:user/officer")
    assert said["erased"]["staged rows"] == {"versions": 3, "rows": 9}
    assert (said["raw_exports_removed"], said["left"]) == (4, {})
    assert not Caller.of(MINE, SECRETS).is_in_text(found[0])
