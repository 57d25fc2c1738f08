"""Where notices go, as the configuration names it. Secrets are references: they are read when something is
sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from inventory.model import SecretRef
from orchestrator.domain.notices.edges import UNKNOWN_AFTER
from orchestrator.domain.notices.subscription import Subscription

MAIL_PORT = 587  # submission, with STARTTLS


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetBase:
    """What every target has. `folder` is where the paths of its secrets begin, and its command runs."""

    name: str
    folder: str
    unknown_after: int = UNKNOWN_AFTER

    @property
    def subscription(self) -> Subscription:
        """What a scan needs to know of it."""
        return Subscription(target=self.name, unknown_after=self.unknown_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTarget(TargetBase):
    """A program that gets the notice as JSON on its standard input; nothing of it stands in `argv`."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget(TargetBase):
    """An address that takes CloudEvents; itself a secret, since who knows it may post there. `ca` is a PEM
    file.
    """

    url: SecretRef
    token: SecretRef | None = None
    ca: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTarget(TargetBase):
    """A mail server that takes STARTTLS, and who gets the mail. `ca` is a PEM file."""

    server: str
    sender: str
    to: tuple[str, ...]
    port: int = MAIL_PORT
    username: str | None = None
    password: SecretRef | None = None
    ca: str | None = None


Target = CommandTarget | WebhookTarget | MailTarget
