"""The hub's folder: its file, its key, and what it knows of each site."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sites.files import BrokerSettings, HubFile, load_hub
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.domain.sites.names import EXPECTED, is_site

if TYPE_CHECKING:
    from orchestrator.dispatch.broker import Broker
    from orchestrator.dispatch.hub import HubSettings

ENVIRONMENT = "FLEETCHECK_HUB"


@dataclass(frozen=True, slots=True)
class HubFolder:
    """Where a hub keeps what is its own."""

    path: Path

    @property
    def file(self) -> Path:
        """Its settings."""
        return self.path / "hub.yaml"

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.path / "hub.key"

    @property
    def secret(self) -> Path:
        """The password of its user at the broker, where it is the one that `hub init` made."""
        return self.path / "broker.secret"

    def public(self, site: str) -> Path:
        """Return the file with a site's public key."""
        return self.path / "sites" / f"{site}.pub"

    def site_secret(self, site: str) -> Path:
        """Return the file with the password of a site's user at the broker, until it is carried there."""
        return self.path / "sites" / f"{site}.broker"

    def sites(self) -> tuple[str, ...]:
        """Return the names of the sites that are known, sorted."""
        return tuple(sorted(path.stem for path in (self.path / "sites").glob("*.pub")))


def folder(option: Path | None, environ: Mapping[str, str] = os.environ) -> HubFolder:
    """Return the hub's folder: the option, else FLEETCHECK_HUB, else in the user's state folder."""
    if option is not None:
        return HubFolder(option)
    if environ.get(ENVIRONMENT):
        return HubFolder(Path(environ[ENVIRONMENT]))
    from orchestrator.store.place import default_folder

    return HubFolder(default_folder() / "hub")


def known_site(hub: HubFolder, site: str) -> str:
    """Return the site's name. Raises UsageError for one that cannot be, or that the hub does not know."""
    checked_name(site)
    if site not in hub.sites():
        known = ", ".join(hub.sites()) or "none yet"
        raise UsageError(f"no site {site!r} in {hub.path}; known: {known}. `fleetcheck hub site add`")
    return site


def checked_name(site: str) -> str:
    """Return the name. Raises UsageError where no site can be called so."""
    if not is_site(site):
        raise UsageError(f"site {site!r}: {EXPECTED}")
    return site


def hub_file(hub: HubFolder) -> HubFile:
    """Read the hub's settings. Raises InventoryError, CommandError where there is no hub here."""
    if not hub.file.exists():
        raise CommandError(
            f"no hub: {hub.file} is not there. `fleetcheck hub init --broker amqps://USER@HOST/VHOST` begins "
            "one; --hub or FLEETCHECK_HUB names another folder"
        )
    return load_hub(hub.file)


def hub_settings(hub: HubFolder, ask: Callable[[str], str]) -> HubSettings:
    """Return all that the hub's end of the broker needs. Raises InventoryError, SecretError, KeyFileError."""
    from orchestrator.dispatch.hub import HubSettings
    from orchestrator.dispatch.keys import load_key, read_public

    file = hub_file(hub)
    return HubSettings(
        name=file.name,
        key=load_key(hub.key),
        broker=broker(file.broker, hub.path, ask),
        sites={site: read_public(hub.public(site).read_text("ascii")) for site in hub.sites()},
    )


def broker(settings: BrokerSettings, base: Path, ask: Callable[[str], str]) -> Broker:
    """Return the broker with its password. Raises SecretError."""
    from inventory.secrets.resolve import resolve
    from orchestrator.dispatch.broker import Broker

    password = ""
    if settings.password is not None and settings.certificate is None:
        password = resolve(settings.password, environ=os.environ, prompt=ask, base=base)
    place = settings.place
    return Broker(
        host=place.host,
        port=place.port,
        vhost=place.vhost,
        user=place.user,
        tls=place.tls,
        password=password,
        ca=settings.ca,
        certificate=settings.certificate,
    )
