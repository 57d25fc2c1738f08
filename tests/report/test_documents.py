"""The JSON documents, and the page that promises their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from inventory.errors import Problem
from inventory.model import Credential, Fleet, Host, Origin, Waiver
from orchestrator.app.sites.status import HubStatus, SiteStatus
from orchestrator.domain.config.settings import Origin as Set
from orchestrator.domain.config.settings import Seen
from orchestrator.domain.outcome import Probed
from orchestrator.domain.repin.audit import AuditCheck, BrokenLink
from orchestrator.domain.repin.journal import State
from orchestrator.domain.sites.unit import Hello
from orchestrator.domain.views.brief import brief_of
from orchestrator.domain.views.history import history
from orchestrator.domain.views.summary import summarise
from orchestrator.report import document
from orchestrator.report.config import ConfigReport, ConfigRow, config_document
from orchestrator.report.doctor.document import doctor_document
from orchestrator.report.host import Sighting
from orchestrator.report.notices.changes import changes_document
from orchestrator.report.notices.listing import ListedTarget, targets_document, tried_document
from orchestrator.report.notices.message import notice_document
from orchestrator.report.operation.copied import copy_document
from orchestrator.report.operation.sites import status_document
from orchestrator.report.repin import answers
from orchestrator.report.repin import document as repin_document
from orchestrator.report.repin.run import Process
from orchestrator.report.repin.ticket import ticket
from orchestrator.report.summary import LastKnown, ScanReport
from orchestrator.report.views.collapsed import merged_document
from orchestrator.report.views.diff import diff_document
from orchestrator.report.views.firewall import firewall_document
from orchestrator.report.views.fleet_now import fleet_document
from orchestrator.report.views.history import history_document
from orchestrator.report.views.unblock import unblock_document
from orchestrator.report.views.what_if import what_if_document
from tests.report import doctors, plans, runs, samples, standings
from tests.report.notices.test_changes import CHANGED
from tests.report.notices.test_message import CHANGES

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
WAIVER = Waiver(hosts=("web1",), verdict="drifted", reason="change 4711", until=date(2027, 1, 31), line=30)
HOST = Host(
    name="web1",
    address="web1.corp.example",
    port=5986,
    profile=samples.PROFILE,
    gateways=MappingProxyType({"primary": samples.PRIMARY}),
    desired=MappingProxyType({"primary": 2147}),
    tags=("web",),
    groups=("paris",),
    origins=MappingProxyType({"port": Origin("defaults", "fleet.yaml", 7)}),
)
FLEET = Fleet(
    path=Path("fleet.yaml"),
    digest="ef" * 32,
    hosts={"web1": HOST},
    groups={"paris": ("web1",)},
    credentials={"ops": Credential(name="ops", username="ops", password=None)},
    waivers=(WAIVER,),
    remarks=("a remark",),
)


def _scan() -> dict[str, Any]:
    records = [samples.probed(), samples.probed("web2", waived="change 4711"), samples.failed()]
    report = ScanReport(
        scan=samples.scan(),
        summary=summarise(records, selected=4),
        not_started=("late1",),
        code=5,
        place="fleetcheck.db",
        warnings=("loud",),
        last_known={"db7": LastKnown(scan=9, at=samples.NOON, verdict=samples.Verdict.OK, role=None)},
    )
    return {
        **document.scan_document(report),
        "hosts": [document.host_line(brief_of(record)) for record in records],
    }


def _host() -> dict[str, Any]:
    probed = replace(samples.probed().outcome.reading, canaries=samples.READING.canaries)
    record = samples.probed(
        outcome=Probed(host="web1", reading=probed, trace=replace(samples.TRACE, remarks=("slow",))),
        judgement=replace(samples.BLOCKED, remarks=("remark",)),
    )
    shown = document.host_document(Sighting(scan=samples.scan(), record=record))
    failed = document.host_document(Sighting(scan=samples.scan(), record=samples.failed()))
    shown["host"]["failure"] = failed["host"]["failure"]  # one sample with every key
    return shown


CONFIG = ConfigReport(
    rows=[ConfigRow(key="jobs", value=5, shown="5", origin=Set("config.toml", ("jobs",), line=3))],
    files=[Seen(file="config.toml", state="read")],
    warnings=["a warning"],
)

COPIED = SimpleNamespace(
    source="fleet.db",
    target="postgresql://db/fleet",
    tables=[SimpleNamespace(name="scan", rows=3, sha256="ab" * 32)],
    counters={"scan": 3},
    audit=AuditCheck(entries=3, last="ab" * 32, broken=BrokenLink(number=2, found="changed")),
)

_HEARD = datetime(2026, 11, 22, 23, 1, tzinfo=UTC)
HUB = HubStatus(
    broker="mq.corp.example:5671",
    now=_HEARD,
    dead=0,
    sites=(
        SiteStatus(
            site="paris",
            alive=True,
            waiting=1,
            results=2,
            hello=Hello(
                site="paris",
                worker="4711",
                version="0.2.0",
                protocol=1,
                sent=_HEARD,
                started=_HEARD,
                width=64,
                slots=2,
                in_flight=3,
                machine="par-hub-01",
                script="0" * 64,
            ),
            remarks=("its key is old",),
        ),
    ),
)

DOCUMENTS = {
    "db-copy": copy_document(COPIED),
    "config": config_document(CONFIG),
    "scan": _scan(),
    "host": _host(),
    "history": history_document(history("web1", standings.results()), standings.results()),
    "scans": document.scans_document([samples.scan()]),
    "diff": diff_document(standings.diff_report()),
    "doctor": doctor_document(doctors.report()),
    "unblock": unblock_document(standings.unblocking(), 0.95),
    "firewall": firewall_document(standings.walls()),
    "firewall-merged": merged_document(standings.merged(), standings.walls()),
    "fleet": fleet_document(standings.fleet_report()),
    "hosts": document.hosts_document([HOST]),
    "inventory": document.inventory_document(FLEET, [HOST]),
    "inventory-host": document.inventory_host_document(HOST),
    "inventory-check": document.check_document(FLEET, [Problem("fleet.yaml", 3, "wrong")], [WAIVER]),
    "profile": document.profile_document(samples.PROFILE),
    "profiles": document.profiles_document([samples.PROFILE]),
    "profile-check": document.profile_check_document(samples.PROFILE, [Problem("mine.yaml", 3, "wrong")]),
    "audit": repin_document.audit_document(
        AuditCheck(entries=3, last="ab" * 32, broken=BrokenLink(number=4, found="changed")),
        None,
        place="demo.db",
    ),
    "repin-approval": repin_document.approval_document(
        "1", plans.APPROVALS.counted[0], "plan.json.ann.sig", plans.APPROVALS
    ),
    "repin-import": answers.answers_document(
        [answers.Answer(host="web1", plan="1", state=State.CONFIRMED, detail="written", new=True)]
    ),
    "repin-run": {
        **repin_document.run_document(runs.report()),
        "hosts": [repin_document.result_line(runs.report(), runs.result("web1", State.CONFLICT))],
    },
    "repin-runs": repin_document.runs_document([(runs.record(), Process.GONE)]),
    "notice": notice_document(CHANGES),
    "changes": changes_document(CHANGED),
    "notify-test": tried_document("ops", CHANGES.id, None, None),
    "notify-targets": targets_document([ListedTarget(name="ops", kind="webhook")]),
    "hub-status": status_document(HUB),
    "what-if": what_if_document(standings.imagined()),
    "repin-plan": repin_document.plan_document(
        ticket(plans.plan(**plans.WAIVED), file="plan.json", approvals=plans.APPROVALS)
    ),
}


def _promised() -> dict[str, set[str]]:
    """Return the keys that the page lists under each heading."""
    sections = re.split(
        r"^## (\S+)$", PAGE.read_text(encoding="utf-8").split("\n# Plain lines")[0], flags=re.MULTILINE
    )
    return {
        kind: {
            key
            for line in text.splitlines()
            if line.startswith("- ")
            for key in re.findall(r"`([^`]+)`", line.split(": ")[0])
        }
        for kind, text in zip(sections[1::2], sections[2::2], strict=True)
    }


def _paths(value: Any, promised: set[str], path: str = "") -> Iterator[str]:
    """Yield the path of every leaf; a map of data, and what the page describes elsewhere, is a leaf."""
    if path and (f"{path}{{}}" in promised or path in promised):
        yield f"{path}{{}}" if f"{path}{{}}" in promised else path
    elif value is None and any(key.startswith((f"{path}.", f"{path}[")) for key in promised):
        return  # null in place of an object or array that another sample has
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, promised, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and f"{path}[]" not in promised:
        for item in value:
            yield from _paths(item, promised, f"{path}[]")
    else:
        yield f"{path}[]" if isinstance(value, list) else path


def test_every_document_is_described() -> None:
    """The page has a heading for each kind of document, and none for another."""
    assert set(_promised()) == set(document.VERSIONS) == set(DOCUMENTS)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_page_lists_exactly_the_keys(kind: str) -> None:
    """Each key that a document has is described, and each that is described exists."""
    promised = _promised()[kind]
    content = {key: value for key, value in DOCUMENTS[kind].items() if key != "fleetcheck"}
    assert set(_paths(content, promised)) == promised


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_documents_say_their_kind_and_version_first(kind: str) -> None:
    """The first key of every document is its envelope, and the document is valid ASCII JSON."""
    text = json.dumps(DOCUMENTS[kind], ensure_ascii=True)
    assert next(iter(json.loads(text).items())) == (
        "fleetcheck",
        {"version": document.VERSION, "document": kind, "v": document.VERSIONS[kind]},
    )


def test_documents_keep_what_a_host_said() -> None:
    """JSON is lossless: escape sequences and bidirectional marks come back as they were."""
    text = json.dumps(DOCUMENTS["host"], ensure_ascii=True)
    assert text.isascii()
    assert json.loads(text)["host"]["reading"]["views"][0]["values"][2]["data"] == "\x1b[31m[bold]red\u202e"
