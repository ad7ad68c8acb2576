"""Exports are read again after their profile was mended: what stands then is what the mended profile would have made."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callclock import configuration, layout
from callclock.clock import Month
from callclock.exports.profile import parse_profiles
from callclock.exports.receipt import Receipt
from callclock.ledger import Entry
from callclock.operations.again import is_done, plan, read_again
from callclock.operations.choose import Choice, chosen, unmet
from callclock.operations.withdraw import withdraw
from callclock.reasons import ExportStatus
from tests.support.monthly import CONFIG, PROFILE, monthly
from tests.support.pipeline import FORCE, Pipeline, only_monthly_abandonment

JANUARY = monthly("2025-01", 2)
NOW = datetime.fromisoformat("2025-03-10T09:00:00Z")
# Read as Los Angeles time, the last calls of January fall into February.
FAR_AWAY = PROFILE.replace("Europe/London", "America/Los_Angeles")
# Answers in a column that is no time at all.
BROKEN = PROFILE.replace('first_answered_at = "Answer"', 'first_answered_at = "Result"')
STRICT = PROFILE.replace('Abandoned = "hung_up"', 'Lost = "hung_up"').replace(
    'resend = "snapshot"', 'resend = "snapshot"\nquarantine_max = 0.5'
)


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


def read_by(profile: str) -> Pipeline:
    """January, dropped when the profile was this one."""
    pipeline = Pipeline(**{**CONFIG, "source_switch": profile})
    pipeline.drop(*JANUARY)
    pipeline.run()
    return pipeline


def mended(pipeline: Pipeline, profile: str = PROFILE, name: str = "source_switch") -> Pipeline:
    pipeline.drop(f"config/sources/{name}.toml", profile.encode(), NOW)
    pipeline.run()
    return pipeline


def again(pipeline: Pipeline) -> Entry:
    read_again(pipeline.stack, export(pipeline), NOW)
    pipeline.run()
    return export(pipeline)


def export(pipeline: Pipeline) -> Entry:
    [entry] = pipeline.ledger.entries.values()
    return entry


def staged_and_curated(pipeline: Pipeline) -> Mapping[str, bytes]:
    kept = ("staged/", "curated/")
    found = {key: body for key, (body, _) in pipeline.lake.objects.items() if key.startswith(kept)}
    # February's curated month stays, empty, where a reading had put rows into it.
    return {key: body for key, body in found.items() if "month=2025-02" not in key or key.startswith("staged/")}


def rows(found: Mapping[str, bytes]) -> list[pa.Table]:
    return [pq.read_table(io.BytesIO(body)) for key, body in found.items() if key.startswith("curated/")]


@cache
def right() -> Mapping[str, bytes]:
    return staged_and_curated(read_by(PROFILE))


def receipts(pipeline: Pipeline) -> dict[str, tuple[str, str]]:
    return {r.table_name: (r.status.value, r.message) for r in pipeline.stack.receipts(export(pipeline))}


def test_rows_that_fell_into_another_month_leave_it() -> None:
    pipeline = read_by(FAR_AWAY)
    assert layout.staged("calls", FORCE, Month(2025, 2), export(pipeline).export_id) in pipeline.lake.objects
    entry = again(mended(pipeline))
    assert staged_and_curated(pipeline) == right()
    assert (
        pipeline.state().curated["calls"][Month(2025, 1)].version
        == read_by(PROFILE).state().curated["calls"][Month(2025, 1)].version
    )
    assert (entry.status, entry.again) == (ExportStatus.READ, False)
    [receipt] = pipeline.stack.receipts(entry)
    assert receipt.months == (Month(2025, 1), Month(2025, 2)), "February is folded again as well"
    assert receipt.arrived_at == JANUARY[2], "it arrived when it arrived"


def test_a_reading_that_dies_half_way_is_made_good_by_whatever_profile_comes_then() -> None:
    """By the profile that is right the rows of February come to nothing, though no reading of them was ever finished."""
    pipeline = Pipeline(**{**CONFIG, "source_switch": FAR_AWAY})
    pipeline.drop(*JANUARY)
    put = pipeline.results.put

    def dies(key: str, *more: object, **named: object) -> None:
        raise ConnectionError("the function ran out of time")

    pipeline.results.put = dies  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        pipeline.run()
    pipeline.results.put = put  # type: ignore[method-assign]
    mended(pipeline)
    pipeline.drop(*JANUARY)
    pipeline.run()
    assert staged_and_curated(pipeline) == right()


def test_a_held_export_goes_through_once_its_profile_is_mended() -> None:
    pipeline = read_by(BROKEN)
    assert export(pipeline).status is ExportStatus.HELD
    held = len(pipeline.mails)
    assert again(mended(pipeline)).status is ExportStatus.READ
    assert staged_and_curated(pipeline) == right()
    assert [m for m in pipeline.mails[held:] if "held" in m[1]] == []


def test_a_refused_export_is_read_and_its_refusal_explained() -> None:
    pipeline = read_by(PROFILE.replace("switch_*", "other_*"))
    assert receipts(pipeline)["none"][0] == "refused"
    before = export(pipeline).export_id
    again(mended(pipeline))
    assert export(pipeline).export_id == before, "though its name tells the time of export only now"
    [mine] = rows(staged_and_curated(pipeline))
    [theirs] = rows(right())
    assert mine.drop_columns("export_id") == theirs.drop_columns("export_id")
    assert receipts(pipeline)["none"][0] == "read"
    assert "mended since" in receipts(pipeline)["none"][1]


def test_where_the_new_reading_is_held_the_old_one_stays() -> None:
    pipeline = read_by(PROFILE)
    entry = again(mended(pipeline, BROKEN))
    assert entry.status is ExportStatus.HELD
    assert staged_and_curated(pipeline) == right()
    assert "stays as it was" in receipts(pipeline)["calls"][1]
    assert again(mended(pipeline, FAR_AWAY)).months == {"calls": ("2025-01", "2025-02")}
    assert again(mended(pipeline)).status is ExportStatus.READ
    assert staged_and_curated(pipeline) == right()


def test_a_table_that_it_no_longer_feeds_loses_its_rows() -> None:
    contacts = (
        'profile = "switch"\ntable = "contacts"\n[match]\npath = "incoming/EX/switch_*.csv"\n[export]\nkey = ["Call"]\n'
        'exported_at = "name:%Y%m%d"\n[time]\nformats = ["%d/%m/%Y %H:%M:%S"]\n'
        '[columns]\ncontact_id = "Call"\nchannel = { const = "webchat" }\nsubmitted_at = "Start"\n'
    )
    pipeline = read_by(contacts)
    assert receipts(pipeline)["contacts"][0] == "read"
    again(mended(pipeline))
    assert {key for key in pipeline.lake.objects if key.startswith("staged/")} == {
        k for k in right() if k.startswith("staged/")
    }
    assert receipts(pipeline)["contacts"][0] == "withdrawn"
    [(body, _)] = [o for key, o in pipeline.lake.objects.items() if key.startswith("curated/contacts")]
    assert body != b""
    assert pipeline.state().curated["contacts"][Month(2025, 1)].last_event is None, "folded again, it is empty"


def test_nothing_stays_in_quarantine_that_is_read_now() -> None:
    pipeline = read_by(STRICT)
    key = layout.quarantined("calls", FORCE, export(pipeline).export_id)
    assert key in pipeline.exports.objects
    again(mended(pipeline))
    assert key not in pipeline.exports.objects
    assert staged_and_curated(pipeline) == right()


def test_one_that_was_withdrawn_is_brought_back() -> None:
    pipeline = read_by(FAR_AWAY)
    withdraw(pipeline.stack, export(pipeline), NOW)
    pipeline.run()
    again(mended(pipeline))
    assert staged_and_curated(pipeline) == right()
    assert export(pipeline).status is ExportStatus.READ


def test_a_lost_message_is_healed_by_the_tick() -> None:
    pipeline = mended(read_by(FAR_AWAY))
    pipeline.lose = {"intake"}
    entry = again(pipeline)
    assert entry.again
    assert is_done(pipeline.stack, entry) is None
    pipeline.tick(NOW + timedelta(days=1))
    pipeline.run()
    done = is_done(pipeline.stack, entry)
    assert done is not None
    assert done.status is ExportStatus.READ
    assert staged_and_curated(pipeline) == right()


def said_of(pipeline: Pipeline, profile: str, day: int) -> str:
    """Drop a profile, and what its receipt says."""
    at = NOW + timedelta(days=day)
    pipeline.drop("config/sources/source_switch.toml", profile.encode(), at)
    pipeline.run()
    bodies = [body for key, (body, _) in pipeline.results.objects.items() if "_configuration" in key]
    [receipt] = [r for r in map(Receipt.from_json, map(bytes.decode, bodies)) if r.arrived_at == at]
    return receipt.message


def test_the_receipt_of_a_profile_names_what_it_would_read_differently() -> None:
    pipeline = read_by(STRICT)
    january = export(pipeline)
    pipeline.drop("incoming/EX/switch_2025-03_20250403.csv", b"Call,Begin\n1,2\n", NOW)
    pipeline.drop("incoming/EX/letter.csv", b"Dear,Sir\n1,2\n", NOW)
    pipeline.run()
    told = (
        "sources/source_switch.toml is in force.\n"
        "One export was read by what it said before and would be read differently: switch_2025-01_20250202.csv. "
        "`callclock replay --profile switch` shows what that would do, and does it with --yes.\n"
        "One export was refused where it reads, and may be its own now: switch_2025-03_20250403.csv. "
        "`callclock replay` with their names tries them."
    )
    assert said_of(pipeline, PROFILE, 1) == told
    assert said_of(pipeline, PROFILE, 2) == told, "the same file once more says the same"
    read_again(pipeline.stack, january, NOW)
    pipeline.run()
    assert "differently" not in said_of(pipeline, PROFILE + "\n# A remark changes nothing.\n", 3)
    renamed = PROFILE.replace('profile = "switch"', 'profile = "board"')
    assert "One export was read by a profile that is there no more: switch_2025-01" in said_of(pipeline, renamed, 4)


def test_a_plan_says_what_would_be_read_differently_and_does_nothing() -> None:
    pipeline = read_by(STRICT)
    before = dict(pipeline.lake.objects), dict(pipeline.ledger.entries), len(pipeline.queues["intake"])
    entry = export(pipeline)
    assert plan(pipeline.stack, entry, profiles(pipeline)).changed == ()
    mended(pipeline)
    before = dict(pipeline.lake.objects), dict(pipeline.ledger.entries)
    planned = plan(pipeline.stack, entry, profiles(pipeline))
    assert (planned.changed, planned.there, planned.quarantined) == (("switch",), True, 2)
    pipeline.exports.remove(JANUARY[0])
    assert not plan(pipeline.stack, entry, profiles(pipeline)).there
    assert (pipeline.lake.objects, pipeline.ledger.entries) == before


def profiles(pipeline: Pipeline) -> dict:
    return {p.name: p for p in parse_profiles(configuration.in_force(pipeline.lake).profiles)}


def test_exports_are_chosen_by_name_day_profile_reason_and_status() -> None:
    pipeline = read_by(STRICT)
    entry = export(pipeline)
    other = replace(
        entry,
        export_id="f" * 64,
        object_key="incoming/EX/night.zip",
        member="in/cad.csv",
        status=ExportStatus.HELD,
        sources={},
        arrived_at=NOW,
    )
    pipeline.ledger.write(other)

    def found(**asked: object) -> list[str]:
        choice = Choice(**asked)  # type: ignore[arg-type]
        return [e.export_id[:4] for e in chosen(pipeline.stack, choice)]

    mine, theirs = [entry.export_id[:4]], ["ffff"]
    assert found() == mine + theirs, "in order of arrival"
    for name in (
        "switch_2025-01_20250202.csv",
        JANUARY[0],
        "switch_*",
        "incoming/EX/sw*",
        entry.export_id,
        entry.export_id[:8],
    ):
        assert found(names=(name,)) == mine, name
    for name in ("night.zip", "cad.csv", "in/cad.csv", "f" * 8):
        assert found(names=(name,)) == theirs, name
    assert found(names=("f" * 7, "switch", "")) == []
    assert found(since=date(2025, 3, 10)) == theirs
    assert found(until=date(2025, 3, 9)) == mine
    assert found(profile="switch") == mine
    assert found(statuses={ExportStatus.HELD}) == theirs
    assert found(reason="unmapped") == found(reason="unmapped:end_cause") == mine
    assert found(reason="missing") == []
    assert unmet([entry], Choice(names=("switch_*", "nothing"))) == ("nothing",)


def test_the_same_bytes_under_another_key_are_kept_in_mind() -> None:
    """Raw files expire: the copy that came last can be read again the longest."""
    pipeline = read_by(FAR_AWAY)
    pipeline.drop("incoming/EX/switch_copy_of_2025-01_20250202.csv", JANUARY[1], NOW)
    pipeline.run()
    pipeline.exports.remove(JANUARY[0])
    mended(pipeline)
    assert again(pipeline).status is ExportStatus.READ
    assert staged_and_curated(pipeline) == right()
