"""A bucket beside the one in force: what is to be made anew lies in a folder, all else is read where it stands."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from callclock.objects import Bucket, ChangedMeanwhileError, Listed, Read


class Beside(Bucket):
    """Reads and writes as a bucket does, and changes nothing in it.

    Parameters
    ----------
    standing
        The bucket in force.
    folder
        Where what is written lies.
    anew
        Prefixes of what is made anew: of those nothing is read that stands. Nothing else can be written.
    """

    def __init__(self, standing: Bucket, folder: Path, anew: tuple[str, ...]) -> None:
        self.name = standing.name
        self._standing = standing
        self._folder = folder
        self._anew = anew
        self._made: dict[str, Read] = {}

    def fetch(self, key: str, path: Path, version_id: str | None = None) -> Read | None:
        """Bring an object to ``path``; None when there is none."""
        if not key.startswith(self._anew):
            return self._standing.fetch(key, path, version_id)
        if key in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._folder / key, path)
        return self._made.get(key)

    def text(self, key: str) -> tuple[str, Read] | None:
        """Content of a small UTF-8 object; None when there is none."""
        if not key.startswith(self._anew):
            return self._standing.text(key)
        return ((self._folder / key).read_text("utf-8"), self._made[key]) if key in self._made else None

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object below ``prefix``, in key order."""
        if not prefix.startswith(self._anew):
            yield from self._standing.list(prefix)
            return
        for key in sorted(self._made):
            if key.startswith(prefix):
                yield Listed(key, self._made[key].etag, (self._folder / key).stat().st_size)

    def folders(self, prefix: str) -> Iterator[str]:
        """Names directly below ``prefix``, without what is in them."""
        if not prefix.startswith(self._anew):
            yield from self._standing.folders(prefix)
            return
        below = (key.removeprefix(prefix) for key in sorted(self._made) if key.startswith(prefix))
        yield from dict.fromkeys(rest.partition("/")[0] for rest in below if "/" in rest)

    def put(self, key: str, body: Path | str, metadata: Mapping[str, str] | None = None, **_: object) -> None:
        """Write an object into the folder."""
        if not key.startswith(self._anew):
            raise PermissionError(f"{key}: nothing in force may be written beside it; anew are {', '.join(self._anew)}")
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(body, str):
            path.write_text(body, "utf-8")
        else:
            shutil.copyfile(body, path)
        etag = str(int(self._made[key].etag) + 1) if key in self._made else "1"
        self._made[key] = Read(etag, dict(metadata or {}))

    def replace(self, key: str, body: Path | str, was: Read | None, metadata: Mapping[str, str] | None = None) -> Read:
        """Write an object if it still is as it ``was`` read."""
        now = self._made.get(key)
        if (now.etag if now else None) != (was.etag if was else None):
            raise ChangedMeanwhileError(key)
        self.put(key, body, metadata)
        return self._made[key]
