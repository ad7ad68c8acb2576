"""The time that events carry: the real one, or simulated instants."""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """Stamps events. Given no instant it is the real clock; given one it stands still until it is set on."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = _utc(at) if at else None

    @property
    def simulated(self) -> bool:
        """Whether time stands still until `set`."""
        return self._at is not None

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return self._at or datetime.now(UTC)

    def set(self, at: datetime) -> None:
        """Go on to an instant.

        Raises
        ------
        ValueError
            The instant has no zone, lies before the present one, or the clock is the real one.
        """
        if self._at is None:
            raise ValueError("the real clock cannot be set: begin with Clock(at) to simulate time")
        at = _utc(at)
        if at < self._at:
            raise ValueError(f"time goes on only: {at.isoformat()} lies before {self._at.isoformat()}")
        self._at = at


def stamp(at: datetime) -> str:
    """Instant as EventBridge writes it: ``2026-03-02T06:00:00Z``, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no zone: give an instant, e.g. datetime(2026, 3, 2, 6, tzinfo=UTC)")
    return at.astimezone(UTC)
