"""The Lambda Runtime API: where a function's process asks for work and leaves its answers."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Job:
    """One event on its way to the function, and what came back."""

    request_id: str
    payload: bytes
    deadline_ms: int
    done: threading.Event = field(default_factory=threading.Event)
    failed: bool = False
    answer: bytes = b""


class RuntimeApi:
    """Serves one function's process at a time."""

    def __init__(self, function_arn: str) -> None:
        self.function_arn = function_arn
        self.asked = threading.Event()
        """Set once the process has asked for work: its init is over."""
        self.init_error: bytes | None = None
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._under_way: dict[str, Job] = {}
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as ``AWS_LAMBDA_RUNTIME_API`` wants it."""
        return f"127.0.0.1:{self._server.server_port}"

    def expect(self) -> None:
        """Be ready for a new process."""
        self._jobs = queue.Queue()
        self._under_way.clear()
        self.asked, self.init_error = threading.Event(), None

    def hand_over(self, job: Job) -> None:
        """Give the process an event."""
        self._under_way[job.request_id] = job
        self._jobs.put(job)

    def release(self) -> None:
        """Let go of a request for work whose process is dead."""
        self._jobs.put(None)

    def close(self) -> None:
        """Stop serving."""
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Job | None:
        """Wait for an event; None when there will be none."""
        self.asked.set()
        return self._jobs.get()

    def finish(self, request_id: str, answer: bytes, *, failed: bool) -> None:
        """Take the process's answer."""
        job = self._under_way.pop(request_id, None)
        if job is not None:
            job.answer, job.failed = answer, failed
            job.done.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Without these two an invocation takes 90 ms instead of one.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer a request for work."""
        job = self.server.api.next() if self.path.endswith("/runtime/invocation/next") else None
        if job is None:
            self._answer(410)
            return
        self._answer(
            200,
            job.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": job.request_id,
                "Lambda-Runtime-Deadline-Ms": str(job.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": self.server.api.function_arn,
                "Lambda-Runtime-Trace-Id": "Root=1-0-0;Sampled=0",
                "Content-Type": "application/json",
            },
        )

    def do_POST(self) -> None:
        """Take an answer, an error, or the word that init failed."""
        body = self._body()
        parts = self.path.split("/")
        if "invocation" in parts:
            self.server.api.finish(parts[-2], body, failed=parts[-1] == "error")
        else:
            self.server.api.init_error = body
        self._answer(202, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
