"""Files that a warm function keeps from run to run, each under a name that tells all that it depends on."""

import shutil
from pathlib import Path


def forget_older(path: Path) -> None:
    """Remove what is kept under the same name in another version.

    This version is left alone: another thread may have brought it a moment ago, and read it by now.
    """
    for old in path.parent.glob(f"{path.name.partition('@')[0]}@*.parquet"):
        if old != path:
            old.unlink(missing_ok=True)


def forget_others(kept: Path) -> None:
    """Remove what was kept before things were made anew."""
    for old in kept.parent.glob("*"):
        if old != kept:
            shutil.rmtree(old, ignore_errors=True)
