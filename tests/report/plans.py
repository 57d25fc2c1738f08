"""Plans made by hand for the ticket's tests: three ways to change, risks, reasons to leave hosts out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from orchestrator.domain.approval.signatures import Approval, Approvals, NotCounted
from orchestrator.domain.repin.plan import (
    Evidence,
    LeftOut,
    Plan,
    PlannedHost,
    RoleChange,
    WaivedHost,
    WriteTarget,
)
from tests.report.samples import KEY, NOON

NOW = NOON + timedelta(minutes=50)
WAIVED = {
    "include_waived": "change 4712",
    "waived": (
        WaivedHost(host="paris-db1", verdict="drifted", reason="change 4711", until=date(2027, 1, 31)),
    ),
    "credential": "writer",
}
"""What a plan holds that goes over a waiver."""
APPROVALS = Approvals(
    demanded=2,
    origin="/etc/fleetcheck/approvals.toml",
    counted=(Approval(who="ann", kind="ED25519", key="SHA256:AnnsKey", text="-----BEGIN"),),
    not_counted=(NotCounted(who="eve", why="it signs something else than this plan"),),
)
"""One of two has signed, and a signature that does not count stands beside."""
SCANS = {12: NOON, 11: NOON - timedelta(hours=3)}


def planned(host: str, *changes: tuple[str, int, int], why: str, **fields: object) -> PlannedHost:
    """Plan a host; `changes` are (role, old, new)."""
    made = PlannedHost(
        host=host,
        address=f"{host}.corp.example",
        port=5986,
        site="paris",
        facts={"name": host, "port": 5986},
        key=KEY,
        computer=host.upper(),
        machine_id=f"machine-of-{host}",
        roles=tuple(RoleChange(role=role, old=old, new=new) for role, old, new in changes),
        targets=tuple(
            WriteTarget(
                view=64,
                value=f"{role.title()}TunnelPort",
                kind="DWORD",
                expected=str(old),
                new=str(new),
                role=role,
            )
            for role, old, new in changes
        ),
        evidence=(Evidence(scan=12, read=SCANS[12]),),
        why=why,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's own fields


def plan(**fields: object) -> Plan:
    """Make a plan of 26 hosts with 5 left out."""
    both = [
        planned(
            f"paris-web{number:02}",
            ("primary", 2147, 443),
            ("backup", 2147, 443),
            why="desired: primary 2147 is closed, 443 is open; backup 2147 is closed, 443 is open",
        )
        for number in range(24)
    ]
    one = planned(
        "paris-db1",
        ("primary", 443, 443),
        ("backup", 2147, 443),
        why="desired: backup 2147 is open, 443 is open",
        risks=("a tunnel is up on backup 2147: the agent will reconnect",),
        site=None,
        evidence=(Evidence(scan=12, read=SCANS[12]), Evidence(scan=11, read=SCANS[11])),
    )
    apart = planned(
        "paris-dmz1",
        ("primary", 2147, 443),
        ("backup", 2147, 80),
        why="desired: primary 2147 is closed, 443 is open; backup 2147 is closed, 80 is open",
        risks=("the two gateways get different ports",),
        site="dmz",
    )
    left = (
        LeftOut(host="paris-app1", reason="the inventory says `repin: forbid`"),
        LeftOut(host="paris-app2", reason="never scanned: fleetcheck scan --limit paris-app2"),
        LeftOut(host="paris-app3", reason="never scanned: fleetcheck scan --limit paris-app3"),
        LeftOut(
            host="paris-app4",
            reason="primary 443 is not open: a firewall rule first (or --force-closed REASON)",
        ),
        LeftOut(host="paris-app5", reason="nothing to do: pinned as wanted"),
    )
    made = Plan(
        id="0b6f0f3e-0000-4000-8000-000000000001",
        created=NOW - timedelta(minutes=5),
        expires=NOW - timedelta(minutes=5) + timedelta(hours=24),
        policy="desired",
        selection="site=paris",
        inventory="fleet.yaml",
        inventory_digest="ab" * 32,
        script="cd" * 32,
        version="0.1.0",
        user="ops",
        hosts=(*both, one, apart),
        left_out=left,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's own fields
