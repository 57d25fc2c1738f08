"""What the probe is given: every parameter of the contract, in types that survive the way."""

from __future__ import annotations

import re

import pytest

from inventory.model import Host, Profile, RoleValues
from orchestrator.remote.contract.probe import probe_parameters
from orchestrator.remote.session import Parameter, Script
from tests.remote.scenarios import CANARY_PORT, LIST, Scenario, scenarios


def given(scenario: Scenario, **changed: int) -> dict[str, Parameter]:
    """Return the parameters of a host."""
    limits = {"deadline_ms": 20_000, "width": 60} | changed
    return probe_parameters(scenario.host(), mode="auto", canaries=True, **limits)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_only_plain_ints_texts_and_lists_travel(scenario: Scenario) -> None:
    """Every value is an int, a string or a list of one of these: other types fail inside PSRP."""
    for name, value in scenario.parameters().items():
        kinds = {type(item) for item in value} if type(value) is list else {type(value)}
        assert len(kinds) <= 1, name
        assert kinds <= {int, str}, name


def test_names_are_those_that_the_script_declares() -> None:
    """The script is given exactly the parameters that it declares."""
    text = Script.load("probe").text
    declared = re.findall(
        r"\[(?:string|int)(?:\[\])?\]\$(\w+)", text[text.index("param(") : text.index("\n)")]
    )
    assert sorted(given(Scenario(name="any", about=""))) == sorted(declared)


def test_roles_run_parallel_and_absence_is_empty() -> None:
    """What a role does not have is an empty text or a zero at its place in the lists."""
    scenario = Scenario(
        name="half",
        about="",
        gateways={"backup": "127.0.9.12"},
        desired={"primary": 443},
        address_values={"backup": "B"},
    )
    found = given(scenario)
    assert (found["Roles"], found["Gateways"]) == (["primary", "backup"], ["", "127.0.9.12"])
    assert (found["Desired"], found["AddressValues"]) == ([443, 0], ["", "B"])
    assert (found["CanaryAddress"], found["CanaryPort"]) == ([], [CANARY_PORT])


def test_hosts_own_canary_address_wins() -> None:
    """A canary address of the host replaces the profile's."""
    host = Scenario(name="any", about="", canary_address="127.0.9.14").host()
    own = Host(
        name=host.name, address=host.address, port=1, profile=host.profile, canary_address="127.0.9.15"
    )
    found = probe_parameters(own, mode="full", canaries=True, deadline_ms=1, width=1)
    assert found["CanaryAddress"] == ["127.0.9.15"]


def test_canaries_off_names_none() -> None:
    """Without canaries the script is given none."""
    host = Scenario(name="any", about="", canary_address="127.0.9.14").host()
    found = probe_parameters(host, mode="full", canaries=False, deadline_ms=1, width=1)
    assert (found["CanaryAddress"], found["CanaryPort"]) == ([], [])


def test_long_deadline_stays_an_int32() -> None:
    """A deadline of years is cut to what PSRP can carry: a larger int once hung a call for minutes."""
    assert given(Scenario(name="any", about=""), deadline_ms=2**40)["DeadlineMs"] == 2**31 - 1


def test_time_out_travels_in_milliseconds() -> None:
    """The profile's seconds become milliseconds, never zero."""
    roles = (RoleValues(role="primary", port_value="P"),)
    times = []
    for seconds in (3.0, 0.25, 0.0001):
        profile = Profile(name="p", title="p", key="K", roles=roles, connect_timeout=seconds)
        host = Host(name="h", address="127.0.0.1", port=1, profile=profile)
        times.append(probe_parameters(host, mode="auto", canaries=True, deadline_ms=1, width=1)["TimeoutMs"])
    assert times == [3000, 250, 1]
    assert given(Scenario(name="any", about=""))["Ports"] == list(LIST)
