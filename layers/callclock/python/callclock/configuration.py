"""The configuration in force: dropped files are checked, then published by hash for every function to read."""

import json
from collections.abc import Mapping

from callclock import layout
from callclock.exports.profile import parse_profiles
from callclock.metrics.named import check_names
from callclock.objects import Bucket, ChangedMeanwhileError, Read
from callclock.settings import ConfigurationError, Settings, assemble

_ATTEMPTS = 5


def in_force(lake: Bucket) -> Settings:
    """Return the accepted configuration, or the packaged defaults where none was dropped yet."""
    return assemble(_overrides(lake)[0])


def accept(lake: Bucket, name: str, text: str) -> Settings:
    """Check one dropped file together with what is in force, then put it in force.

    Parameters
    ----------
    lake
        Bucket that holds the accepted configuration.
    name
        Name below ``config/``: ``targets.toml``, ``sources/x.toml``.
    text
        Content of the file.

    Raises
    ------
    ConfigurationError
        The file is refused, naming file, key and reason; the last good one stays in force.
    """
    for _ in range(_ATTEMPTS):
        files, was = _overrides(lake)
        candidate = {**files, name: text}
        settings = assemble(candidate)
        check_names(settings, name)
        parse_profiles(settings.profiles)
        body = json.dumps({"hash": settings.hash, "files": candidate}, sort_keys=True, ensure_ascii=False)
        lake.put(layout.configuration(settings.hash), body)
        try:
            lake.replace(layout.CONFIGURATION, body, was)
        except ChangedMeanwhileError:
            continue  # a file dropped beside this one was accepted first: check against that
        return settings
    raise ConfigurationError(f"{name}: other configuration kept arriving at the same moment: drop the file again")


def _overrides(lake: Bucket) -> tuple[Mapping[str, str], Read | None]:
    found = lake.text(layout.CONFIGURATION)
    if found is None:
        return {}, None
    text, read = found
    files: Mapping[str, str] = json.loads(text)["files"]
    return files, read
