"""What people were sent: every publication of every topic, and the mails that its subscriptions make of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local.clock import Clock


@dataclass(frozen=True)
class Mail:
    """One publication and the addresses that got it as mail; none where nobody subscribed or no filter matched."""

    at: datetime
    topic: str
    to: tuple[str, ...]
    subject: str
    text: str
    attributes: Mapping[str, str]

    def file_name(self, number: int) -> str:
        """``001-2026-03-02-grade-2-breach.txt``."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.subject.lower()).strip("-")[:60].rstrip("-") or "no-subject"
        return f"{number:03d}-{self.at:%Y-%m-%d}-{slug}.txt"

    def as_text(self) -> str:
        """Mail as a person reads it."""
        head = [
            f"Date: {self.at.isoformat()}",
            f"To: {', '.join(self.to)}",
            f"Topic: {self.topic}",
            f"Subject: {self.subject}",
            *(f"{name}: {value}" for name, value in sorted(self.attributes.items())),
        ]
        return "\n".join(head) + "\n\n" + self.text + "\n"


@dataclass
class Inbox:
    """Publications in the order in which SNS accepted them."""

    clock: Clock
    publications: list[Mail] = field(default_factory=list)

    @property
    def mails(self) -> Sequence[Mail]:
        """Publications that somebody got as mail."""
        return [mail for mail in self.publications if mail.to]

    def add(self, topic: str, to: Sequence[str], subject: str, text: str, attributes: Mapping[str, str]) -> None:
        """Keep one publication."""
        self.publications.append(Mail(self.clock.now(), topic, tuple(to), subject, text, dict(attributes)))

    def write(self, folder: Path) -> None:
        """Write every mail as a file into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, mail in enumerate(self.mails, start=1):
            (folder / mail.file_name(number)).write_text(mail.as_text(), "utf-8")
