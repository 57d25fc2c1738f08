"""Set a hub up, and its sites: keys, queues, and the lines that a broker's administrator types."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sites.broker import BrokerPlace, parse
from inventory.sites.starter import hub_starter
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.sites.lines import Line, run_lines
from orchestrator.app.sites.place import HubFolder, broker, checked_name, hub_file, known_site
from orchestrator.domain.sites.names import SiteNames

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class HubMade:
    """What `hub init` came to. `trouble`: why the broker could not be set up yet, None where it is."""

    folder: Path
    fresh: bool
    lines: tuple[Line, ...]
    sites: tuple[str, ...]
    trouble: str | None
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMade:
    """What `hub site add`, `rotate` or `remove` came to. `secret` is the file to be carried to the site.

    `fresh`: the site was not there before. `trouble`: what is not done at the broker yet, None where all is.
    `remarks`: what was found there.
    """

    site: str
    hub_key: str
    secret: Path | None
    lines: tuple[Line, ...]
    trouble: str | None
    fresh: bool = True
    remarks: tuple[str, ...] = ()


def init(invocation: Invocation, hub: HubFolder, url: str | None, *, run: bool) -> HubMade:
    """Make the hub's folder where it is not there, check database and broker, make what is missing there.

    `run`: as root, run the lines for the broker's users first. Raises UsageError, InventoryError, StoreError,
    CommandError.
    """
    from orchestrator.dispatch.keys import make_key

    fresh = not hub.file.exists()
    if fresh:
        if url is None:
            raise UsageError(
                "the broker is not named yet: --broker amqps://fleetcheck@HOST:5671/fleetcheck (amqp: no TLS)"
            )
        place = _place(url)
        _folders(hub)
        _write(hub.file, hub_starter(url))
        make_key(hub.key)
        _write(hub.secret, secrets.token_urlsafe(32) + "\n")
    else:
        place = hub_file(hub).broker.place
        if url is not None and _place(url) != place:
            raise UsageError(f"{hub.file} names another broker; edit it there")
    with invocation.writer():
        pass  # made, or found to be ours and of this version
    lines = tuple(_of_hub(place, hub))
    if run:
        run_lines(lines)
    return HubMade(
        folder=hub.path,
        fresh=fresh,
        lines=lines,
        sites=hub.sites(),
        trouble=_made(invocation, hub, hub.sites()),
        database=invocation.place,
    )


def add(invocation: Invocation, hub: HubFolder, site: str, key: str, *, run: bool) -> SiteMade:
    """Take a site's public key, make its queues and its broker's password.

    Again with the same key, before the password was carried to the site: what is missing is made. Raises as
    `init`, KeyFileError.
    """
    from orchestrator.dispatch.keys import read_public

    checked_name(site)
    place = hub_file(hub).broker.place
    read_public(key)
    secret, fresh = hub.site_secret(site), site not in hub.sites()
    if not fresh and not (secret.exists() and hub.public(site).read_text("ascii").strip() == key.strip()):
        raise UsageError(f"site {site} is there already; `fleetcheck hub site rotate {site} --key ...`")
    _folders(hub)
    if not secret.exists():
        _write(secret, secrets.token_urlsafe(32) + "\n")
    if fresh:
        _audit(invocation, "site added", site, {"key": key.strip()})
        _write(hub.public(site), key.strip() + "\n")  # last: until then all of it is done again
    lines = tuple(_of_site(place, site, secret))
    if run:
        run_lines(lines)
    return SiteMade(
        site=site,
        hub_key=_hub_key(hub),
        secret=secret,
        lines=lines,
        trouble=_made(invocation, hub, (site,)),
        fresh=fresh,
    )


def rotate(invocation: Invocation, hub: HubFolder, site: str, key: str) -> SiteMade:
    """Take another key for a site: from now on its results are believed by this one alone."""
    from orchestrator.dispatch.keys import read_public

    known_site(hub, site)
    read_public(key)
    before = hub.public(site).read_text("ascii").strip()
    hub.public(site).unlink()
    _write(hub.public(site), key.strip() + "\n")
    _audit(invocation, "site's key changed", site, {"before": before, "key": key.strip()})
    return SiteMade(site=site, hub_key=_hub_key(hub), secret=None, lines=(), trouble=None)


def remove(invocation: Invocation, hub: HubFolder, site: str, *, run: bool) -> SiteMade:
    """Forget a site, and delete its queues with what waits in them, and its user (`run`).

    What the broker does not do leaves nothing here: it is told. Raises as `init`.
    """
    from orchestrator.dispatch import topology
    from orchestrator.dispatch.broker import told
    from orchestrator.dispatch.errors import BrokerError

    known_site(hub, site)
    reached = broker(hub_file(hub).broker, hub.path, invocation.ask)
    trouble = None
    try:
        with told(reached), reached.connection() as connection:
            topology.remove(connection, site)
    except BrokerError as error:
        trouble = str(error)
    hub.public(site).unlink()
    hub.site_secret(site).unlink(missing_ok=True)
    _audit(invocation, "site removed", site, {})
    lines = (Line(argv=("rabbitmqctl", "delete_user", SiteNames(site).user), done="does not exist"),)
    remarks: tuple[str, ...] = ()
    if run:
        try:
            remarks = run_lines(lines)
        except CommandError as error:
            trouble = f"{trouble}; {error}" if trouble else str(error)
    return SiteMade(
        site=site, hub_key=_hub_key(hub), secret=None, lines=lines, trouble=trouble, remarks=remarks
    )


def _place(url: str) -> BrokerPlace:
    try:
        return parse(url)
    except ValueError as error:
        raise UsageError(f"--broker: {error}") from None


def _hub_key(hub: HubFolder) -> str:
    from orchestrator.dispatch.keys import load_key, public_text

    return public_text(load_key(hub.key))


def _made(invocation: Invocation, hub: HubFolder, sites: Sequence[str]) -> str | None:
    """Make what is missing at the broker; say why that is not possible yet, None where it is done."""
    from orchestrator.dispatch import topology
    from orchestrator.dispatch.broker import told
    from orchestrator.dispatch.errors import BrokerError

    reached = broker(hub_file(hub).broker, hub.path, invocation.ask)
    try:
        with told(reached), reached.connection() as connection:
            topology.make(connection, sites)
    except BrokerError as error:
        return str(error)
    return None


def _of_hub(place: BrokerPlace, hub: HubFolder) -> Sequence[Line]:
    return (
        Line(argv=("rabbitmqctl", "add_vhost", place.vhost)),
        _user(place.user, hub.secret, ours=_is_ours(hub)),
        Line(argv=("rabbitmqctl", "set_permissions", "-p", place.vhost, place.user, ".*", ".*", ".*")),
    )


def _of_site(place: BrokerPlace, site: str, secret: Path) -> Sequence[Line]:
    names = SiteNames(site)
    return (
        _user(names.user, secret, ours=True),
        Line(argv=("rabbitmqctl", "set_permissions", "-p", place.vhost, names.user, *names.rights)),
    )


def _user(user: str, secret: Path, *, ours: bool) -> Line:
    """Add a user; one that is there already, from an earlier setup, takes the password that is ours."""
    change = ("rabbitmqctl", "change_password", user) if ours else ()
    return Line(argv=("rabbitmqctl", "add_user", user), stdin=secret, instead=change)


def _is_ours(hub: HubFolder) -> bool:
    """Say whether the hub logs on with the password that `hub init` made."""
    password = hub_file(hub).broker.password
    if password is None or password.source != "file":
        return False
    return hub.path / str(password.fields.get("path", "")) == hub.secret


def _folders(hub: HubFolder) -> None:
    try:
        (hub.path / "sites").mkdir(mode=0o700, parents=True, exist_ok=True)
        hub.path.chmod(0o700)
    except OSError as error:
        raise CommandError(f"{hub.path}: {error.strerror or error}") from None


def _write(path: Path, text: str) -> None:
    """Write a new file for this user alone."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(f"{path}: is there already, and was left as it is") from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from None


def _audit(invocation: Invocation, what: str, site: str, details: dict[str, str]) -> None:
    from orchestrator.store.journal.journal import Journal

    with invocation.writer() as writer:
        entry = Journal(writer).audit(writer.user, what, f"site {site}", details, datetime.now(UTC))
        asyncio.run(entry)
