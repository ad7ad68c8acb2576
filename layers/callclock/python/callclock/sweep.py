"""The tick of intake: objects that were dropped and that no event told of are sent to the queue again."""

from collections import defaultdict
from collections.abc import Set
from datetime import datetime

from callclock import layout
from callclock.clock import format_instant
from callclock.ledger import Mark, Marks
from callclock.objects import Bucket
from callclock.outbox import Wakes


def owner_of(key: str, force_codes: Set[str]) -> str:
    """Force whose object this is, or what stands for one (``layout.NO_FORCES``)."""
    if key.startswith(layout.CONFIG):
        return layout.CONFIGURATION_FORCE
    force_code = layout.force_of(key)
    return force_code if force_code and force_code in force_codes else layout.UNKNOWN_FORCE


def sweep(now: datetime, exports: Bucket, marks: Marks, wakes: Wakes, force_codes: Set[str]) -> int:
    """Send what lies in the bucket and was never taken in, and forget what has expired.

    The listing is as long as raw exports are kept, and there is one mark for each object in it, so neither grows with
    history. An object whose event is still on its way is sent twice: that changes nothing (DESIGN 1).

    Returns
    -------
    int
        Objects sent.
    """
    there: dict[str, dict[str, str]] = defaultdict(dict)
    for prefix in (layout.CONFIG, layout.INCOMING):
        for listed in exports.list(prefix):
            if not listed.key.endswith("/"):
                there[owner_of(listed.key, force_codes)][listed.key] = listed.etag
    sent = 0
    for owner in sorted({*force_codes, *layout.NO_FORCES}):
        taken = marks.of(Mark.TAKEN, owner)
        for key, etag in there[owner].items():
            if taken.get(key) != etag:
                wakes.send(key, format_instant(now))
                sent += 1
        marks.clear(Mark.TAKEN, owner, {key: etag for key, etag in taken.items() if key not in there[owner]})
    return sent
