"""Where the records of a JSON text begin and end, whatever stands between them and whatever is broken."""

import io
import json

import pytest

from callclock.exports.json_records import DEEPEST, JsonText, TooLongError, paths, text, walk

Seen = list[tuple[str, object]]


def seen(content: str | bytes, *, strict: bool = False) -> tuple[Seen, bool]:
    """Raw text of each record, with its object or the reason why it is none; and whether the file was cut."""
    data = content.encode() if isinstance(content, str) else content
    records = JsonText(io.BytesIO(data), strict=strict)
    found: Seen = [
        (data[r.start : r.start + r.size].decode("utf-8", "backslashreplace"), r.value if r.reason is None else str(r.reason))
        for r in records
    ]  # fmt: skip
    return found, records.cut


ONE, TWO = '{"a":"1"}', '{"a":{"b":"é}{"}}'
BOTH = [(ONE, {"a": "1"}), (TWO, {"a": {"b": "é}{"}})]


@pytest.mark.parametrize(
    "content",
    [
        f"{ONE}\n{TWO}\n", f"{ONE}\r\n{TWO}", f"\n\n{ONE}\n\n{TWO}\n\n", f"{ONE}{TWO}", f"{ONE} {TWO}\n",
        f"[{ONE},{TWO}]", f"[\n  {ONE},\n  {TWO}\n]\n", f"[{ONE}\n,{TWO}]", f"[{ONE}][{TWO}]", f"\ufeff{ONE}\n{TWO}", f"\ufeff [{ONE}, {TWO}]",
    ],
)  # fmt: skip
def test_lines_arrays_and_objects_one_after_another_are_the_same_records(content: str) -> None:
    assert seen(content) == (BOTH, False)


def test_a_record_may_run_over_lines_and_keeps_its_own_text() -> None:
    spread = json.dumps([json.loads(ONE), json.loads(TWO)], indent=2, ensure_ascii=False)
    found, cut = seen(spread)
    assert [value for _, value in found] == [value for _, value in BOTH]
    assert [raw for raw, _ in found] == ['{\n    "a": "1"\n  }', '{\n    "a": {\n      "b": "é}{"\n    }\n  }']
    assert not cut


@pytest.mark.parametrize("content", ["", " \n", "[]", "[ ]\n", "\ufeff[]"])
def test_no_record(content: str) -> None:
    assert seen(content) == ([], False)


@pytest.mark.parametrize(
    ("bad", "kept"),
    [
        ("nonsense", "nonsense"), ('{"a": nope}', '{"a": nope}'), ('{"a":{"b":1}', '{"a":{"b":1}'), ('{"a":"x', '{"a":"x'),
        ('{"a":NaN}', '{"a":NaN}'), ("5", "5"), ("null", "null"), ('"text, {"', '"text, {"'),
    ],
)  # fmt: skip
def test_a_bad_line_costs_only_itself(bad: str, kept: str) -> None:
    assert seen(f"{ONE}\n{bad}\n{TWO}\n") == ([BOTH[0], (kept, "bad_json"), BOTH[1]], False)


def test_in_one_long_line_a_record_that_never_closes_ends_where_the_next_object_begins() -> None:
    assert seen(f'{ONE}{{"b":{{"c":2}}{TWO}{{"d":tru}}{ONE}') == (
        [BOTH[0], ('{"b":{"c":2}', "bad_json"), BOTH[1], ('{"d":tru}', "bad_json"), BOTH[0]],
        False,
    )


def test_in_an_array_a_bad_item_costs_only_itself() -> None:
    bad = '{"x":[{"y":1},]}'
    assert seen(f"[{ONE},{bad},{TWO}]") == ([BOTH[0], (bad, "bad_json"), BOTH[1]], False)


@pytest.mark.parametrize("content", [f'{ONE}\n{{"a":', f'[{ONE},{{"a":1', f"[{ONE}", f'{ONE}{{"a":"x'])
def test_a_file_that_ends_inside_a_record_or_an_array_was_cut(content: str) -> None:
    found, cut = seen(content)
    assert found[0] == BOTH[0]
    assert cut


def test_numbers_keep_their_text() -> None:
    [(_, value)], _ = seen('{"a": 1.50, "b": 12345678901234567890, "c": 1e400, "d": -0}')
    assert value == {"a": "1.50", "b": "12345678901234567890", "c": "1e400", "d": "-0"}


def test_what_is_too_deep_never_reaches_the_parser() -> None:
    def deep(levels: int) -> str:
        return '{"a":' * levels + "1" + "}" * levels

    found, _ = seen(f"{deep(DEEPEST)}\n{deep(DEEPEST + 1)}\n{deep(200_000)}\n" + '{"a":' * 100_000 + f"\n{ONE}\n")
    assert [value if isinstance(value, str) else "good" for _, value in found] == [
        "good", "too_deep", "too_deep", "too_deep", "good",
    ]  # fmt: skip
    many = '{"a":[' + ",".join(["{}"] * 200) + "]}"
    assert isinstance(seen(many)[0][0][1], dict), "many braces are not deep ones"


def test_a_record_that_is_not_utf8_is_read_as_windows_1252_unless_the_profile_declares_an_encoding() -> None:
    content = '{"a":"£5"}\n{"b":"é"}\n'.encode("cp1252") + b'{"c":"\x81"}\n' + '{"d":"é"}'.encode()
    guessed, _ = seen(content)
    assert [value for _, value in guessed] == [{"a": "£5"}, {"b": "é"}, "bad_encoding", {"d": "é"}]
    declared, _ = seen(content, strict=True)
    assert [value for _, value in declared] == ["bad_encoding", "bad_encoding", "bad_encoding", {"d": "é"}]


def test_records_longer_than_a_read_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callclock.exports.json_records._CHUNK", 7)
    content = f'{ONE}\n{TWO}\nnot json\n{{"a":"{"é" * 40}"}}\n{{"open":{{"a":1}}\n{ONE}\n'
    whole, _ = seen(content)
    monkeypatch.undo()
    assert seen(content)[0] == whole
    assert len(whole) == 6


def test_a_record_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callclock.exports.json_records.LONGEST", 100)
    monkeypatch.setattr("callclock.exports.json_records._HEAD", 16)
    monkeypatch.setattr("callclock.exports.json_records._CHUNK", 16)
    with pytest.raises(TooLongError, match="at byte 10"):
        seen(ONE + '\n{"a":[' + "1," * 500)


def test_paths_lead_into_objects_and_lists() -> None:
    record = {
        "Queue": {"Name": "Crime"},
        "Attributes": {"ivr.step": "2"},
        "Media": [{"Type": "AUDIO"}],
        "Agent": None,
        "Tags": {},
    }
    led = {
        "Queue.Name": "Crime",
        "Attributes.ivr.step": "2",
        "Media.0.Type": "AUDIO",
        "Media.1.Type": None,
        "Agent.Name": None,
        "Queue.Name.x": None,
    }
    assert {path: walk(record, tuple(path.split("."))) for path in led} == led
    assert dict(paths(record)) == {
        "Queue.Name": "Crime",
        "Attributes.ivr.step": "2",
        "Media": [{"Type": "AUDIO"}],
        "Agent": None,
        "Tags": {},
    }


def test_a_value_is_the_text_that_a_csv_would_hold() -> None:
    assert [text(value) for value in ("x", True, False, None, ["1", {"é": None}], {})] == [
        "x",
        "true",
        "false",
        None,
        '["1",{"é":null}]',
        "{}",
    ]
