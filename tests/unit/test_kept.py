"""What a warm function keeps gives way to its next version, and to nothing else."""

from pathlib import Path

from callclock.kept import forget_older


def test_an_older_version_goes_and_the_one_just_brought_stays(tmp_path: Path) -> None:
    older, brought, other = (
        tmp_path / f"{name}.parquet" for name in ("calls-2026-01@a", "calls-2026-01@b", "calls-2026-02@a")
    )
    for path in (older, brought, other):
        path.touch()
    forget_older(brought)
    assert sorted(tmp_path.iterdir()) == [brought, other]
