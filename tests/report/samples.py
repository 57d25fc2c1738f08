"""Records made by hand for the screens' tests: fixed times, documentation addresses, nothing measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inventory.model import ListedPort, Profile, RoleValues
from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.judgement import Belief, Judgement, Pin, RoleJudgement
from orchestrator.domain.outcome import Failed, Phase, Probed, Trace
from orchestrator.domain.reading import (
    Attempt,
    Canary,
    Connection,
    Identity,
    Interface,
    Kind,
    Part,
    Reading,
    Result,
    Source,
    Target,
    Value,
    View,
    ViewState,
)
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=5)
KEY = r"SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route"
PRIMARY, BACKUP = "203.0.113.10", "203.0.113.20"
PORTS = (
    (2147, "LiveVault tunnel"),
    (554, "RTSP"),
    (1090, "RealPlayer PNA"),
    (1720, "H.323"),
    (1755, "Windows Media"),
    (1503, "T.120"),
    (7070, "RealPlayer alternative"),
    (1863, "MSN"),
    (5190, "AOL"),
    (443, "HTTPS"),
    (636, "LDAPS"),
    (389, "LDAP"),
    (80, "HTTP"),
    (25, "SMTP"),
    (119, "NNTP"),
    (123, "NTP"),
)
PROFILE = Profile(
    name="livevault",
    title="LiveVault",
    key=KEY,
    roles=(
        RoleValues(role="primary", port_value="PrimaryTunnelPort"),
        RoleValues(role="backup", port_value="BackupTunnelPort"),
    ),
    ports=tuple(ListedPort(number=number, label=label) for number, label in PORTS),
    canary_port=9,
)
TRACE = Trace(
    started=NOON,
    ended=NOON + timedelta(seconds=3.4),
    auth="ntlm",
    certificate="sha256:" + "ab" * 32,
    script="cd" * 32,
    timings={"run": 3100},
    received=5120,
)


def scan(scan_id: int = 12, **changes: object) -> ScanRecord:
    """Make a finished scan of two hosts, changed as asked."""
    return replace(
        ScanRecord(
            id=scan_id,
            started=NOON,
            mode="auto",
            inventory="fleet.yaml",
            inventory_digest="ef" * 32,
            selection="",
            hosts=("web1", "db7"),
            command="fleetcheck scan",
            user="ops",
            version="0.1.0",
            script="cd" * 32,
            state=ScanState.FINISHED,
            ended=NOON + timedelta(seconds=48),
        ),
        **changes,
    )


def _attempts() -> tuple[Attempt, ...]:
    def attempt(role: str, port: int, result: Result, took: int | None, number: int = 1) -> Attempt:
        address = PRIMARY if role == "primary" else BACKUP
        return Attempt(
            role=role,
            source=Source.INVENTORY,
            target=address,
            address=address,
            port=port,
            result=result,
            milliseconds=took,
            number=number,
        )

    listed = []
    for role in ("primary", "backup"):
        listed.append(attempt(role, 2147, Result.TIMED_OUT, 3000))
        listed.append(attempt(role, 2147, Result.TIMED_OUT, 3001, number=2))
        for port, _ in PORTS[1:]:
            connects = port == 443 and role == "primary"
            listed.append(
                attempt(
                    role,
                    port,
                    Result.CONNECTED if connects else Result.REFUSED,
                    12 if connects else 3,
                ),
            )
    listed.append(attempt("backup", 8443, Result.BLOCKED_LOCALLY, 0))
    return tuple(listed)


READING = Reading(
    mode="auto",
    identity=Identity(
        computer="WEB1",
        fqdn="web1.corp.example",
        machine_id="11111111-2222-3333-4444-555555555555",
        os_name="Windows Server 2019 Standard",
        os_version="10.0.17763",
        powershell="5.1.17763.1",
        edition="Desktop",
        clr="4.0.30319",
        language="FullLanguage",
        clock=NOON + timedelta(seconds=2),
        time_zone="W. Europe Standard Time",
        utc_offset=60,
        elevated=True,
        bits=64,
        interfaces=(Interface(name="Ethernet", addresses=("10.1.2.3", "fe80::1")),),
    ),
    views=(
        View(
            view=64,
            state=ViewState.PRESENT,
            path=KEY,
            values=(
                Value(name="PrimaryTunnelPort", kind=Kind.DWORD, data=2147),
                Value(name="BackupTunnelPort", kind=Kind.SZ, data="2147"),
                Value(name="Comment", kind=Kind.SZ, data="\x1b[31m[bold]red\u202e"),
            ),
        ),
        View(view=32, state=ViewState.ABSENT),
    ),
    targets=(
        Target(role="primary", source=Source.INVENTORY, name=PRIMARY, addresses=(PRIMARY,), decides=True),
        Target(role="backup", source=Source.INVENTORY, name=BACKUP, addresses=(BACKUP,), decides=True),
    ),
    attempts=_attempts(),
    canaries=(Canary(kind="port", address=PRIMARY, port=9, result=Result.REFUSED, milliseconds=3),),
    connections=(
        Connection(
            local_address="10.1.2.3",
            local_port=50123,
            remote_address=PRIMARY,
            remote_port=2147,
            state="Established",
        ),
    ),
    connections_complete=True,
    parts=(Part(name="identity", milliseconds=3),),
    whole_list=True,
)


def _beliefs(open_ports: tuple[int, ...] = ()) -> dict[int, Belief]:
    return {number: Belief.OPEN if number in open_ports else Belief.CLOSED for number, _ in PORTS}


BLOCKED = Judgement(
    verdict=Verdict.CUT_OFF,
    role="backup",
    view=64,
    any_live=True,
    roles=(
        RoleJudgement(
            role="primary",
            verdict=Verdict.BLOCKED,
            pin=Pin(port=2147, kind="DWORD", shown="2147"),
            desired=443,
            beliefs=_beliefs((443,)),
            live=(2147,),
            evidence=("primary 2147: timed out after 3.0 s, twice; 443 open",),
            action="write the desired pin: fleetcheck repin plan",
        ),
        RoleJudgement(
            role="backup",
            verdict=Verdict.CUT_OFF,
            pin=Pin(port=2147, kind="SZ", shown="2147"),
            desired=8443,
            beliefs=_beliefs(),
            live=(),
            evidence=("backup 2147: timed out after 3.0 s, twice; no listed port is open",),
            action="ask the firewall's owner to permit TCP 2147",
        ),
    ),
    evidence=(
        "tunnel still up on primary 2147, breaks at the next reconnect",
        "primary 2147: timed out after 3.0 s, twice; 443 open",
        "backup 2147: timed out after 3.0 s, twice; no listed port is open",
    ),
    action="ask the firewall's owner to permit TCP 2147",
)


def probed(host: str = "web1", judgement: Judgement = BLOCKED, **changes: object) -> HostRecord:
    """Make a host that answered; every port report's case in one reading."""
    return replace(
        HostRecord(
            host=host,
            address=f"{host}.corp.example",
            port=5986,
            profile=PROFILE,
            outcome=Probed(host=host, reading=READING, trace=TRACE),
            judgement=judgement,
            site="paris",
            groups=("paris-dmz", "paris"),
            tags=("web", "prod"),
            desired={"primary": 443, "backup": 8443},
            gateways={"primary": PRIMARY, "backup": BACKUP},
        ),
        **changes,
    )


def failed(host: str = "db7", cause: Cause = Cause.LOGON_FAILED, **changes: object) -> HostRecord:
    """Make a host that gave no reading."""
    detail, advice = (
        "the host answered 401",
        "wrong, locked and blocked look the same from here: try it by hand",
    )
    return replace(
        HostRecord(
            host=host,
            address=f"{host}.corp.example",
            port=5986,
            profile=PROFILE,
            outcome=Failed(
                host=host,
                phase=Phase.AUTH,
                cause=cause,
                detail=detail,
                advice=advice,
                trace=replace(TRACE, auth=None, tries=3),
            ),
            judgement=Judgement(
                verdict=Verdict.UNKNOWN, evidence=(f"auth: {cause}: {detail}",), action=advice
            ),
        ),
        **changes,
    )
