"""A rule tried over the results of a run tells what the run told, on the same days."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callclock.clock import parse_instant
from local.cli import EXIT_USAGE, app
from local.thresholds import Trial, reaches, trials
from tests.support.monthly import CONFIG, THRESHOLDS, monthly
from tests.support.pipeline import Pipeline, only_monthly_abandonment

HUNG_UP = (2, 6, 6, 9, 1, 1, 1)


@pytest.fixture(scope="module", autouse=True)
def few_families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with only_monthly_abandonment(tmp_path_factory.mktemp("kept")):
        yield


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Path]:
    """Seven months dropped as they come, a tick every day; and everything left as a run leaves it."""
    pipeline = Pipeline(**CONFIG)
    drops = [monthly(f"2025-{n:02d}", bad) for n, bad in enumerate(HUNG_UP, start=1)]
    day = drops[0][2]
    for drop in drops:
        while day < drop[2]:
            pipeline.tick(day)
            pipeline.run()
            day += timedelta(days=1)
        pipeline.drop(*drop)
        pipeline.run()
    out = tmp_path_factory.mktemp("left")
    for bucket, name in ((pipeline.lake, "lake"), (pipeline.results, "results")):
        for key, (content, _) in bucket.objects.items():
            path = out / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return pipeline, out


def tried(out: Path, text: str, tmp_path: Path, since: date = date(2025, 1, 1)) -> list[Trial]:
    file = tmp_path / "proposed.toml"
    file.write_text(text, "utf-8")
    return list(trials(file, since, out).trials)


def test_the_rule_in_force_gives_the_mails_that_were_sent(played: tuple[Pipeline, Path], tmp_path: Path) -> None:
    pipeline, out = played
    sent = [
        (parse_instant(entry["at"].partition("#")[0]), entry["reason"])
        for entry in pipeline.log.of_story("EX#rule#101")
    ]
    assert {"first_breach", "still_in_breach", "worsened", "recovered"} <= {reason for _, reason in sent}
    found = [trial for trial in tried(out, THRESHOLDS, tmp_path) if trial.at <= sent[-1][0]]
    assert [trial.reason for trial in found] == [reason for _, reason in sent]
    # Exports reach the bucket a day after they are taken; a trial knows only when they were taken.
    for trial, (at, _) in zip(found, sent, strict=True):
        assert timedelta() <= at - trial.at <= timedelta(days=2)


def test_another_limit_tells_otherwise(played: tuple[Pipeline, Path], tmp_path: Path) -> None:
    strict = THRESHOLDS.replace("level = 0.2 ", "level = 0.05 ").replace("recover = 0.1", "recover = 0.04")
    assert tried(played[1], strict, tmp_path)[0].mail.subject.startswith("[EX] 101 calls abandoned: beyond its limit")
    lax = (
        THRESHOLDS.replace("level = 0.2 ", "level = 0.8 ")
        .replace("level = 0.4 ", "level = 0.9 ")
        .replace("due_days = 20\n", "")
    )
    assert tried(played[1], lax, tmp_path) == []


def test_what_lies_before_the_first_day_sets_the_state_and_is_not_told_twice(
    played: tuple[Pipeline, Path], tmp_path: Path
) -> None:
    found = tried(played[1], THRESHOLDS, tmp_path, since=date(2025, 3, 15))
    assert [(str(trial.at.date()), trial.reason) for trial in found][:1] == [("2025-03-15", "first_breach")]


def test_a_filter_says_who_would_get_it(played: tuple[Pipeline, Path], tmp_path: Path) -> None:
    found = tried(played[1], THRESHOLDS, tmp_path)
    critical = [trial for trial in found if reaches({"severity": ["critical"]}, trial)]
    assert [trial.reason for trial in critical] == ["worsened", "still_in_breach"]
    assert not any(reaches({"metric": [{"prefix": "attendance."}]}, trial) for trial in found)


def test_the_command_prints_it_and_says_what_is_wrong(played: tuple[Pipeline, Path], tmp_path: Path) -> None:
    file = tmp_path / "proposed.toml"
    file.write_text(THRESHOLDS, "utf-8")
    arguments = ["thresholds", "try", str(file), "--since", "2025-01-01", "--out", str(played[1])]
    printed = CliRunner().invoke(app, [*arguments, "--filter-policy", '{"severity": ["critical"]}'])
    assert printed.exit_code == 0
    assert "[EX] 101 calls abandoned: recovered" in printed.stdout
    assert "gets 2 of " in printed.stdout
    as_json = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert {"at", "rule_id", "reason", "subject", "attributes"} == set(as_json[0])
    file.write_text(THRESHOLDS.replace("recover = 0.1", "recover = 0.3"), "utf-8")
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == EXIT_USAGE
    assert "thresholds.toml: rules.0" in refused.output


def test_a_rule_that_could_never_tell_is_said_to_be_one(played: tuple[Pipeline, Path], tmp_path: Path) -> None:
    """A slip in a name is an error; a queue that nobody has is told, for who hears nothing may think that all is well."""
    file = tmp_path / "proposed.toml"
    arguments = ["thresholds", "try", str(file), "--since", "2025-01-01", "--out", str(played[1])]
    file.write_text(THRESHOLDS.replace("abandonment_rate", "abandonmnt_rate"), "utf-8")
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == EXIT_USAGE
    assert "rules.0.metric: no measure 'calls.abandonmnt_rate': did you mean calls.abandonment_rate" in refused.output
    file.write_text(THRESHOLDS.replace('line = "101"', 'line = "101", queue = "nowhere"'), "utf-8")
    blank = CliRunner().invoke(app, arguments)
    assert blank.exit_code == 0
    assert "101: there is no value for it. Does its where name what the exports hold?" in blank.stdout
    assert "Nobody would have been told anything" in blank.stdout
