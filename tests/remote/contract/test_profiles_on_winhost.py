"""The shipped profiles of other products, on a real engine with a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.model import Host
from inventory.profile import load_profile
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.verdict import judge
from orchestrator.remote.contract.probe import decode_probe, probe_parameters
from orchestrator.remote.session import Script
from tests import winhosts as kit

PROBE = Script.load("probe").text
KMS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
GROUPS = r"SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Agent Management Groups"


@pytest.fixture
def host(winhosts: list[kit.Winhost]) -> Iterator[kit.Winhost]:
    """Yield one real host; what the products' keys hold is gone afterwards."""
    yield winhosts[0]
    for key in (KMS, r"SOFTWARE\Microsoft\Microsoft Operations Manager"):
        kit.registry().delete_key(winhosts[0].prefix, rf"HKLM\{key}")


def judged(host: kit.Winhost, profile: str, **desired: int) -> Judgement:
    """Probe the host for a product, whole list and all, and judge what it says."""
    asked = Host(
        name="one",
        address=host.address,
        port=host.port,
        profile=load_profile(profile, Path()),
        desired=desired,
    )
    parameters = probe_parameters(asked, mode="auto", canaries=True, deadline_ms=20_000, width=60)
    answer = host.run(PROBE, parameters)
    assert answer.noise == ()
    reading = decode_probe(answer.text, asked, mode="auto")
    return judge(reading, profile=asked.profile, desired=desired, gateways={})


def test_a_kms_client_is_read_on_a_real_engine(host: kit.Winhost, net: str) -> None:
    """The port is a string, the server's name stands beside it, and no connection is needed to be well."""
    server = f"{net}.31"
    host.arrange(
        64, KMS, [("KeyManagementServiceName", "SZ", server), ("KeyManagementServicePort", "SZ", "1688")]
    )
    with kit.network(opened=[(server, 1688)]):
        found = judged(host, "kms-client")
    assert (found.verdict, found.roles[0].pin.port, found.roles[0].pin.kind) == (Verdict.OK, 1688, "SZ")
    assert judged(host, "kms-client").verdict is Verdict.CUT_OFF


def test_a_scom_agent_is_found_below_its_management_group(host: kit.Winhost, net: str) -> None:
    """The wildcard becomes the group that is there; the agent's connection is what makes it well."""
    server = f"{net}.32"
    key = rf"{GROUPS}\CONTOSO-MG\Parent Health Services\0"
    host.arrange(64, key, [("NetworkName", "SZ", server), ("Port", "DWORD", 5723)])
    with kit.network(opened=[(server, 5723)], live=[(server, 5723)]):
        found = judged(host, "scom-agent", primary=5723)
    assert (found.verdict, found.roles[0].pin.port, found.roles[0].live) == (Verdict.OK, 5723, (5723,))
    with kit.network(opened=[(server, 5723)]):
        assert judged(host, "scom-agent").verdict is Verdict.DISCONNECTED
    other = rf"{GROUPS}\Fabrikam\Parent Health Services\0"
    host.arrange(64, other, [("NetworkName", "SZ", server), ("Port", "DWORD", 5723)])
    assert judged(host, "scom-agent").verdict is Verdict.UNREADABLE
