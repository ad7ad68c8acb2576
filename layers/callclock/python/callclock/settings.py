"""Configuration is data: TOML with packaged defaults, checked when dropped, typed where it is used (DESIGN 4)."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field, fields
from datetime import date
from importlib import resources
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from callclock.clock import PeriodKind, zones
from callclock.contracts import VALUE_KEYS

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)")
_UNIT_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


class ConfigurationError(ValueError):
    """A configuration file that cannot be put in force; the text names file, key and reason, one fault a line."""


def seconds(value: object) -> object:
    """Read ``"15m"``, ``"4h"``, ``"7d"`` or ``"10s"`` as seconds; numbers pass through."""
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    if not found:
        raise ValueError(f"{value!r} is no duration: write it as 10s, 15m, 4h or 7d")
    return float(found[1]) * _UNIT_SECONDS[found[2]]


def _zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"{name!r} is no time zone: write it as Europe/London")
    return name


Seconds = Annotated[float, BeforeValidator(seconds)]
Zone = Annotated[str, AfterValidator(_zone)]


@dataclass(frozen=True, config=STRICT)
class Retirement:
    """A source that no longer sends: from ``on`` it holds no as_at back."""

    source: str
    on: date


@dataclass(frozen=True, config=STRICT)
class Downtime:
    """Planned downtime, both days included: a maintenance window for notices, never for figures."""

    start: date
    end: date
    why: str


@dataclass(frozen=True, config=STRICT)
class Rebase:
    """A declared new start of a metric: its limits are locked anew on the periods that begin on or after ``on``."""

    metric: str
    on: date
    reason: str
    who: str


@dataclass(frozen=True, config=STRICT)
class QuarantineLeap:
    """When the quarantine rate of an export is told to operations: see defaults/force.toml for the reasons.

    It has at least ``records`` in quarantine, a rate of ``times`` the usual one and more than it by ``share``; usual is
    the median of the last ``exports`` of its source, of which there are ``exports_least``.
    """

    exports: Annotated[int, Field(ge=1)] = 10
    exports_least: Annotated[int, Field(ge=1)] = 3
    records: Annotated[int, Field(ge=1)] = 10
    times: Annotated[float, Field(ge=1)] = 3.0
    share: Annotated[float, Field(gt=0, le=1)] = 0.005


@dataclass(frozen=True, config=STRICT)
class Force:
    """One force: how its days run and what counts as public demand."""

    name: str
    zone: Zone = "Europe/London"
    services: tuple[str, ...] = ("police",)
    unknown_origin_is_public: bool = False
    areas: tuple[str, ...] = ()
    area_types: Mapping[str, Literal["urban", "rural"]] = field(default_factory=dict)
    coverage_gap_h: Annotated[float, Field(gt=0)] = 6.0
    clock_tolerance_s: Annotated[float, Field(ge=0)] = 2.0
    bank_holidays: tuple[date, ...] = ()
    downtime: tuple[Downtime, ...] = ()
    rebases: tuple[Rebase, ...] = ()
    retired: tuple[Retirement, ...] = ()
    quarantine_leap: QuarantineLeap = QuarantineLeap()
    suppress_below: int = 5
    suppress_domestic_abuse_below: int = 10

    @property
    def tz(self) -> ZoneInfo:
        """The force's zone."""
        return ZoneInfo(self.zone)

    def rebased_on(self, metric: str) -> tuple[date, ...]:
        """Days from which the charts of a metric start anew, in order."""
        return tuple(sorted({rebase.on for rebase in self.rebases if rebase.metric == metric}))


@dataclass(frozen=True, config=STRICT)
class Grade:
    """One entry of the dated grade map: what a grade promises from ``since`` until the day before ``until``."""

    grade: str
    scheme: str = "standard"
    attendance_expected: bool = True
    appointment: bool = False
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, config=STRICT)
class AttendanceTarget:
    """Time, in seconds, within which a grade is to be attended; ``area_type`` ``all`` where it does not matter."""

    grade: str
    target: Seconds
    scheme: str = "standard"
    area_type: Literal["all", "urban", "rural"] = "all"
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, config=STRICT)
class MetricTarget:
    """Target of any other metric, drawn beside its values: a share, or seconds."""

    metric: str
    target: Seconds
    line: str = "all"
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, config=STRICT)
class Targets:
    """Grades, attendance targets, marks and the targets of calls."""

    grades: tuple[Grade, ...] = ()
    attendance: tuple[AttendanceTarget, ...] = ()
    metrics: tuple[MetricTarget, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Severity:
    """A level beyond which a breach has this name."""

    name: str
    level: Seconds


@dataclass(frozen=True, config=STRICT)
class ThresholdRule:
    """Whom to tell of what (METRICS "Who is told, and when"). Levels are seconds, shares or counts, as the metric is.

    ``where`` gives the key columns of the series; what it leaves out is ``all`` (for attendance, grade_basis is
    ``initial``).
    """

    id: str
    title: str
    metric: str
    period: PeriodKind
    direction: Literal["above", "below"]
    kind: Literal["threshold", "signal"] = "threshold"
    severities: tuple[Severity, ...] = ()
    recover: Seconds | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    forces: tuple[str, ...] = ()
    m: Annotated[int, Field(ge=1)] = 1
    n: Annotated[int, Field(ge=1)] = 1
    k: Annotated[int, Field(ge=1)] = 2
    min_n: Annotated[int, Field(ge=0)] = 30
    renotify_days: Annotated[int, Field(ge=1)] | None = 28
    due_days: int | None = None
    max_age_days: int | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.where) - set(VALUE_KEYS))
        if unknown:
            raise ValueError(f"where: no key column {unknown[0]!r}; there are {', '.join(VALUE_KEYS)}")
        if self.m > self.n:
            raise ValueError(f"m = {self.m} of n = {self.n}: m cannot be more than n")
        if self.kind == "threshold":
            self._check_levels()
        elif self.period not in {PeriodKind.WEEK, PeriodKind.MONTH}:
            raise ValueError(f"signals are read from weeks or months, not from {self.period}")

    def _check_levels(self) -> None:
        if not self.severities or self.recover is None:
            raise ValueError("a threshold needs at least one of severities, and recover")
        levels = [self.recover, *(severity.level for severity in self.severities)]
        worse_first = sorted(levels, reverse=self.direction == "below")
        if levels != worse_first or len(set(levels[1:])) < len(levels) - 1:
            raise ValueError(
                f"severities: with direction {self.direction!r} write recover and levels from the best to the worst, "
                f"each level once; got {', '.join(f'{level:g}' for level in levels)}"
            )

    @property
    def revision(self) -> str:
        """Changes when anything that decides changes; the title does not decide."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "title"}
        return digest(TypeAdapter(dict[str, Any]).dump_python(said, mode="json"))[:12]


@dataclass(frozen=True, config=STRICT)
class Settings:
    """All that was in force at one moment; ``hash`` stands in every receipt and in the inputs of every result."""

    forces: Mapping[str, Force]
    targets: Targets
    rules: tuple[ThresholdRule, ...]
    profiles: Mapping[str, str]
    """Text of each source profile by file name (``sources/x.toml``); exports.profile reads them."""

    hash: str

    def force(self, code: str) -> Force | None:
        """Settings of a force, None where it is not configured."""
        return self.forces.get(code)


def digest(data: object) -> str:
    """SHA-256 of the canonical JSON of ``data``, in hex."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def parse_toml(name: str, text: str) -> dict[str, Any]:
    """Parse one TOML file; a fault names the file and the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"{name}: {fault}: mend the TOML and drop the file again") from fault


def checked[T](name: str, type_: type[T], data: object) -> T:
    """Validate ``data`` as ``type_``; every fault is a line ``file: key: reason``."""
    try:
        return TypeAdapter(type_).validate_python(data)
    except ValidationError as faults:
        lines = []
        for fault in faults.errors():
            key = ".".join(str(part) for part in fault["loc"]) or "(file)"
            reason = "unknown key" if fault["type"] == "unexpected_keyword_argument" else fault["msg"]
            lines.append(f"{name}: {key}: {reason.removeprefix('Value error, ')}")
        raise ConfigurationError("\n".join(lines)) from faults


def packaged() -> dict[str, str]:
    """Packaged default files by name. No source profile is packaged: a force's systems are its own."""
    root = resources.files("callclock") / "defaults"
    return {p.name: p.read_text("utf-8") for p in root.iterdir() if p.name.endswith(".toml")}


KNOWN_FILES = frozenset({"force.toml", "targets.toml", "thresholds.toml"})


def assemble(overrides: Mapping[str, str]) -> Settings:
    """Put packaged defaults and overrides together; a file of the overrides replaces the default of its name.

    Parameters
    ----------
    overrides
        Text by name as laid out under ``config/``: ``force.toml``, ``targets.toml``, ``thresholds.toml``,
        ``sources/<name>.toml``.

    Raises
    ------
    ConfigurationError
        Naming file, key and reason. Source profiles are checked by ``exports.profile``.
    """
    for name in overrides:
        if name not in KNOWN_FILES and not re.fullmatch(r"sources/[^/]+\.toml", name):
            known = ", ".join(sorted(KNOWN_FILES))
            raise ConfigurationError(f"{name}: no such configuration: there are {known} and sources/<name>.toml")
    texts = {**packaged(), **overrides}
    force = parse_toml("force.toml", texts["force.toml"])
    thresholds = parse_toml("thresholds.toml", texts["thresholds.toml"])
    return Settings(
        forces=checked("force.toml", ForceFile, force).forces,
        targets=checked("targets.toml", Targets, parse_toml("targets.toml", texts["targets.toml"])),
        rules=_unique(checked("thresholds.toml", ThresholdFile, thresholds).rules),
        profiles={name: text for name, text in sorted(texts.items()) if name.startswith("sources/")},
        hash=digest(texts),
    )


@dataclass(frozen=True, config=STRICT)
class ForceFile:
    """Form of force.toml: ``[forces.CODE]``."""

    forces: Mapping[Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")], Force] = field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class ThresholdFile:
    """Form of thresholds.toml: ``[[rules]]``."""

    rules: tuple[ThresholdRule, ...] = ()


def _unique(rules: tuple[ThresholdRule, ...]) -> tuple[ThresholdRule, ...]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ConfigurationError(f"thresholds.toml: rules.id: {rule.id!r} stands twice: give each rule its own id")
        seen.add(rule.id)
    return rules


@dataclass(frozen=True)
class _Environment:
    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the function's environment; a missing variable is named."""
        missing = [f.name.upper() for f in fields(cls) if not environ.get(f.name.upper())]
        if missing:
            raise ConfigurationError(f"environment: {', '.join(missing)} not set: see the function in template.yaml")
        return cls(**{f.name: environ[f.name.upper()] for f in fields(cls)})


@dataclass(frozen=True)
class IntakeEnvironment(_Environment):
    """What template.yaml gives the intake function."""

    exports_bucket: str
    lake_bucket: str
    results_bucket: str
    ledger_table: str
    marks_table: str
    intake_queue_url: str
    measure_queue_url: str
    notify_queue_url: str
    caller_secret_arn: str
    force_codes: str


@dataclass(frozen=True)
class MeasureEnvironment(_Environment):
    """What template.yaml gives the measure function."""

    lake_bucket: str
    results_bucket: str
    marks_table: str
    measure_queue_url: str
    notify_queue_url: str
    report_queue_url: str
    force_codes: str


@dataclass(frozen=True)
class NotifyEnvironment(_Environment):
    """What template.yaml gives the notify function."""

    lake_bucket: str
    results_bucket: str
    marks_table: str
    delivered_table: str
    breaches_topic_arn: str
    operations_topic_arn: str
    digest_topic_arn: str


@dataclass(frozen=True)
class ReportEnvironment(_Environment):
    """What template.yaml gives the report function."""

    lake_bucket: str
    results_bucket: str
