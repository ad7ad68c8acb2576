"""The profiles that read the odd files: one for incidents in many variants, and four of other tables."""

from collections.abc import Mapping

_INCIDENTS = """
profile = "{name}"
table = "incidents"
{top}
[match]
path = "{name}_*"
[format]
{format}
[export]
key = ["Ref"]
quarantine_max = {most}
{export}
[time]
formats = [{formats}]
[nulls]
"*" = ["NULL", "N/K", "#DIV/0!"]
Closed = ["30/12/1899 00:00:00"]
{aliases}
[columns]
incident_id = {identity}
created_at = "Made"
first_arrived_at = {{ from = "Arrived", after = "created_at" }}
closed_at = {{ from = "Closed", after = "created_at" }}
grade_initial = {{ from = "Grade", map = {{ "Grade 1" = "1", "Grade 2" = "2" }} }}
opening_code = "Opening"
area = "{area}"
caller_key = {{ number = "Tel" }}
[[rules]]
reason = "total"
then = "drop"
if = {{ Ref = {{ starts = "Total" }} }}
{rules}
"""
_USUAL = {
    "top": "", "format": "", "most": "0.5", "export": "", "formats": '"%d/%m/%Y %H:%M:%S"', "aliases": "",
    "identity": '"Ref"', "area": "Beat", "rules": "",
}  # fmt: skip
_SIDE = """
[[rules]]
reason = "training"
then = "set_aside"
if = { Opening = "TRAINING" }
[[rules]]
reason = "test"
then = "drop"
if = { Opening = "TEST" }
[[rules]]
reason = "void"
then = "quarantine"
if = { Opening = "VOID" }
"""
_VARIANTS: Mapping[str, Mapping[str, str]] = {
    "cad": {},
    "cp1252": {"format": 'encoding = "cp1252"'},
    "latin": {"format": 'encoding = "latin-1"'},
    "utf8": {"format": 'encoding = "utf-8"'},
    "single": {"format": 'delimiter = ";"\nquote = "\'"'},
    "semi": {"format": 'delimiter = ";"'},
    "tab": {"format": 'delimiter = "\\t"'},
    "pipe": {"format": 'delimiter = "|"'},
    "twice": {"area": "Beat#2"},
    "nameless": {"area": "#9"},
    "alias": {"aliases": '[aliases]\nBeat = ["Area"]'},
    "skip": {"format": "skip = 2"},
    "units": {"top": 'repeats = "collapse"'},
    "once": {"top": 'repeats = "error"'},
    "else": {
        "export": 'key_else = { join = ["Made", "Beat"], by = "|" }',
        "identity": '{ first = ["Ref", { join = ["Made", "Beat"], by = "|" }] }',
    },
    "strict": {"most": "0.05"},
    "rules": {"rules": _SIDE},
    "offset": {"formats": '"%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %H:%M:%S"'},
    "serial": {"formats": '"excel", "%d/%m/%Y %H:%M:%S"'},
    "named": {"export": 'exported_at = "name:%Y%m%d"'},
}
_TWO = {"Ref": "Incident / Ref", "Made": "Times / Made", "Arrived": "Times / Arrived", "Closed": "Times / Closed",
        "Grade": "What / Grade", "Opening": "What / Opening", "Beat": "Where / Beat", "Tel": "Who / Tel"}  # fmt: skip
_OTHERS = {
    "acd": """
profile = "acd"
table = "calls"
[match]
path = "acd_*"
[export]
key = ["Id"]
quarantine_max = 0.5
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
[columns]
call_id = "Id"
line = { const = "101" }
call_started_at = "Start"
first_answered_at = { from = "Answer", after = "call_started_at" }
ended_at = { from = "End", after = "call_started_at" }
reported_talk_ms = { from = "Talk", unit = ["m:ss", "m:ss:00"] }
""",
    "phone": """
profile = "phone"
table = "calls"
[match]
path = "phone_*"
[export]
key = ["Id"]
[time]
formats = ["%d/%m/%Y %H:%M:%S"]
[columns]
call_id = "Id"
line = { const = "101" }
call_started_at = { date = "Day", time = "Start" }
first_answered_at = { date = "Day", time = "Answer", after = "call_started_at" }
ended_at = { date = "Day", time = "End", after = "call_started_at" }
""",
    "hours": """
profile = "hours"
table = "call_intervals"
[match]
path = "hours_*"
[export]
quarantine_max = 0.5
[time]
formats = ["%d/%m/%Y %H:%M"]
[columns]
provider = { const = "made up" }
queue = { const = "all" }
interval_start = "From"
interval_end = { start = "interval_start", add = "1 hour" }
[[rows]]
line = { const = "999" }
offered = "999 In"
abandoned = "999 Lost"
[[rows]]
line = { const = "101" }
offered = "101 In"
abandoned = "101 Lost"
""",
}


def profiles() -> Mapping[str, str]:
    """TOML by name of the profile."""
    made = {name: _INCIDENTS.format(name=name, **{**_USUAL, **variant}) for name, variant in _VARIANTS.items()}
    two = _INCIDENTS.format(name="two", **{**_USUAL, "format": "header_rows = 2"})
    for short, long in _TWO.items():
        two = two.replace(f'"{short}"', f'"{long}"').replace(f"{short} =", f'"{long}" =')
    return {**made, "two": two, **_OTHERS}
