"""The strict schema of the hub's file and of a worker's. Importing this costs pydantic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from inventory.schema.credentials import Entry, Secret
from inventory.schema.fields import Name, Strict, Text, optional
from inventory.schema.shapes import hosts_meant
from inventory.sites.broker import broker_url

BrokerUrl = Annotated[str, AfterValidator(broker_url)]
Hosts = Annotated[str, AfterValidator(hosts_meant)]
_BROKER = "a URL such as amqps://USER@HOST:5671/VHOST, without a password"
_PASSWORD = "a reference such as {from: file, path: broker.secret}"  # noqa: S105  # words
_CA = "the path of a PEM file with the certificate authority"
_CERTIFICATE = "the path of a PEM file with a client certificate and its key"


class HubDocument(Strict):
    """The file of the hub."""

    name: Name = optional("a word")
    broker: BrokerUrl = Field(description=_BROKER)
    broker_password: Secret | None = optional(_PASSWORD)
    ca: Text | None = optional(_CA)
    certificate: Text | None = optional(_CERTIFICATE)
    sites_per_account: Annotated[int, Field(ge=0, le=1000)] | None = optional(
        "a whole number, 0 for no limit"
    )


class AllowEntry(Strict):
    """What a credential of a site may be used for."""

    hosts: list[Hosts] = Field(
        description="a list of networks and of names with * and ?, such as [10.1.0.0/16, '*.corp.example']",
        min_length=1,
    )
    transports: list[Literal["https", "http"]] = optional("a list of `https` and `http`")
    logons: list[Literal["negotiate", "ntlm", "kerberos", "basic", "certificate"]] = optional(
        "a list of `negotiate`, `ntlm`, `kerberos`, `certificate` and `basic`"
    )


class WorkerDocument(Strict):
    """The file of a site's worker."""

    site: Name = Field(description="the site's name, as the inventory and the hub have it")
    broker: BrokerUrl = Field(description=_BROKER)
    broker_password: Secret | None = optional(_PASSWORD)
    ca: Text | None = optional(_CA)
    certificate: Text | None = optional(_CERTIFICATE)
    key: Text = Field(description="the path of the site's own key, which `fleetcheck worker init` makes")
    hub: Text = Field(
        description="the hub's public key, `ed25519:...`, which `fleetcheck hub site add` prints"
    )
    jobs: Annotated[int, Field(ge=1, le=1000)] = optional("a whole number from 1 to 1000")
    pace: Annotated[float, Field(ge=0, le=1_000_000)] | None = optional("connects a second, 0 for no limit")
    credentials: dict[Name, Entry] | None = optional("a mapping of names to credentials")
    allow: dict[Name, AllowEntry] | None = optional("a mapping of credentials' names to what they are for")
