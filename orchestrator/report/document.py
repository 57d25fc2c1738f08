"""The JSON documents that `--json` prints: every one says its kind and its version. `docs/json.md` lists the
keys.

A key is never given another meaning; one that goes away or changes raises the document's version.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.model import Fleet, Host, Profile, Waiver
from orchestrator.domain.group import Group
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.outcome import Probed
from orchestrator.domain.primitives.inventories import in_words, paths_of
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.views.brief import Brief, brief_of
from orchestrator.version import VERSION

if TYPE_CHECKING:  # these draw screens, too
    from orchestrator.report.host import Sighting
    from orchestrator.report.summary import ScanReport

VERSIONS = {
    "scan": 1,
    "host": 1,
    "history": 1,
    "scans": 1,
    "hosts": 1,
    "inventory": 1,
    "inventory-host": 1,
    "inventory-check": 1,
    "profile": 1,
    "profiles": 1,
    "profile-check": 1,
    "audit": 1,
    "config": 1,
    "db-copy": 1,
    "hub-status": 1,
    "diff": 1,
    "doctor": 1,
    "fleet": 1,
    "unblock": 1,
    "firewall": 1,
    "firewall-merged": 1,
    "repin-approval": 1,
    "repin-import": 1,
    "repin-plan": 1,
    "repin-run": 1,
    "repin-runs": 1,
    "what-if": 1,
    "notice": 1,
    "changes": 1,
    "notify-test": 1,
    "notify-targets": 1,
}


def envelope(kind: str, **content: Any) -> dict[str, Any]:
    """Put a document's head in front of its content."""
    return {"fleetcheck": {"version": VERSION, "document": kind, "v": VERSIONS[kind]}, **content}


def plain(value: Any) -> Any:  # noqa: PLR0911  # a kind of value a line
    """Turn values into what JSON has: dataclasses, named tuples and mappings into objects, times into ISO
    8601 in UTC.
    """
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case date():  # a datetime is one
            return value.isoformat()
        case Path():
            return str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() if hasattr(value, "_asdict"):  # a named one
            return plain(value._asdict())
        case tuple() | list() | set() | frozenset():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"no JSON for {type(value).__name__}")


def scan_head(scan: ScanRecord) -> dict[str, Any]:
    """Say what a scan was; its hosts as a count."""
    head: dict[str, Any] = plain(dataclasses.replace(scan, hosts=()))
    head["hosts"] = len(scan.hosts)
    return head | inventories(scan.inventory)


def inventories(kept: str) -> dict[str, Any]:
    """Say which files a scan or a plan was made from: in words, and one by one."""
    return {"inventory": in_words(kept), "inventories": list(paths_of(kept))}


def scan_document(report: ScanReport) -> dict[str, Any]:
    """Say how a scan ended, all but its hosts: these come last, under `hosts`, as `host_line` gives them."""
    counts = plain(report.summary.counts)
    counts["verdicts"] = {verdict.value: number for verdict, number in report.summary.counts.verdicts}
    return envelope(
        "scan",
        scan=scan_head(report.scan),
        exit_code=report.code,
        database=report.place,
        counts=counts,
        groups=[_group(group) for group in report.summary.groups],
        not_started=list(report.not_started),
        warnings=list(report.warnings),
        remarks=list(report.summary.remarks),
        same_machine=plain(report.summary.same_machine),
        ntlm=report.summary.ntlm,
        last_known=plain(report.last_known),
    )


def _group(group: Group) -> dict[str, Any]:
    key = group.key
    return {
        "verdict": key.verdict.value,
        "label": key.label,
        "ports": key.ports,
        "cause": key.cause,
        "any_live": key.any_live,
        "waived": list(group.reasons) if key.waived else None,
        "action": group.action,
        "same_action": group.same_action,
        "hosts": list(group.hosts),
    }


def host_line(record: Brief) -> dict[str, Any]:
    """Say a host's result in short, for lists: no attempts, no registry values."""
    judgement = record.judgement
    return {
        "host": record.host,
        "address": record.address,
        "port": record.port,
        "via": record.via,
        "site": record.site,
        "groups": list(record.groups),
        "tags": list(record.tags),
        "verdict": judgement.verdict.value,
        "role": judgement.role,
        "waived": record.waived,
        "any_live": judgement.any_live,
        "roles": [_role_line(role) for role in judgement.roles],
        "failure": None if record.failure is None else plain(record.failure),
        "logon": record.auth,
        "no_kerberos": record.no_kerberos,
        "action": judgement.action,
        "ended": record.ended.isoformat(),
    }


def _role_line(role: RoleJudgement) -> dict[str, Any]:
    return {
        "role": role.role,
        "verdict": role.verdict.value,
        "pin": role.pin.port,
        "desired": role.desired,
        "open": [port for port, belief in role.beliefs.items() if belief is Belief.OPEN],
        "live": list(role.live),
    }


def host_document(sighting: Sighting) -> dict[str, Any]:
    """Say all that is known of a host from one scan."""
    record, judgement = sighting.record, sighting.record.judgement
    content = {
        **host_line(brief_of(record)),
        "profile": record.profile.name,
        "desired": plain(record.desired),
        "gateways": plain(record.gateways),
        "repin": record.repin,
        "view": judgement.view,
        "evidence": list(judgement.evidence),
        "remarks": list(judgement.remarks),
        "trace": plain(record.outcome.trace),
        "reading": plain(record.outcome.reading) if isinstance(record.outcome, Probed) else None,
    }
    content["roles"] = [
        {
            **_role_line(role),
            "pin_kind": role.pin.kind,
            "pin_shown": role.pin.shown,
            "beliefs": plain(role.beliefs),
            "evidence": list(role.evidence),
            "action": role.action,
        }
        for role in judgement.roles
    ]
    last = None
    if sighting.last is not None:
        last = {"scan": sighting.last[0].id, **host_line(brief_of(sighting.last[1]))}
    return envelope(
        "host", scan=scan_head(sighting.scan), host=content, last_reading=last, since=sighting.since
    )


def scans_document(scans: Iterable[ScanRecord]) -> dict[str, Any]:
    """List scans, newest first."""
    return envelope("scans", scans=[scan_head(scan) for scan in scans])


def hosts_document(hosts: Iterable[Host]) -> dict[str, Any]:
    """List the names that a selection means."""
    return envelope("hosts", hosts=[host.name for host in hosts])


def setting_of(host: Host) -> dict[str, Any]:
    """Say a host's settings; its profile by name."""
    fields: dict[str, Any] = plain(dataclasses.replace(host, origins={}))
    del fields["origins"]
    return {**fields, "profile": host.profile.name}


def inventory_document(fleet: Fleet, hosts: Iterable[Host]) -> dict[str, Any]:
    """List hosts with their settings resolved."""
    return envelope(
        "inventory",
        file=fleet.shown,
        digest=fleet.digest,
        inventories=plain(fleet.inventories),
        hosts=[setting_of(host) for host in hosts],
        groups=plain(fleet.groups),
        waivers=plain(fleet.waivers),
        remarks=list(fleet.remarks),
    )


def inventory_host_document(host: Host) -> dict[str, Any]:
    """Say one host's settings and where each came from."""
    return envelope("inventory-host", host=setting_of(host), origins=plain(host.origins))


def check_document(fleet: Fleet | None, problems: Iterable[Any], expired: Iterable[Waiver]) -> dict[str, Any]:
    """Say whether an inventory is right.

    `problems` have file, line and message; `fleet` is None where there are any.
    """
    return envelope(
        "inventory-check",
        problems=_problems(problems),
        hosts=len(fleet.hosts) if fleet else None,
        groups=len(fleet.groups) if fleet else None,
        credentials=len(fleet.credentials) if fleet else None,
        waivers=len(fleet.waivers) if fleet else None,
        expired_waivers=plain(tuple(expired)),
        remarks=[*fleet.remarks, *fleet.notes] if fleet else [],
    )


def profile_document(profile: Profile) -> dict[str, Any]:
    """Say all of a profile."""
    return envelope("profile", profile=plain(profile))


def profile_check_document(profile: Profile | None, problems: Iterable[Any]) -> dict[str, Any]:
    """Say whether a profile is right.

    `problems` as for an inventory; `profile` is None where there are any.
    """
    return envelope(
        "profile-check",
        problems=_problems(problems),
        remarks=list(profile.remarks) if profile else [],
        profile=plain(profile) if profile else None,
    )


def _problems(problems: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"file": str(item.file), "line": item.line, "message": item.message} for item in problems]


def profiles_document(profiles: Iterable[Profile]) -> dict[str, Any]:
    """List the shipped profiles."""
    return envelope("profiles", profiles=[{"name": item.name, "title": item.title} for item in profiles])
