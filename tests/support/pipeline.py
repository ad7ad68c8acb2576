"""The four functions over buckets, queues and tables in memory; a message can be taken away on its way."""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from callclock import layout, measure, notify
from callclock.clock import Month, PeriodKind, format_instant, parse_instant
from callclock.configuration import in_force
from callclock.contracts import METRIC_VALUES
from callclock.engine import connect, rows_of
from callclock.exports.callers import CallerSecret
from callclock.intake import Intake, receive
from callclock.ledger import DeliveredLog
from callclock.measure import Measure, parse_hint, work
from callclock.metrics.catalogue import families
from callclock.notices import wrapped
from callclock.notify import Notify, delivered_of, story_of, tell
from callclock.notify import parse_hint as parse_notify_hint
from callclock.operations.stack import Stack
from callclock.reasons import State
from callclock.replay import Rule
from callclock.results import fetch_restatements, fetch_values
from callclock.series import lay_series, load_series
from callclock.state import ForceState
from callclock.thresholds import Delivered, decide, open_story
from tests.support.desk import MemoryLedger, MemoryMarks
from tests.support.memory_lake import MemoryBucket
from tests.support.notice_schemas import check

FORCE = "EX"
BATCH = {"intake": 4, "measure": 10, "notify": 10, "report": 10}


@contextmanager
def only_monthly_abandonment(folder: Path) -> Iterator[None]:
    """Measure one family by month alone, which is quick; what a warm function keeps lies in ``folder``."""
    few = tuple(replace(f, kinds=(PeriodKind.MONTH,)) for f in families() if f.name == "calls_outcomes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "families", lambda: few)
        patch.setattr(notify, "families", lambda: few)
        patch.setattr("tempfile.tempdir", str(folder))
        yield


class MemoryLog(DeliveredLog):
    """What was delivered, in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, list[dict[str, str]]] = defaultdict(list)

    def of_story(self, story: str) -> tuple[Mapping[str, str], ...]:
        return tuple(sorted(self.entries[story], key=lambda entry: entry["at"]))

    def record(self, story: str, at: datetime, reason: str, entry: Mapping[str, str]) -> None:
        key = f"{format_instant(at)}#{reason}"
        others = [kept for kept in self.entries[story] if kept["at"] != key]
        self.entries[story] = [*others, {**entry, "story": story, "at": key}]

    def forget(self, story: str, ats: Iterable[str]) -> None:
        gone = set(ats)
        self.entries[story] = [kept for kept in self.entries[story] if kept["at"] not in gone]


class Pipeline:
    """One force, EX: drop, tick, run. ``lose`` names queues whose next message vanishes."""

    bucket = MemoryBucket

    def __init__(self, **config: str) -> None:
        self.exports, self.lake, self.results = (self.bucket(name) for name in ("exports", "lake", "results"))
        self.queues: dict[str, list[str]] = {name: [] for name in BATCH}
        self.lose: set[str] = set()
        self.marks, self.log = MemoryMarks(), MemoryLog()
        self.ledger = MemoryLedger()
        self.mails: list[tuple[str, str]] = []
        self.bodies: list[str] = []
        self.digests: list[tuple[str, str]] = []
        self.drawn: list[str] = []
        self.runs = 0
        hints: dict[str, Any] = {name: SimpleNamespace(send=self._hints(name)) for name in BATCH}
        codes = frozenset({FORCE})
        self.intake = Intake(
            exports=self.exports,
            lake=self.lake,
            results=self.results,
            ledger=self.ledger,
            marks=self.marks,
            wakes=SimpleNamespace(send=self._wake),  # type: ignore[arg-type]
            measure=hints["measure"],
            notify=hints["notify"],
            secret=CallerSecret("1", b"secret"),
            force_codes=codes,
        )
        self.measure = Measure(
            self.lake, self.results, self.marks, hints["measure"], hints["notify"], hints["report"], codes
        )
        topic: Any = SimpleNamespace(publish=self._publish, region="eu-west-2")
        weekly: Any = SimpleNamespace(publish=self._publish_digest)
        self.notify = Notify(self.lake, self.results, self.marks, self.log, topic, topic, weekly)
        for name, text in config.items():
            file = "sources/" + name if name.startswith("source") else name
            self.drop(f"config/{file}.toml", text.encode(), datetime.fromisoformat("2020-01-01T00:00:00Z"))
        self.run()

    def _send(self, queue: str, body: Mapping[str, object]) -> None:
        if queue in self.lose:
            self.lose.discard(queue)
        else:
            self.queues[queue].append(json.dumps(body))

    def _hints(self, queue: str) -> Any:
        return lambda _, hint: self._send(queue, hint)

    def _wake(self, key: str, now: str, version_id: str | None = None, again: str | None = None) -> None:
        self._send("intake", {"time": now, "detail": {"object": {"key": key}}, **({"again": again} if again else {})})

    def _publish(self, subject: str, text: str, data: Mapping[str, object], attributes: Mapping[str, str]) -> None:
        check(data)
        self.mails.append((self.now[:10], subject))
        self.bodies.append(wrapped(text))

    def _publish_digest(self, subject: str, text: str, data: Mapping[str, object], _: Mapping[str, str]) -> None:
        check(data)
        self.digests.append((self.now[:10], f"{subject}\n\n{wrapped(text)}"))

    @property
    def stack(self) -> Stack:
        """The same, as the person who runs it works with it."""
        return Stack(
            exports=self.exports,
            lake=self.lake,
            results=self.results,
            ledger=self.ledger,
            marks=self.marks,
            wakes=self.intake.wakes,
            measure=self.measure.measure,
            force_codes=(FORCE,),
        )

    def drop(self, key: str, content: bytes, at: datetime) -> None:
        """Drop an object; its event goes to intake's queue."""
        self.exports.objects[key] = (content, {})
        self._wake(key, format_instant(at))

    def tick(self, at: datetime) -> None:
        """Fire the schedule: one message for measure, one for intake."""
        for queue in ("measure", "intake"):
            self._send(queue, {"tick": format_instant(at)})

    def run(self) -> None:
        """Let the functions take their batches, intake first, until no message is left."""
        takers = {"intake": self._take_in, "measure": self._measure, "notify": self._tell, "report": self._draw}
        while queue := next((name for name, waiting in self.queues.items() if waiting), None):
            batch, self.queues[queue] = self.queues[queue][: BATCH[queue]], self.queues[queue][BATCH[queue] :]
            takers[queue](batch)

    def _take_in(self, batch: Sequence[str]) -> None:
        for body in batch:
            for receipt in receive(body, self.intake):
                receipt.balance()

    def _measure(self, batch: Sequence[str]) -> None:
        self.runs += 1
        work([parse_hint(body) for body in batch], self.measure)

    def _tell(self, batch: Sequence[str]) -> None:
        for hint in dict.fromkeys(parse_notify_hint(body) for body in batch):
            self.now = format_instant(hint.now)
            tell(hint, self.notify)

    def _draw(self, batch: Sequence[str]) -> None:
        self.drawn += [json.loads(body)["force_code"] for body in batch]

    def state(self) -> ForceState:
        """What stands of the force: versions of every curated month and inputs of every value."""
        return ForceState.from_json(self.lake.objects[layout.state(FORCE)][0].decode())

    def values(self, where: str, folder: Path) -> list[tuple[Any, ...]]:
        """Period label and value of some values, in order."""
        with connect(folder) as db:
            values = rows_of(METRIC_VALUES.columns, fetch_values(self.results, FORCE))
            return db.execute(
                f"SELECT period_label, value FROM ({values}) WHERE {where} ORDER BY period_end"
            ).fetchall()

    def stands(self, rule_id: str) -> tuple[State, str | None]:
        """State of a rule, and the first month of the breach that lasts or is recovering."""
        settings = in_force(self.lake)
        [configured] = [rule for rule in settings.rules if rule.id == rule_id]
        with tempfile.TemporaryDirectory() as folder, connect(Path(folder)) as db:
            lay_series(db, [configured], fetch_values(self.results, FORCE), fetch_restatements(self.results, FORCE))
            rows = load_series(db, configured).rows
        decision = decide(rows, (), Rule.of(configured, settings.forces[FORCE]), parse_instant(self.now))
        return decision.state, str(Month.of(decision.since)) if decision.since else None

    def open_story(self, rule_id: str) -> tuple[Delivered, ...]:
        """Notices of a breach that people have read and that nothing has closed."""
        return open_story(delivered_of(self.log, story_of(FORCE, rule_id)))

    def reasons(self, rule: str) -> list[tuple[str, str]]:
        """Day and reason of the notices of a rule, in order."""
        found = self.log.of_story(f"{FORCE}#rule#{rule}")
        return [(str(parse_instant(e["at"].partition("#")[0]).date()), e["reason"]) for e in found]
