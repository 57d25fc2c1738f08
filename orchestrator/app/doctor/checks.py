"""The checks of this machine, each a function that gives one `Check` and never raises."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.domain.execution.examination import Check, Health

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.approval.rules import Place
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.config.settings import Settings
    from orchestrator.store.place import Place as StorePlace

LOOKED_AT = 3  # hosts whose clocks are compared with this one's
_PATIENCE = 5.0  # seconds that they get
_SKEW = 60.0  # seconds that clocks may be apart; Kerberos takes 300
_ROOM = 50_000_000  # bytes that should be free: a scan of 10,000 hosts takes 22 MB
_SHORT_TICKET = 3600  # seconds: a ticket that ends sooner may end within a run
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def configuration(settings: Settings) -> Check:
    """Say which configuration files there are, and whether all of them are believed."""
    name, show = "configuration", "`fleetcheck config show --origin` says what holds."
    aside = [f"{seen.file} is left aside: {seen.reason}" for seen in settings.files if seen.reason]
    if aside:
        return Check(name=name, health=Health.WARNING, seen="; ".join(aside), advice=show)
    read = [seen.file for seen in settings.files if seen.state == "read"]
    return Check(name=name, health=Health.OK, seen=", ".join(read) or "no file; the defaults hold")


def open_files(jobs: int) -> Check:
    """Look whether `jobs` hosts at a time have room in this process."""
    from orchestrator.fleet.admission.room import make_room, most_hosts

    name, room, most = "open files", make_room(jobs), most_hosts()
    if room.words:
        return Check(name=name, health=Health.WARNING, seen=room.words, advice="See `ulimit -Hn`.")
    said = f"room for {plural(jobs, 'host')} at a time (--jobs)"
    return Check(name=name, health=Health.OK, seen=said if most is None else f"{said}, at most {most:,}")


def clock(fleet: Fleet | None, timeout: float | None = None) -> Check:
    """Compare this machine's clock with what a few hosts say without a logon; the middle one decides."""
    hosts = () if fleet is None else _some(fleet)
    apart = asyncio.run(_apart(hosts, timeout or _PATIENCE)) if hosts else {}
    name = "clock"
    if not apart:
        why = "no host of the inventory said what time it is" if hosts else "there is no host to compare with"
        return Check(name=name, health=Health.UNKNOWN, seen=why)
    middle = statistics.median_low(apart.values())
    compared = f"compared with {', '.join(apart)}"
    if abs(middle) < _SKEW:
        return Check(name=name, health=Health.OK, seen=f"within a minute of the hosts', {compared}")
    side = "behind" if middle > 0 else "ahead of"
    return Check(
        name=name,
        health=Health.WARNING,
        seen=f"this machine's is {abs(middle):.0f} s {side} the hosts', {compared}",
        advice="Set it by NTP, from the domain's own time source: Kerberos takes 5 minutes at most, and "
        "certificates are judged by it.",
    )


def _some(fleet: Fleet) -> Sequence[Host]:
    """Choose a few hosts, of different sites first."""
    first: dict[str | None, Host] = {}
    for host in fleet.hosts.values():
        first.setdefault(host.site, host)
    names = dict.fromkeys(host.name for host in (*first.values(), *islice(fleet.hosts.values(), LOOKED_AT)))
    return [fleet.hosts[name] for name in islice(names, LOOKED_AT)]


async def _apart(hosts: Sequence[Host], seconds: float) -> Mapping[str, float]:
    """Return the seconds by which hosts' clocks are ahead of this one's;
    those that did not say are left out.
    """
    from orchestrator.remote.look import Looker
    from orchestrator.remote.probe import endpoint

    looker = Looker()

    async def one(host: Host) -> tuple[str, float | None]:
        date = (await looker.look(endpoint(host), seconds=seconds)).date
        return host.name, None if date is None else (date - datetime.now(UTC)).total_seconds()

    found = await asyncio.gather(*map(one, hosts))
    return {name: seconds for name, seconds in found if seconds is not None}


def kerberos(fleet: Fleet | None) -> Check:
    """Look whether this machine can do the Kerberos that is asked for,
    and holds a ticket where one is needed.
    """
    from orchestrator.remote.auth.ccache import cached_ticket
    from orchestrator.remote.auth.kerberos import can_ask_kdc

    name = "Kerberos"
    hosts = () if fleet is None else tuple(fleet.hosts.values())
    asked = [host for host in hosts if fleet is not None and _asks_kerberos(fleet, host)]
    if not asked:
        there = "installed" if can_ask_kdc() else "not installed"
        who = "there is no inventory that could ask" if fleet is None else "no host of the inventory asks"
        return Check(name=name, health=Health.OK, seen=f"{there}; {who} for it")
    if not can_ask_kdc():
        log_on = plural(len(asked), "host logs on", "hosts log on")
        said = f"{log_on} by Kerberos, and it is not installed on this machine"
        advice = "`pip install 'fleetcheck[kerberos]'`, with the system's Kerberos library."
        return Check(name=name, health=Health.WARNING, seen=said, advice=advice)
    assert fleet is not None  # noqa: S101  # it has hosts
    if all(_buys_tickets(fleet, host) for host in asked):
        return Check(
            name=name, health=Health.OK, seen="installed; tickets are bought with passwords or keytabs"
        )
    found = cached_ticket()
    if found.why or found.seconds < _SHORT_TICKET:
        said = found.why or f"the ticket of {found.name} ends in {found.seconds // 60} min"
        return Check(name=name, health=Health.WARNING, seen=said, advice="Get a ticket with `kinit`.")
    return Check(
        name=name,
        health=Health.OK,
        seen=f"a ticket of {found.name} is good for {found.seconds // 3600} h",
    )


def _asks_kerberos(fleet: Fleet, host: Host) -> bool:
    """Whether a host's logon is Kerberos alone."""
    found = None if host.credential is None else fleet.credentials[host.credential]
    return host.auth == "kerberos" or (found is not None and found.kind in ("ccache", "keytab"))


def _buys_tickets(fleet: Fleet, host: Host) -> bool:
    found = None if host.credential is None else fleet.credentials[host.credential]
    return found is not None and (found.password is not None or found.kind == "keytab")


def database(asked: Invocation) -> Iterator[Check]:
    """Look where results go, and whether what is there can be read. Takes no lock, makes nothing."""
    from orchestrator.store.errors import NoDatabaseError, StoreError
    from orchestrator.store.place import PostgresPlace, parse
    from orchestrator.store.reader import Reader

    name = "database"
    try:
        url = asked.url
        place = parse(url)
    except StoreError as error:
        yield Check(name=name, health=Health.WARNING, seen=str(error))
        return
    try:
        with Reader.open(url) as reader:
            count = len(reader.scans(1))
        said = f"{place.shown}: can be read" + ("" if count else ", no scan yet")
        yield _writable(place, said)
    except NoDatabaseError:
        yield _writable(place, f"{place.shown}: none yet, the first scan makes it")
    except StoreError as error:
        yield Check(name=name, health=Health.WARNING, seen=str(error), advice="See docs/database.md.")
    if not isinstance(place, PostgresPlace):
        yield _sqlite()


def _writable(place: StorePlace, said: str) -> Check:
    """Look whether a file can be written, and its disk has room; of a server only a scan tells."""
    from orchestrator.store.database.folder import free_bytes, unwritable
    from orchestrator.store.place import PostgresPlace

    name = "database"
    if isinstance(place, PostgresPlace):
        return Check(name=name, health=Health.OK, seen=said)
    if place.path.parent.exists() and (locked := unwritable(place.path)):
        said, advice = f"{said}; no right to write {locked}", "Give this user the right to write it."
        return Check(name=name, health=Health.WARNING, seen=said, advice=advice)
    free = free_bytes(place.path)
    if free is not None and free < _ROOM:
        said = f"{said}; {free // 1_000_000} MB are free on its disk"
        return Check(name=name, health=Health.WARNING, seen=said, advice="Free some space, or name another.")
    return Check(name=name, health=Health.OK, seen=said)


def _sqlite() -> Check:
    from orchestrator.store.database.sqlite_version import SAFE_FOR_TWO_WRITERS, version

    found = version()
    said = ".".join(map(str, found))
    if found < SAFE_FOR_TWO_WRITERS:
        said += ": let no other program write to the database (fleetcheck keeps to one writer)"
    return Check(name="SQLite", health=Health.OK, seen=said)


def approvals(place: Place) -> Check:
    """Look whether this machine demands signatures under plans, and whether somebody could give them."""
    from orchestrator.app.approval.rules import rules
    from orchestrator.app.approval.ssh_keygen import program
    from orchestrator.app.errors import CommandError

    name, advice = "approvals", "See docs/approvals.md."
    try:
        found = rules(place)
        if not found.signatures and not found.undo:
            return Check(name=name, health=Health.OK, seen="no signatures are demanded under plans here")
        program()
    except CommandError as error:
        return Check(name=name, health=Health.WARNING, seen=str(error), advice=advice)
    said = f"signatures demanded: {found.signatures} under a plan, {found.undo} under that of an undo"
    if found.signers is None:
        said += f"; nobody can, as there is no {place.folder / 'allowed_signers'}"
        return Check(name=name, health=Health.WARNING, seen=said, advice=advice)
    return Check(name=name, health=Health.OK, seen=f"{said}, by {found.signers}")


def proxies(environ: Mapping[str, str]) -> Check:
    """Say which settings of the environment about proxies and trust there are, and which of them count."""
    unused = [name for name in _PROXIES if environ.get(name)]
    used = [name for name in _TRUST if environ.get(name)]
    said = [f"{', '.join(unused)} set, and not used: hosts are spoken to directly"] if unused else []
    if used:
        said.append(f"{', '.join(used)} set: hosts without `ca:` are checked against what it names")
    return Check(name="proxies", health=Health.OK, seen="; ".join(said) or "none set; none would be used")
