"""Deploy the template into the embedded AWS, drop files as a person would, wait until quiet, keep what is left."""

import json
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from callclock import layout
from callclock.exports.receipt import Receipt
from callclock.reasons import ExportStatus
from callclock.settings import ForceFile, checked, parse_toml
from local.stack import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "template.yaml"
DEMO_MAIL = "contact.centre@force.example"
OPERATIONS_MAIL = "operations@force.example"


class UsageError(Exception):
    """The command was called in a way that cannot be carried out; the text says what to do."""


@dataclass(frozen=True)
class Dropped:
    """A local file and the object key it is dropped under."""

    path: Path
    key: str


@dataclass(frozen=True)
class Outcome:
    """What became of a run: the receipts of what was dropped, mails, faults, and where everything lies."""

    receipts: Sequence[Receipt]
    already_read: Sequence[str]
    mails: Sequence[str]
    faults: Sequence[str]
    out: Path
    seconds: float

    @property
    def all_read(self) -> bool:
        """Whether nothing was refused or held."""
        return all(receipt.status is ExportStatus.READ for receipt in self.receipts)

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "receipts": [json.loads(receipt.to_json()) for receipt in self.receipts],
            "already_read": list(self.already_read),
            "mails": list(self.mails),
            "faults": list(self.faults),
            "out": str(self.out),
            "seconds": round(self.seconds, 1),
        }


def configured_forces(config: Path | None) -> tuple[str, ...]:
    """Force codes of ``force.toml`` in a folder laid out as ``config/``."""
    file = config / "force.toml" if config else None
    if file is None or not file.is_file():
        return ()
    return tuple(checked("force.toml", ForceFile, parse_toml("force.toml", file.read_text("utf-8"))).forces)


def keyed(files: Sequence[Path], force: str | None, forces: Sequence[str]) -> tuple[Dropped, ...]:
    """Give each file its object key.

    A path that contains ``incoming/<force>/`` keeps that key; any other is dropped as ``incoming/<CODE>/<name>``, where
    CODE is ``force``, else the only force in force.toml. Folders are dropped whole, in name order.
    """
    code = force or (forces[0] if len(forces) == 1 else None)
    found = []
    for file in (f for given in files for f in ([given] if given.is_file() else sorted(given.rglob("*")))):
        if not file.is_file() or file.name.startswith("."):
            continue
        parts = file.resolve().parts
        if "incoming" in parts[:-2]:
            at = len(parts) - 1 - parts[::-1].index("incoming")
            found.append(Dropped(file, "/".join(parts[at:])))
        elif code:
            found.append(Dropped(file, f"{layout.INCOMING}{code}/{file.name}"))
        else:
            known = ", ".join(forces) or "none"
            raise UsageError(f"{file}: say which force it is of with --force CODE (force.toml names {known})")
    return tuple(found)


@contextmanager
def own_temporary_files() -> "Iterator[Path]":
    """Keep temporary files of this process in a folder of their own, as a function's are.

    Functions keep what they have fetched while they are warm, by the names of their buckets, and those are the same in
    every embedded AWS: of two commands at a time one would delete what the other reads.
    """
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="callclock-run-") as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


@contextmanager
def deployed(
    forces: Sequence[str], *, port: int = 0, console: Console, clock: datetime | None
) -> "Iterator[LocalStack]":
    """Deploy the project's template for these forces; the stack is taken down at the end.

    Parameters
    ----------
    clock
        Simulated time at which to begin; None for the real one.
    """
    parameters = {"ForceCodes": ",".join(forces), "BreachesMail": DEMO_MAIL, "OperationsMail": OPERATIONS_MAIL}
    began = time.monotonic()
    with (
        own_temporary_files(),
        LocalStack(TEMPLATE, parameters=parameters, root=ROOT, port=port, clock=clock) as stack,
    ):
        stack.deploy()
        console.print(f"[dim]deployed {TEMPLATE.name} in {time.monotonic() - began:.1f} s[/dim]")
        yield stack


def drop_configuration(stack: LocalStack, config: Path | None) -> None:
    """Drop a folder laid out as ``config/`` and wait until it is in force or refused."""
    if config is None:
        return
    for file in sorted(config.rglob("*.toml")):
        stack.put("ExportsBucket", f"{layout.CONFIG}{file.relative_to(config).as_posix()}", file)
    stack.run_until_quiet()


def receipts_of(stack: LocalStack, but: Collection[str] = ()) -> tuple[Receipt, ...]:
    """Every receipt there is, but those of these keys, in order of arrival."""
    results = stack.bucket("ResultsBucket")
    found = [results.text(listed.key) for listed in results.list("internal/receipts/") if listed.key not in but]
    read = [Receipt.from_json(text) for text, _ in filter(None, found)]
    return tuple(sorted(read, key=lambda receipt: (receipt.arrived_at, receipt.object_key, receipt.table_name)))


def leave(stack: LocalStack, out: Path) -> None:
    """Leave every bucket, the mails and the table definitions under ``out``."""
    if (out / "glue.json").exists():
        for name in ("exports", "lake", "results", "inbox"):
            shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    stack.export_buckets(out)
    stack.inbox.write(out / "inbox")


def run(files: Sequence[Path], *, config: Path | None, force: str | None, out: Path, console: Console) -> Outcome:
    """Do what ``callclock run`` does; see there.

    Raises
    ------
    UsageError
        No force can be told for a file, or OUT holds something else.
    """
    if out.exists() and any(out.iterdir()) and not (out / "glue.json").exists():
        raise UsageError(f"{out} holds files that no run left there: name an empty folder with --out")
    began = time.monotonic()
    forces = configured_forces(config)
    dropped = keyed(files, force, forces)
    if not dropped:
        raise UsageError("no file to drop: name at least one export")
    codes = tuple(dict.fromkeys((*forces, *([force] if force else ()))))
    if not codes:
        raise UsageError("no force is configured: give --force CODE, or --config DIR with a force.toml")
    with deployed(codes, console=console, clock=None) as stack:
        drop_configuration(stack, config)
        for item in dropped:
            console.print(f"[dim]dropping {item.key}[/dim]")
            stack.put("ExportsBucket", item.key, item.path)
        stack.run_until_quiet()
        stack.tick(datetime.now(UTC))
        quiet = stack.run_until_quiet()
        receipts = receipts_of(stack)
        leave(stack, out)
        told = {receipt.object_key for receipt in receipts}
        return Outcome(
            receipts=receipts,
            already_read=[item.key for item in dropped if item.key not in told],
            mails=[mail.subject for mail in stack.inbox.mails],
            faults=quiet.faults,
            out=out,
            seconds=time.monotonic() - began,
        )


def stay_up(port: int, *, config: Path | None, forces: Sequence[str], console: Console) -> None:
    """Deploy and stay up until interrupted, ticking once a day."""
    codes = tuple(dict.fromkeys((*configured_forces(config), *forces)))
    if not codes:
        raise UsageError("no force is configured: give --force CODE, or --config DIR with a force.toml")
    with deployed(codes, port=port, console=console, clock=None) as stack:
        drop_configuration(stack, config)
        for line in _invitation(stack, codes[0]):
            console.print(line, highlight=False, soft_wrap=True)
        stack.serve_forever()


def _invitation(stack: LocalStack, code: str) -> Sequence[str]:
    """Lines to copy into another shell. The endpoint is named each time: some versions of aws ignore it for SQS."""
    aws = f"  aws --endpoint-url {stack.endpoint}"
    return (
        f"callclock is up at [bold]{stack.endpoint}[/bold]. Try, in another shell:\n",
        f"  export AWS_DEFAULT_REGION={stack.region} AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=local",
        f"{aws} s3 cp export.csv s3://{stack.physical('ExportsBucket')}/incoming/{code}/export.csv",
        f"{aws} sns subscribe --topic-arn {stack.physical('BreachesTopic')} --protocol email "
        "--notification-endpoint you@force.example",
        f"{aws} athena start-query-execution --work-group analyst --query-string 'SELECT * FROM results.receipts'\n",
    )
