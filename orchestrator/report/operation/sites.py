"""How the sites stand: rows of a table, sentences, a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from inventory.words import plural
from orchestrator.domain.sites.unit import Hello
from orchestrator.report.document import envelope, plain
from orchestrator.report.words import age

STATUS_COLUMNS = ("site", "state", "heard", "hosts", "waiting", "results", "version", "machine")


class SiteStatus(Protocol):
    """One site, as the use case found it."""

    @property
    def site(self) -> str:
        """Its name."""

    @property
    def alive(self) -> bool:
        """Whether its worker's last word is from now."""

    @property
    def waiting(self) -> int | None:
        """Batches that wait for it."""

    @property
    def results(self) -> int | None:
        """Messages of it that wait for the hub."""

    @property
    def hello(self) -> Hello | None:
        """Its worker's last word."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is wrong with it."""


class HubStatus(Protocol):
    """All sites."""

    @property
    def broker(self) -> str:
        """Where they meet."""

    @property
    def sites(self) -> Sequence[SiteStatus]:
        """By their names."""

    @property
    def dead(self) -> int | None:
        """Batches that no worker could finish, not yet taken in by a scan."""

    @property
    def now(self) -> datetime:
        """When this was."""


def status_rows(status: HubStatus) -> list[tuple[str, ...]]:
    """Return a row for each site, in the columns of STATUS_COLUMNS."""
    return [_row(site, status.now) for site in status.sites]


def _row(site: SiteStatus, now: datetime) -> tuple[str, ...]:
    hello = site.hello
    return (
        site.site,
        "alive" if site.alive else "silent",
        age(hello.sent, now) if hello else "never",
        f"{hello.in_flight} of {hello.width}" if hello and site.alive else "-",
        _number(site.waiting),
        _number(site.results),
        hello.version if hello else "-",
        (hello.machine if hello else "") or "-",
    )


def _number(found: int | None) -> str:
    return "-" if found is None else str(found)


def status_words(status: HubStatus) -> Iterator[str]:
    """Say what is wrong, and what to look at."""
    if not status.sites:
        yield "no site is known yet: `fleetcheck hub site add NAME --key KEY`"
    for site in status.sites:
        yield from (f"site {site.site}: {remark}" for remark in site.remarks)
        if not site.alive and not site.remarks:
            yield (
                f"site {site.site}: its worker is not there; at the site: `fleetcheck worker --config "
                f"{site.site}.yaml`, and can that machine reach {status.broker}?"
            )
    if status.dead:
        batches = plural(status.dead, "batch", "batches")
        yield f"{batches} that no worker could finish: the next scan tells of them"


def status_document(status: HubStatus) -> dict[str, Any]:
    """Say all of it."""
    return envelope(
        "hub-status",
        broker=status.broker,
        time=plain(status.now),
        dead=status.dead,
        sites=[
            {
                "site": site.site,
                "alive": site.alive,
                "waiting": site.waiting,
                "results": site.results,
                "worker": plain(site.hello),
                "remarks": list(site.remarks),
            }
            for site in status.sites
        ],
    )
