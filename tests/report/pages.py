"""The fleet's page, made of hosts by hand as `fleetcheck report --html` makes it of a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from inventory.verdicts import Verdict
from orchestrator.domain.execution.tally import Counts, Tally
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.standing import HostNow
from orchestrator.domain.views.fleet_now import FleetSummariser
from orchestrator.domain.views.gateways import Gateways
from orchestrator.report.host_rows import HostRows
from orchestrator.report.html.fleet import FleetPage, fleet_html
from orchestrator.report.views.fleet_now import FleetReport
from tests.report.samples import NOW, PROFILE, scan
from tests.report.standings import standing

MAX_AGE = timedelta(days=7)
EVIL = (
    "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    "</title></style>\"'&<!--\u202e\x1b[31m\u2028\\u003c=HYPERLINK(1){{7*7}}\ud800"
)
SEEN = (
    "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    "</title></style>\"'&<!--\\u202e\\x1b[31m\\u2028\\u003c=HYPERLINK(1){{7*7}}\\ud800"
)


def page(
    hosts: Iterable[HostNow],
    scans: Sequence[tuple[ScanRecord, Counts]] = (),
    *,
    warnings: tuple[str, ...] = (),
    place: str = "/var/lib/fleetcheck/fleetcheck.db",
) -> FleetPage:
    """Make the page's values; it is NOW, and what is older than seven days is old."""
    summariser = FleetSummariser(now=NOW, max_age=MAX_AGE, by="site")
    rows, gateways = HostRows(NOW - MAX_AGE, "site"), Gateways()
    for host in hosts:
        summariser.add(host)
        rows.add(host)
        gateways.add(host.standing)
    fleet = summariser.summary()
    return FleetPage(
        report=FleetReport(
            fleet=fleet,
            now=NOW,
            max_age=MAX_AGE.total_seconds(),
            by="site",
            place=place,
            warnings=warnings,
        ),
        table=rows.table(fleet.changes),
        gateways=gateways.uses(),
        scans=scans,
        version="0.1.0",
    )


def counts(selected: int, *, blocked: int = 0, waived: int = 0, unknown: int = 0) -> Counts:
    """Count a scan in which so many hosts were not well, and all others were."""
    tally = Tally(selected)
    tally.add(Verdict.BLOCKED, waived=False, hosts=blocked)
    tally.add(Verdict.DRIFTED, waived=True, hosts=waived)
    tally.add(Verdict.UNKNOWN, waived=False, hosts=unknown)
    tally.add(Verdict.OK, waived=False, hosts=selected - blocked - waived - unknown)
    return tally.counts()


def written(path: Path, made: FleetPage) -> str:
    """Write a page to a file; return the address that a browser opens."""
    path.write_text(fleet_html(made), encoding="utf-8")
    return path.as_uri()


def hostile() -> FleetPage:
    """Make a page in which every word that can come from a host, an inventory or a database is hostile."""
    role = RoleJudgement(
        role=EVIL,
        verdict=Verdict.BAD_PIN,
        pin=Pin(port=None, kind="SZ", shown=EVIL),
        desired=2147,
        beliefs={2147: Belief.OPEN},
        live=(443,),
        evidence=(),
        action=EVIL,
    )
    profile = replace(
        PROFILE,
        title=EVIL,
        roles=(replace(PROFILE.roles[0], role=EVIL),),
        ports=(replace(PROFILE.ports[0], label=EVIL), *PROFILE.ports[1:]),
    )
    bad = replace(
        standing(EVIL),
        judgement=Judgement(verdict=Verdict.BAD_PIN, role=EVIL, roles=(role,), action=EVIL),
        address=f"{EVIL}.example",
        site=EVIL,
        groups=(EVIL,),
        gateways={EVIL: (EVIL,)},
        waived=EVIL,
        profile=profile,
    )
    failed = replace(bad, judgement=Judgement(verdict=Verdict.UNKNOWN, action=EVIL), cause=f"auth: {EVIL}")
    before = replace(bad, gateways={EVIL: ("203.0.113.10",)}, scan=11)
    fields = dict.fromkeys(("mode", "inventory", "selection", "command", "user", "version"), EVIL)
    return page(
        [
            HostNow(latest=failed, known=bad, before=before),
            HostNow(latest=replace(failed, host="never", waived=None)),
            *(
                HostNow(latest=replace(bad, host=f"more{n}"), known=replace(bad, host=f"more{n}"))
                for n in range(3)
            ),
        ],
        [(scan(12, **fields), counts(1))],
        warnings=(EVIL,),
        place=EVIL,
    )
