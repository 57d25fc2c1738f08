"""`doctor` of hosts behind a proxy: the hop has a stage of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from inventory.load import load
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.domain.execution.examination import Examination, Stage, State
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.examine.run import ExamineServices, examine
from orchestrator.fleet.options import ScanOptions
from orchestrator.remote.look import Looker
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from orchestrator.report.doctor.screen import DoctorReport, doctor_screen
from tests.fleet.wire import logons_of
from tests.remote.net.via.far import SocksServer
from tests.remote.wired import simulated
from tests.report.conftest import render

pytestmark = pytest.mark.wire

FAR = ("web1.far.example", 5985)


def examined(folder: Path, table: Any, *, down: bool = False) -> Examination:
    """Examine a host behind a proxy that leads to a simulated one, refuses, or is not there."""

    async def body() -> Examination:
        async with SimulatedFleet([simulated("web1", transport="http", auth="ntlm")]) as fleet:
            there = {FAR: ("127.0.0.1", fleet.host("web1").port)}
            proxy = SocksServer(there if table is None else {FAR: table})
            async with proxy.serving():
                via = "socks5h://127.0.0.1:9" if down else proxy.url
                return await one(folder, via)

    return asyncio.run(body())


async def one(folder: Path, via: str) -> Examination:
    """Examine the host by its way."""
    (folder / "password").touch(0o600)
    (folder / "password").write_text("Passw0rd!")
    secret = {"from": "file", "path": "password"}
    content = {
        "credentials": {"ops": {"username": "CORP\\svc-fleetcheck", "password": secret}},
        "defaults": {"credential": "ops", "auth": "ntlm", "transport": "http", "port": FAR[1], "via": via},
        "hosts": {"web1": {"address": FAR[0]}},
    }
    (folder / "fleet.yaml").write_text(json.dumps(content))
    fleet = load(folder / "fleet.yaml")
    made = transport(TransportName.NATIVE, jobs=1)
    looker = Looker()
    try:
        services = ExamineServices(
            transport=made, looker=looker, logons=logons_of(fleet), clock=SystemClock()
        )
        (found,) = await examine(
            tuple(fleet.hosts.values()), options=ScanOptions(jobs=1), services=services, stop=StopRequest()
        )
    finally:
        await looker.aclose()
        await made.aclose()
    return found


def test_a_host_behind_a_proxy_has_a_hop_between_tcp_and_the_rest(tmp_path: Path) -> None:
    """The name is for the far end to look up; the screen names the way."""
    found = examined(tmp_path, None)
    stages = {one.stage: one for one in found.stages}
    assert list(stages) == list(Stage)
    assert found.stopped is None, found.stopped
    assert stages[Stage.RESOLVE].state is State.NOT_NEEDED
    assert stages[Stage.HOP].seen == (f"it leads to {FAR[0]}, port {FAR[1]}",)
    assert stages[Stage.HOP].milliseconds is not None
    assert f"via {found.via}" in render(doctor_screen(DoctorReport(hosts=(found,))), 120)


@pytest.mark.parametrize(
    ("reply", "down", "stage", "cause"),
    [
        (None, True, Stage.TCP, "via-unreachable"),
        (2, False, Stage.HOP, "via-not-allowed"),
        (4, False, Stage.HOP, "via-host-unreachable"),
        (5, False, Stage.HOP, "via-host-refused"),
    ],
)
def test_a_proxy_that_is_down_and_one_that_refuses_are_told_apart(
    tmp_path: Path, reply: int | None, down: bool, stage: Stage, cause: str
) -> None:
    """Not reached at all is TCP's; what it answers about the host is the hop's."""
    at = examined(tmp_path, reply, down=down).stopped
    assert at is not None
    assert (at.stage, at.state, at.cause) == (stage, State.FAILED, cause)
    assert at.advice
