"""The small template of tests/fixtures/embedded in the embedded AWS, whole or with one thing changed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests/fixtures/embedded"
START = datetime(2026, 3, 2, 6, tzinfo=UTC)


@contextmanager
def embedded(template: Path = FOLDER / "template.yaml") -> Iterator[LocalStack]:
    with LocalStack(template, parameters={}, root=ROOT, clock=START) as stack:
        stack.deploy()
        yield stack


def changed(folder: Path, old: str, new: str) -> Path:
    """Copy of the template in which one text is another; it has to be there exactly once."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    text = (FOLDER / "template.yaml").read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    template = folder / "template.yaml"
    template.write_text(text.replace(old, new), "utf-8")
    return template
