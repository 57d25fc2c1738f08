"""Read a `[notify.NAME]` table, with every mistake in it. Nothing that may be a secret is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from inventory.schema.credentials import Secret
from inventory.schema.fields import Port, Strict, Text, optional
from inventory.secrets.registry import SOURCES, reference
from orchestrator.domain.config.sections import Mistake, SectionError
from orchestrator.domain.notices.edges import UNKNOWN_AFTER
from orchestrator.domain.notices.targets import MAIL_PORT, CommandTarget, MailTarget, Target, WebhookTarget

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})", re.ASCII)
_PLACES = f"`from` is {', '.join(name for name in SOURCES if name != 'prompt')}"
_SECRETS = ("url", "token", "password")
_LONGEST_WAIT = 100  # scans in a row


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text):
        raise ValueError
    return text


def _server(text: str) -> str:
    text.encode("idna")  # as the resolver does it; UnicodeError is a ValueError
    return text


def _username(text: str) -> str:
    if not text.isascii():
        raise ValueError
    return text


Mailbox = Annotated[str, AfterValidator(_mailbox)]
Server = Annotated[Text, AfterValidator(_server)]
Username = Annotated[Text, AfterValidator(_username)]


class _Entry(Strict):
    unknown_after: int = Field(
        default=UNKNOWN_AFTER,
        description=f"how many `unknown` in a row are news, from 1 to {_LONGEST_WAIT}",
        ge=1,
        le=_LONGEST_WAIT,
    )


class _Command(_Entry):
    kind: Literal["command"]
    argv: list[Text] = Field(
        description='a list of texts, the program first: ["/usr/local/bin/page"]', min_length=1
    )


class _Webhook(_Entry):
    kind: Literal["webhook"]
    url: Secret = Field(description='where the URL is: {from = "env", name = "FC_OPS_URL"}')
    token: Secret | None = optional('where the token is: {from = "env", name = "FC_OPS_TOKEN"}')
    ca: Text = optional("the path of a PEM file")


class _Mail(_Entry):
    kind: Literal["smtp"]
    server: Server = Field(description="the mail server's name")
    port: Port = Field(default=MAIL_PORT, description="a port from 1 to 65535")
    sender: Mailbox = Field(alias="from", description="an address such as fleetcheck@corp.example")
    to: list[Mailbox] = Field(
        description='a list of addresses such as ["ops@corp.example"]', min_length=1, max_length=100
    )
    username: Username = optional("a user name at the mail server, in ASCII")
    password: Secret | None = optional('where the password is: {from = "env", name = "FC_MAIL_PASSWORD"}')
    ca: Text = optional("the path of a PEM file")


_KINDS: Mapping[str, type[_Entry]] = MappingProxyType(
    {"command": _Command, "webhook": _Webhook, "smtp": _Mail}
)


def target(name: str, content: Mapping[str, object]) -> Target:
    """Return the target of a table. Raises SectionError with every mistake."""
    if not _NAME.fullmatch(name):
        raise SectionError(Mistake((), "expected a name of letters, digits, - and _, such as `[notify.ops]`"))
    kind = content.get("kind")
    schema = _KINDS.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise SectionError(Mistake(("kind",), f"`notify.{name}.kind`: expected {_listed(_KINDS)}"))
    try:
        read = schema.model_validate(dict(content))
    except ValidationError as error:
        raise SectionError(*_mistakes(name, schema, error)) from None
    _check(name, read)
    return _target(name, read)


def _check(name: str, read: _Entry) -> None:
    """Refuse what a night cannot do, and a password without its user. Raises SectionError."""
    found = [
        Mistake((key,), f"`notify.{name}.{key}`: nobody is there to be asked at night, `from` another place")
        for key in _SECRETS
        if (secret := getattr(read, key, None)) is not None and secret.from_ == "prompt"
    ]
    if isinstance(read, _Mail) and (read.username is None) is not (read.password is None):
        found.append(Mistake(("username",), f"`notify.{name}`: `username` and `password` go together"))
    if found:
        raise SectionError(*found)


def _target(name: str, read: _Entry) -> Target:
    common: dict[str, Any] = {"name": name, "folder": "", "unknown_after": read.unknown_after}
    match read:
        case _Command():
            return CommandTarget(**common, argv=tuple(read.argv))
        case _Webhook():
            return WebhookTarget(
                **common, url=reference(read.url), token=read.token and reference(read.token), ca=read.ca
            )
        case _Mail():
            return MailTarget(
                **common,
                server=read.server,
                port=read.port,
                sender=read.sender,
                to=tuple(read.to),
                username=read.username,
                password=read.password and reference(read.password, username=read.username or ""),
                ca=read.ca,
            )
    raise TypeError(type(read).__name__)


def _mistakes(name: str, schema: type[_Entry], error: ValidationError) -> Iterator[Mistake]:
    """Say each of pydantic's errors once for its key, without what was found."""
    words = {field.alias or key: field.description or "" for key, field in schema.model_fields.items()}
    told: set[str] = set()
    for each in error.errors():
        key = str(each["loc"][0])
        if key in told:
            continue
        told.add(key)
        where = f"`notify.{name}.{key}`"
        if key not in words:
            yield Mistake((key,), f"there is no key {where}; expected one of {_listed(words)}")
        elif each["type"] == "missing" and len(each["loc"]) == 1:
            yield Mistake((), f"{where} is missing: {words[key]}")
        elif key in _SECRETS:
            yield Mistake(
                (key,),
                f"{where}: expected {words[key]}; a secret in clear does not belong here. {_PLACES}",
            )
        else:
            yield Mistake((key,), f"{where}: expected {words[key]}")


def _listed(names: Mapping[str, object]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
