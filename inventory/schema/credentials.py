"""The strict schema of a logon under `credentials`: a password, the user's ticket, a keytab,
or a certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Tag

from inventory.schema.fields import Strict, Text, optional
from inventory.secrets.registry import SOURCES

if TYPE_CHECKING:
    Secret = Any
else:
    _ENTRIES = tuple(source.entry for source in SOURCES.values())
    Secret = Annotated[Union[_ENTRIES], Field(discriminator="from_")]  # noqa: UP007 - a tuple, not one class


class CredentialEntry(Strict):
    """A user with a password, which is a reference; without one Kerberos takes the ticket cache."""

    username: Text = Field(description="a user name, such as CORP\\svc-fleet or svc-fleet@corp.example")
    password: Secret | None = optional("a reference such as {from: env, name: FC_PASSWORD}")
    scope: Literal["host", "domain"] = optional("`host` or `domain`")


class TicketEntry(Strict):
    """The Kerberos ticket that the user has already."""

    from_: Literal["ccache"] = Field(alias="from")


class KeytabEntry(Strict):
    """A user whose Kerberos key is in a keytab."""

    from_: Literal["keytab"] = Field(alias="from")
    username: Text = Field(description="a user name, such as svc-fleet@CORP.EXAMPLE")
    path: Text = Field(description="the path of a keytab that only you can read")


class CertificateEntry(Strict):
    """A client certificate, which the hosts map to a user."""

    from_: Literal["certificate"] = Field(alias="from")
    path: Text = Field(description="the path of a PEM file with the certificate and its key")
    key_password: Secret | None = optional("a reference such as {from: env, name: FC_KEY_PASSWORD}")


KINDS: Mapping[str, type[Strict]] = MappingProxyType(
    {"ccache": TicketEntry, "keytab": KeytabEntry, "certificate": CertificateEntry}
)
"""By what `from` says; a credential without `from` is a CredentialEntry."""


def kind_of(value: Any) -> str | None:
    """Return the tag of a credential's schema, None where its `from` is none of KINDS."""
    if not isinstance(value, Mapping) or "from" not in value:
        return "by password"
    kind = value["from"]
    return f"by {kind}" if isinstance(kind, str) and kind in KINDS else None


Entry = Annotated[
    Annotated[CredentialEntry, Tag("by password")]
    | Annotated[TicketEntry, Tag("by ccache")]
    | Annotated[KeytabEntry, Tag("by keytab")]
    | Annotated[CertificateEntry, Tag("by certificate")],
    Discriminator(kind_of),
]
