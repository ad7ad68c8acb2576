"""Measuring: each task in a process of its own, the tasks in turn, and the ratio of their medians within one run."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

RUNS = 5


@dataclass(frozen=True)
class Run:
    """One run of one task: wall and processor seconds of the work itself, and the most memory its process held."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``limit`` is what the project promises: at most, or (``at_least``) at least."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the promise holds; None where nothing is promised."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_json(self) -> dict[str, object]:
        """Return what stands in build/bench.json."""
        return {**asdict(self), "holds": self.holds}


def alone(task: Callable[..., object], *arguments: object) -> Run:
    """Run a task (a function of a module) in a fresh process.

    Raises
    ------
    RuntimeError
        The process failed; the text is what it wrote.
    """
    command = [sys.executable, "-m", "benchmarks.measured", task.__module__, task.__name__, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{task.__name__}: {done.stderr.strip()[-2000:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def in_turn(tasks: Mapping[str, tuple[Callable[..., object], Sequence[object]]], runs: int = RUNS) -> dict[str, Run]:
    """Run the tasks A B C, A B C, ... after one round that does not count; the median of each, by name."""
    found: dict[str, list[Run]] = {name: [] for name in tasks}
    for round_ in range(runs + 1):
        for name, (task, arguments) in tasks.items():
            run = alone(task, *arguments)
            if round_:
                found[name].append(run)
    return {
        name: Run(
            statistics.median(run.seconds for run in of),
            statistics.median(run.cpu_seconds for run in of),
            max(run.peak_mb for run in of),
        )
        for name, of in found.items()
    }


def _peak_mb() -> float:
    """Most memory this process held. Not ru_maxrss: that starts with what the parent held when it forked."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def _child(module: str, name: str, *arguments: str) -> None:
    # A task that makes something ready first gives the wall and processor time at which its own work began.
    task: Callable[..., tuple[float, float] | None] = getattr(import_module(module), name)
    began = time.perf_counter(), time.process_time()
    wall, cpu = task(*arguments) or began
    run = Run(
        seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        peak_mb=_peak_mb(),
    )
    print(json.dumps(asdict(run)))


if __name__ == "__main__":
    _child(*sys.argv[1:])
