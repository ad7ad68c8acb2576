"""What machines are told keeps its published shape: another shape needs another version."""

import hashlib
import json
from typing import Any

import pytest
from jsonschema import ValidationError

from callclock.clock import PeriodKind
from callclock.notices import EXPORT_SCHEMA, SCHEMA
from callclock.reasons import ExportReason, ExportStatus, NoticeReason, State
from callclock.spc import SignalRule
from callclock.weekly_mail import SCHEMA as DIGEST_SCHEMA
from tests.support.notice_schemas import FOLDER, check, published

# Never edit a line: a new shape is a new file, under a new version, with a new line. Descriptions are free.
SHAPES = {
    "callclock.digest/1": "70938fc9476b4be7",
    "callclock.digest/2": "c682cd069576074b",
    "callclock.export-notice/1": "b6c50deac2ea88b1",
    "callclock.notice/1": "c0ded57f46a0e961",
    "callclock.quarantine-notice/1": "91726f3f937c2ee9",
}
NEVER_TOLD = {NoticeReason.HISTORY, NoticeReason.NOTHING}
EXPORT = {
    "schema": EXPORT_SCHEMA, "force_code": "EX", "object_key": "incoming/EX/a.csv", "status": "held",
    "reason": "lost_am_pm", "message": "", "nearest_profile": None, "missing_columns": [], "next_step": "Ask.",
    "receipt_key": None,
}  # fmt: skip


def shape(schema: Any) -> Any:
    """Of a schema what binds: all but the descriptions."""
    if isinstance(schema, dict):
        return {
            key: shape(value) for key, value in schema.items() if not (key == "description" and isinstance(value, str))
        }
    return [shape(item) for item in schema] if isinstance(schema, list) else schema


def test_a_published_shape_does_not_change_under_its_version() -> None:
    found = {
        name: hashlib.sha256(json.dumps(shape(published(name)), sort_keys=True).encode()).hexdigest()[:16]
        for name in (json.loads(path.read_text("utf-8"))["title"] for path in FOLDER.glob("*.json"))
    }
    assert found == SHAPES


@pytest.mark.parametrize("name", SHAPES)
def test_a_schema_names_itself(name: str) -> None:
    assert published(name)["title"] == published(name)["properties"]["schema"]["const"] == name


def test_the_schemas_know_every_word_that_the_code_can_say() -> None:
    words = {key: set(spec["enum"]) for key, spec in published(SCHEMA)["properties"].items() if "enum" in spec}
    assert words["reason"] == set(NoticeReason) - NEVER_TOLD
    assert words["state"] == set(State)
    assert words["period_kind"] == set(PeriodKind)
    assert set(published(SCHEMA)["properties"]["flags"]["items"]["enum"]) == set(SignalRule)
    digest = published(DIGEST_SCHEMA)["properties"]
    figure, told = (digest[name]["items"]["properties"] for name in ("figures", "told"))
    assert set(told["reason"]["enum"]) == words["reason"]
    assert set(told["state"]["enum"]) == set(figure["state"]["enum"]) == set(State)
    assert set(digest["state"]["enum"]) == set(State) - {State.PENDING}
    assert set(figure["period_kind"]["enum"]) == set(PeriodKind)
    for side in ("worse", "better"):
        assert set(figure[side]["items"]["enum"]) == set(SignalRule)
    exports = published(EXPORT_SCHEMA)["properties"]
    stopped = digest["exports_stopped"]["items"]["properties"]
    assert all(stopped[name]["enum"] == exports[name]["enum"] for name in ("reason", "status"))
    assert set(exports["reason"]["enum"]) == set(ExportReason)
    assert set(exports["status"]["enum"]) == {ExportStatus.HELD, ExportStatus.REFUSED}


@pytest.mark.parametrize("change", [{"more": 1}, {"status": "read"}, {"message": None}, {"next_step": ""}])
def test_another_shape_is_refused(change: dict[str, object]) -> None:
    check(EXPORT)
    with pytest.raises(ValidationError):
        check({**EXPORT, **change})


@pytest.mark.parametrize("field", EXPORT)
def test_no_field_may_be_missing(field: str) -> None:
    with pytest.raises((ValidationError, KeyError)):
        check({key: value for key, value in EXPORT.items() if key != field})
