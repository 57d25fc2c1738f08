"""`[notify.NAME]`: a target of notices. What costs is imported only where a file has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from orchestrator.domain.config.sections import Section
from orchestrator.domain.notices.targets import CommandTarget, MailTarget, Target, WebhookTarget

if TYPE_CHECKING:
    from inventory.model import SecretRef


def _read(name: str, content: Mapping[str, object]) -> Target:
    """Return the target; its `folder` is not known here. Raises SectionError."""
    from orchestrator.domain.config.notify_reading import target

    return target(name, content)


def _rows(content: object) -> Iterator[tuple[str, str]]:
    """Yield what `config show` prints: of a secret only where it is."""
    match content:
        case CommandTarget():
            yield "kind", "command"
            yield "argv", " ".join(content.argv)
        case WebhookTarget():
            yield "kind", "webhook"
            yield "url", _place(content.url)
            yield from _optional(token=content.token, ca=content.ca)
        case MailTarget():
            yield "kind", "smtp"
            yield "server", content.server
            yield "port", str(content.port)
            yield "from", content.sender
            yield "to", ", ".join(content.to)
            yield from _optional(username=content.username, password=content.password, ca=content.ca)
        case _:
            return
    yield "unknown_after", str(content.unknown_after)


def _optional(**values: SecretRef | str | None) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if value is not None:
            yield key, value if isinstance(value, str) else _place(value)


def _place(ref: SecretRef) -> str:
    from inventory.secrets.registry import SOURCES

    return SOURCES[ref.source].place(ref.fields)


NOTIFY = Section(
    name="notify",
    what="who is told what changed, by `scan --notify NAME`: a program, a webhook or a mailbox",
    example='[notify.ops]\nkind = "webhook"\nurl = {from = "env", name = "FC_OPS_URL"}',
    read=_read,
    rows=_rows,
)
