"""Runs a function as Lambda does: in a process of its own, through the Lambda Runtime API, under awslambdaric.

The process has nothing on its path but the function's code, its layers, awslambdaric and boto3, and nothing in its
environment but what Lambda and the template give it.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.deployment import Function
from local.runtime_api import Job, RuntimeApi

_INIT_SECONDS = 10.0
# How often it is asked whether a process still lives and how much memory it has: each time takes from what runs.
_LOOK_SECONDS = 0.05
_KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Invocation:
    """What became of one invocation."""

    function: str
    request_id: str
    failed: bool
    payload: bytes
    seconds: float
    logs: tuple[str, ...]

    @property
    def error(self) -> str:
        """``KeyError: 'LAKE_BUCKET'``; empty when it did not fail."""
        if not self.failed:
            return ""
        said = json.loads(self.payload)
        return f"{said.get('errorType', 'Error')}: {said.get('errorMessage', '')}"


class Sandbox:
    """One function's process, kept warm between invocations and started afresh after it died."""

    def __init__(self, function: Function, python: Path, environment: Mapping[str, str]) -> None:
        self.function = function
        self.starts = 0
        self.peak_bytes = 0
        self._python = python
        self._environment = environment
        self._api = RuntimeApi(function.arn)
        self._process: subprocess.Popen[bytes] | None = None
        self._tmp: Path | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._out_of_memory = False
        self._one_at_a_time = threading.Lock()

    def invoke(self, payload: bytes) -> Invocation:
        """Run the function on an event.

        Parameters
        ----------
        payload
            The event, JSON.

        Returns
        -------
        Invocation
            Failed when the function raised, ran out of time or memory, or its process ended.
        """
        with self._one_at_a_time:
            request_id, began = str(uuid.uuid4()), time.monotonic()
            failed, answer = self._run(request_id, payload)
            return Invocation(
                self.function.logical_id, request_id, failed, answer, time.monotonic() - began, tuple(self._logged())
            )

    def start(self) -> None:
        """Start the process before there is work for it, as Lambda does where concurrency is provisioned.

        What goes wrong is told with the first event, which starts it again.
        """
        with self._one_at_a_time:
            if self._ended():
                self._start("")

    def close(self) -> None:
        """End the process and remove its temporary files."""
        self._end()
        self._api.close()

    def _run(self, request_id: str, payload: bytes) -> tuple[bool, bytes]:
        if self._ended():
            fault = self._start(request_id)
            if fault is not None:
                return True, fault
        deadline = time.time() + self.function.timeout_s
        job = Job(request_id, payload, int(deadline * 1000))
        self._api.hand_over(job)
        while not job.done.wait(_LOOK_SECONDS):
            if self._ended():
                # The answer may have come just before the end.
                if job.done.wait(0.1):
                    break
                return True, self._died(request_id)
            if time.time() > deadline:
                self._end()
                message = f"RequestId: {request_id} Error: Task timed out after {self.function.timeout_s:.2f} seconds"
                return True, _fault("Sandbox.Timedout", message)
        return job.failed, job.answer

    def _start(self, request_id: str) -> bytes | None:
        """Start the process and wait until it asks for work; say why it never did."""
        self._end()
        self._tmp = Path(tempfile.mkdtemp(prefix="sandbox-"))
        self._lines, self._out_of_memory = queue.Queue(), False
        self._api.expect()
        self._process = subprocess.Popen(
            [str(self._python), "-m", "awslambdaric", self.function.handler],
            cwd=self.function.code,
            env=self._whole_environment(self._tmp),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.starts += 1
        threading.Thread(target=self._listen, args=(self._process, self._lines), daemon=True).start()
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        until = time.monotonic() + _INIT_SECONDS
        while not self._api.asked.wait(0.01):
            if self._api.init_error is not None or self._ended():
                break
            if time.monotonic() > until:
                self._end()
                return _fault(
                    "Sandbox.Timedout", f"RequestId: {request_id} Error: init took longer than {_INIT_SECONDS} s"
                )
        if self._api.init_error is not None:
            fault = self._api.init_error
            self._end()
            return fault
        return self._died(request_id) if self._ended() else None

    def _whole_environment(self, tmp: Path) -> dict[str, str]:
        function = self.function
        path = [function.code, *(layer / "python" for layer in function.layers)]
        return {
            "PATH": os.defpath,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": str(tmp),
            "PYTHONPATH": os.pathsep.join(str(part) for part in path),
            "LAMBDA_TASK_ROOT": str(function.code),
            "_HANDLER": function.handler,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_LOG_FORMAT": "Text",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            **self._environment,
            **function.environment,
        }

    def _listen(self, process: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
        if process.stdout is None:
            return
        with process.stdout as out:
            for line in out:
                # The runtime writes the lines of one message apart with carriage returns.
                lines.put(line.decode("utf-8", "replace").rstrip("\r\n").replace("\r", "\n"))
        lines.put(None)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the process when its resident memory exceeds the function's, as Lambda does."""
        limit = self.function.memory_mb << 20
        while process.poll() is None:
            resident = resident_bytes(process.pid)
            self.peak_bytes = max(self.peak_bytes, resident)
            if resident > limit:
                self._out_of_memory = True
                _kill(process)
                return
            time.sleep(_LOOK_SECONDS)

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _died(self, request_id: str) -> bytes:
        code = self._process.returncode if self._process else 0
        self._end()
        if self._out_of_memory:
            message = f"RequestId: {request_id} Error: Runtime exited: out of memory ({self.function.memory_mb} MB)"
            return _fault("Runtime.OutOfMemory", message)
        how = "signal: killed" if code == _KILLED else f"exit status {code}"
        return _fault("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {how}")

    def _end(self) -> None:
        if self._process is not None:
            _kill(self._process)
            self._process.wait()
            self._process = None
        self._api.release()
        if self._tmp is not None:
            shutil.rmtree(self._tmp, ignore_errors=True)
            self._tmp = None

    def _logged(self) -> list[str]:
        # A line written just before the answer may still be on its way through the pipe.
        time.sleep(0.002)
        found = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is not None:
                found.append(line)
        return found


def resident_bytes(pid: int) -> int:
    """Bytes of memory that a process has resident; 0 when it has gone."""
    statm = Path(f"/proc/{pid}/statm")
    try:
        return int(statm.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        if statm.parent.parent.is_dir() and Path("/proc/self").exists():
            return 0
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return int(found.strip() or 0) << 10


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _fault(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
