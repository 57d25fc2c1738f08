"""A site's worker: its file made, and the process that works by it."""

from __future__ import annotations

import math
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.model import Fleet, Host
from inventory.sites.broker import parse
from inventory.sites.files import WorkerFile, load_worker
from inventory.sites.starter import worker_starter
from inventory.words import plural
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.logons import logons
from orchestrator.app.sites.place import broker, checked_name
from orchestrator.domain.cause import Cause
from orchestrator.fleet.dispatch.site_run import Refusal

if TYPE_CHECKING:
    from orchestrator.remote.session import Logon
    from orchestrator.remote.transport_name import TransportName

BATCH = 10  # hosts of a batch that the slots are made for: one slow host then idles few
_UNKNOWN_HUB = "ed25519:" + "A" * 43 + "="


def init(file: Path, site: str, url: str, hub: str | None) -> tuple[Path, str]:
    """Write a commented file for a worker and a key beside it; return the key's path and public half.

    Raises UsageError, CommandError, KeyFileError.
    """
    from orchestrator.dispatch.keys import make_key, public_text, read_public

    checked_name(site)
    try:
        parse(url)
    except ValueError as error:
        raise UsageError(f"--broker: {error}") from None
    if hub is not None:
        read_public(hub)
    key = file.with_suffix(".key")
    text = worker_starter(site, url, key.name, hub or _UNKNOWN_HUB)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise UsageError(f"{file}: is there already, and was left as it is") from None
    except OSError as error:
        raise CommandError(f"{file}: cannot be written: {error.strerror or error}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    return key, public_text(make_key(key))


class FileRules:
    """What a site allows, by its worker's file."""

    def __init__(self, file: WorkerFile, ask: Callable[[str], str]) -> None:
        self._file, self._ask = file, ask
        self._fleet = Fleet(
            path=file.path, digest="", hosts={}, groups={}, credentials=dict(file.credentials)
        )

    def refusal(self, host: Host) -> Refusal | None:
        """Say why this host may not be asked so; None where it may."""
        name = host.credential
        allowed = self._file.allow.get(name or "")
        if name is None or allowed is None:
            return _refused(f"the worker of {self._file.site} has no credential {name!r}")
        if not allowed.covers(host.address):
            return _refused(f"credential {name} may not be used for {host.address}")
        if host.transport not in allowed.transports:
            return _refused(f"credential {name} may not be used over {host.transport}")
        if host.auth not in allowed.logons:
            return _refused(f"credential {name} may not be used for the logon {host.auth}")
        return None

    def logon(self, credential: str | None) -> Logon:
        """Return a credential's logon. Raises SecretError."""
        return logons(self._fleet, [credential], self._ask)[credential]


def _refused(detail: str) -> Refusal:
    return Refusal(
        Cause.REFUSED_BY_SITE, detail, "nothing was sent; `allow` in the worker's file says what it may do"
    )


def run(path: Path, transport: TransportName, ask: Callable[[str], str], log: Callable[[str], None]) -> None:
    """Work for the hub until SIGTERM or Ctrl-C.

    Raises InventoryError, SecretError, KeyFileError, BrokerError, CommandError.
    """
    from orchestrator.dispatch.broker import told
    from orchestrator.dispatch.celery_app import serve
    from orchestrator.dispatch.keys import load_key, read_public
    from orchestrator.dispatch.site_link import WorkerSettings
    from orchestrator.dispatch.worker import SiteWorker
    from orchestrator.remote.transports import transport as make_transport

    file = load_worker(path)
    if file.hub == _UNKNOWN_HUB:
        raise CommandError(f"{path}: `hub:` is not filled in: `fleetcheck hub site add` prints the hub's key")
    settings = WorkerSettings(
        site=checked_name(file.site),
        key=load_key(file.key),
        hub=read_public(file.hub),
        broker=broker(file.broker, path.parent, ask),
        width=file.jobs,
        slots=max(2, math.ceil(2 * file.jobs / BATCH)),
        pace=file.pace,
        machine=socket.gethostname(),
    )
    with tempfile.TemporaryDirectory(prefix="fleetcheck-") as folder:
        worker = SiteWorker(
            settings,
            FileRules(file, ask),
            lambda: make_transport(transport, jobs=file.jobs),
            folder=Path(folder),
            log=log,
        )
        with told(settings.broker):
            worker.link.refuse_another()
        width = plural(settings.width, "host")
        log(f"site {settings.site}: {width} at a time, broker {settings.broker.place}")
        serve(worker, settings)
    log("stopped")
