"""Read the hub's file, or a worker's: every mistake at once, with its line. Secrets are not looked up."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from inventory.errors import InventoryError, Problem
from inventory.files.ownership import foreign_hands
from inventory.files.textfile import decode, read_file
from inventory.model import Credential, SecretRef
from inventory.sites.broker import BrokerPlace, parse

if TYPE_CHECKING:
    from inventory.schema.fields import Strict
    from inventory.sites.schema import AllowEntry

    MODEL = TypeVar("MODEL", bound=Strict)

JOBS = 50
PACE = 500.0
_LOGONS = ("negotiate", "ntlm", "kerberos", "certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """How the broker is reached and logged on to. Paths are whole."""

    place: BrokerPlace
    password: SecretRef | None = None
    ca: Path | None = None
    certificate: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """What the hub's file says. `sites_per_account`: None where it does not say."""

    path: Path
    name: str
    broker: BrokerSettings
    sites_per_account: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a credential may be used for. `hosts` are networks, and names with * and ? in small letters."""

    hosts: tuple[str, ...]
    transports: tuple[str, ...] = ("https",)
    logons: tuple[str, ...] = _LOGONS

    def covers(self, address: str) -> bool:
        """Say whether an address, as it is dialled, is one of them."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            name = address.casefold()
            return any(fnmatchcase(name, pattern) for pattern in self.hosts if _network(pattern) is None)
        return any(
            ip.version == network.version and ip in network
            for network in map(_network, self.hosts)
            if network is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFile:
    """What a worker's file says. `hub` is the hub's public key as it is written."""

    path: Path
    site: str
    broker: BrokerSettings
    key: Path
    hub: str
    jobs: int = JOBS
    pace: float = PACE
    credentials: Mapping[str, Credential] = field(default_factory=lambda: MappingProxyType({}))
    allow: Mapping[str, Allowed] = field(default_factory=lambda: MappingProxyType({}))


def load_hub(path: Path) -> HubFile:
    """Read the hub's file. Raises InventoryError with every mistake."""
    from inventory.sites.schema import HubDocument

    advice = "; `fleetcheck hub init --broker URL` writes one to begin with"
    document, _, problems = _read(path, HubDocument, "the hub's file", advice)
    if problems or document is None:
        raise InventoryError(problems)
    return HubFile(
        path=path,
        name=document.name or "hub",
        broker=_broker(document, path.parent),
        sites_per_account=document.sites_per_account,
    )


def load_worker(path: Path) -> WorkerFile:
    """Read a worker's file. Raises InventoryError with every mistake, and where others can change it."""
    from inventory.sites.schema import WorkerDocument

    advice = "; `fleetcheck worker init` writes one to begin with"
    document, tree, problems = _read(path, WorkerDocument, "a worker's file", advice)
    credentials: dict[str, Credential] = {}
    if document is not None:
        credentials = _credentials(document.credentials or {}, tree, path.parent)
        problems += _mistakes(path, credentials, document.allow or {}, tree)
    if problems or document is None:
        raise InventoryError(problems)
    return WorkerFile(
        path=path,
        site=document.site,
        broker=_broker(document, path.parent),
        key=path.parent / Path(document.key).expanduser(),
        hub=document.hub,
        jobs=document.jobs or JOBS,
        pace=PACE if document.pace is None else document.pace,
        credentials=MappingProxyType(credentials),
        allow=MappingProxyType({name: _allowed(entry) for name, entry in (document.allow or {}).items()}),
    )


def _read(path: Path, model: type[MODEL], what: str, advice: str) -> tuple[MODEL | None, Any, list[Problem]]:
    from inventory.schema.check import checked
    from inventory.yamlfile.tree import parse as parse_yaml

    data, found = read_file(path, what=what.removeprefix("a ").removeprefix("the "), advice=advice)
    problems: list[Problem] = []
    if (hands := foreign_hands(path, found)) is not None:
        problems.append(Problem(str(path), 0, f"who can write this file decides over secrets, and {hands}"))
    tree = parse_yaml(decode(data, str(path)), str(path), problems)
    return checked(tree, model, problems, file=str(path), what=what).document, tree, problems


def _broker(document: Any, base: Path) -> BrokerSettings:
    from inventory.secrets.registry import reference

    place, password = parse(document.broker), document.broker_password
    return BrokerSettings(
        place=place,
        password=password and reference(password, username=place.user, credential="broker_password"),
        ca=_path(document.ca, base),
        certificate=_path(document.certificate, base),
    )


def _path(named: str | None, base: Path) -> Path | None:
    return None if named is None else base / Path(named).expanduser()


def _credentials(entries: Mapping[str, Any], tree: Any, base: Path) -> dict[str, Credential]:
    from inventory.resolving.credentials import credential

    lines = tree["credentials"].lines if entries else {}
    return {name: credential(name, entry, base, lines.get(name, 0)) for name, entry in entries.items()}


def _mistakes(
    path: Path, credentials: Mapping[str, Credential], allow: Mapping[str, Any], tree: Any
) -> Iterator[Problem]:
    """Yield what needs more than one key to judge."""
    for name, credential in credentials.items():
        for words in _misfits(credential, allow):
            yield Problem(str(path), credential.line, f"credential `{name}`: {words}")
    for name in allow:
        if name not in credentials:
            words = f"`allow.{name}`: there is no credential `{name}`"
            yield Problem(str(path), tree["allow"].lines.get(name, 0), words)


def _misfits(credential: Credential, allow: Mapping[str, Any]) -> Iterator[str]:
    if credential.kind == "ccache":
        yield "nobody is logged on at a site: expected a password's reference, a keytab or a certificate"
    if any(secret.source == "prompt" for secret in credential.secrets):
        yield "`from: prompt` cannot be answered at a site; take `from: file` or `from: command`"
    if credential.name not in allow:
        example = f"allow: {{{credential.name}: {{hosts: [10.1.0.0/16]}}}}"
        yield f"`allow` does not say which hosts it may be used for: {example}"


def _allowed(entry: AllowEntry) -> Allowed:
    return Allowed(
        hosts=tuple(text.casefold() for text in entry.hosts),
        transports=tuple(entry.transports or ("https",)),
        logons=tuple(entry.logons or _LOGONS),
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
