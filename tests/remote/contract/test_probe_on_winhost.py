"""The probe on a real engine: what the recorded situations do not say."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.reading import Kind, Reading, Result, ViewState
from orchestrator.remote.contract.probe import LIMIT, decode_probe, probe_parameters
from orchestrator.remote.session import Script
from tests import winhosts as kit
from tests.remote.scenarios import KEY, LIST, Entry, Scenario

PROBE = Script.load("probe").text
FIRST = LIST[0]
PINS: tuple[Entry, ...] = (("PrimaryTunnelPort", "DWORD", FIRST), ("BackupTunnelPort", "DWORD", FIRST))


def run(host: kit.Winhost, scenario: Scenario, **changed: Any) -> Reading:
    """Run the probe as a scenario asks and hold it to its streams, its size and its contract."""
    answer = host.run(PROBE, scenario.parameters() | changed)
    assert answer.noise == ()
    assert answer.text.isascii()
    assert len(answer.text) <= LIMIT
    return decode_probe(answer.text, scenario.host(), mode=scenario.mode)


def with_pins(host: kit.Winhost, *more: Entry) -> None:
    """Arrange both pins and what else the key holds."""
    host.clear()
    host.arrange(64, KEY, (*PINS, *more))


@pytest.fixture
def host(winhosts: list[kit.Winhost]) -> kit.Winhost:
    """Return one real host, its key empty."""
    winhosts[0].clear()
    return winhosts[0]


def test_registry_written_from_outside_is_read_exactly(host: kit.Winhost) -> None:
    """What another program wrote, in both views, is read with its kind and its exact data."""
    written = {
        64: {"p": ("DWORD", 2147483648), "t": ("SZ", "a\u4e2d"), "x": ("EXPAND_SZ", "%windir%")},
        32: {"q": ("QWORD", 1 << 63), "m": ("MULTI_SZ", ["b", "c d"]), "b": ("BINARY", b"\x00\xff")},
    }
    for view, values in written.items():
        for name, (kind, data) in values.items():
            kit.registry().set_value(host.prefix, rf"HKLM\{KEY}", name, kind, data, view)
    reading = run(host, Scenario(name="outside", about=""))
    read = {
        view.view: {value.name: (value.kind, value.data) for value in view.values} for view in reading.views
    }
    assert read == {
        64: {"p": (Kind.DWORD, 2147483648), "t": (Kind.SZ, "a\u4e2d"), "x": (Kind.EXPAND_SZ, "%windir%")},
        32: {"q": (Kind.QWORD, 1 << 63), "m": (Kind.MULTI_SZ, ("b", "c d")), "b": (Kind.BINARY, "00ff")},
    }


def test_kinds_without_a_name_are_kept_as_bytes(host: kit.Winhost, tmp_path: Path) -> None:
    """A kind that .NET has no name for, and a DWORD of the wrong size, are unknown kinds, not numbers."""
    text = (
        f'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{KEY}]\r\n"link"=hex(6):01,02\r\n'
    )
    text += '"big"=hex(5):00,00,08,63\r\n"wide"=hex(4):63,08,00,00,01,00,00,00\r\n\r\n'
    path = tmp_path / "in.reg"
    path.write_bytes(text.encode("utf-16"))
    done = kit.registry().reg(host.prefix, "import", "Z:" + str(path).replace("/", "\\"))
    assert done.returncode == 0
    (view, _) = run(host, Scenario(name="kinds", about="")).views
    assert {(value.name, value.kind) for value in view.values} == {
        ("link", Kind.UNKNOWN),
        ("big", Kind.UNKNOWN),
        ("wide", Kind.UNKNOWN),
    }


def test_more_names_than_fit_are_left_out_and_counted(host: kit.Winhost) -> None:
    """Where not even the names fit, the last values are left out and counted; the pins are there."""
    with_pins(host, *((f"A{n:03} " + "\u00e9" * 200, "SZ", "x") for n in range(120)))
    reading = run(host, Scenario(name="names", about=""))
    view = reading.views[0]
    assert {"PrimaryTunnelPort", "BackupTunnelPort"} <= {value.name for value in view.values}
    assert len(view.values) + view.dropped == 122
    assert view.dropped > 0


def test_huge_pin_is_cut_and_not_a_port(host: kit.Winhost) -> None:
    """A port value of a million characters costs the answer nothing but itself."""
    host.arrange(64, KEY, (PINS[1],))
    kit.registry().set_value(host.prefix, rf"HKLM\{KEY}", "PrimaryTunnelPort", "SZ", "4" * 1_000_000)
    reading = run(host, Scenario(name="huge", about=""))
    assert [(value.name, value.data, value.cut) for value in reading.views[0].values] == [
        ("BackupTunnelPort", FIRST, False),
        ("PrimaryTunnelPort", "", True),
    ]
    assert reading.cut_values == 1


def test_deadline_in_the_middle_keeps_what_is_there(host: kit.Winhost, net: str) -> None:
    """A deadline that passes while ports are tried: what was read stays,
    what was not asked is not called closed.
    """
    with_pins(host)
    silent = f"{net}.21"
    scenario = Scenario(name="late", about="", gateways={"primary": silent}, mode="full")
    with kit.network(silent=((silent, LIST[1]), (silent, LIST[2]))):
        reading = run(host, scenario, TimeoutMs=60_000, DeadlineMs=6_000, Width=2)
    assert [(attempt.port, attempt.result, attempt.error) for attempt in reading.attempts] == [
        (FIRST, Result.REFUSED, "ConnectionRefused"),
        (LIST[1], Result.ERROR, "Deadline"),
        (LIST[2], Result.ERROR, "Deadline"),
    ]
    assert (reading.deadline_hit, reading.whole_list) == (True, False)
    assert reading.views[0].state is ViewState.PRESENT


def test_narrow_width_tries_everything(host: kit.Winhost, net: str) -> None:
    """Two attempts at a time come to the same as all at once."""
    with_pins(host)
    gateways = {"primary": f"{net}.24", "backup": f"{net}.25"}
    scenario = Scenario(name="width", about="", gateways=gateways, mode="full")
    with kit.network(opened=((f"{net}.24", FIRST),), silent=((f"{net}.25", LIST[1]),)):
        wide, narrow = run(host, scenario), run(host, scenario, Width=2)
    assert [(one.port, one.result) for one in narrow.attempts] == [
        (one.port, one.result) for one in wide.attempts
    ]


def test_one_address_for_both_roles_is_connected_once(host: kit.Winhost, net: str) -> None:
    """Two roles with one gateway: each has its row, the gateway sees one connection."""
    with_pins(host)
    gateway = f"{net}.26"
    scenario = Scenario(
        name="shared", about="", gateways={"primary": gateway, "backup": gateway}, mode="pinned"
    )
    with socket.create_server((gateway, FIRST)) as server:
        reading = run(host, scenario)
        server.settimeout(0.5)
        server.accept()[0].close()
        with pytest.raises(TimeoutError):
            server.accept()
    assert [(one.role, one.result) for one in reading.attempts] == [
        ("primary", Result.CONNECTED),
        ("backup", Result.CONNECTED),
    ]


def test_attempt_sends_nothing_and_resets(host: kit.Winhost, net: str) -> None:
    """An open port sees a connection without a byte that ends with a reset,
    so the host keeps no TIME_WAIT.
    """
    with_pins(host)
    scenario = Scenario(name="reset", about="", gateways={"primary": f"{net}.27"}, mode="pinned")
    with socket.create_server((f"{net}.27", FIRST)) as server:
        run(host, scenario)
        server.settimeout(5)
        with server.accept()[0] as seen, pytest.raises(ConnectionResetError):
            seen.recv(1)


def test_name_that_nobody_knows_is_a_name_error(host: kit.Winhost, net: str) -> None:
    """A gateway whose name cannot be resolved is no closed port; the other gateway is tried all the same."""
    with_pins(host)
    nameless = "x" * 64 + ".invalid"  # a label too long for any resolver to ask about
    gateways = {"primary": nameless, "backup": f"{net}.28"}
    reading = run(host, Scenario(name="nameless", about="", gateways=gateways, mode="pinned"))
    assert [(one.target, one.result, one.milliseconds) for one in reading.attempts][:1] == [
        (nameless, Result.NAME_ERROR, None)
    ]
    assert reading.attempts[1].result is Result.REFUSED


def test_name_of_the_host_itself_is_resolved(host: kit.Winhost) -> None:
    """A gateway given by name is tried at the addresses that the host resolves it to."""
    with_pins(host)
    reading = run(
        host, Scenario(name="localhost", about="", gateways={"primary": "localhost"}, mode="pinned")
    )
    assert "127.0.0.1" in reading.targets[0].addresses
    assert {one.address for one in reading.attempts} == set(reading.targets[0].addresses)


def test_canaries_can_be_switched_off(host: kit.Winhost, net: str) -> None:
    """Without canaries nothing but the gateways is tried."""
    with_pins(host)
    scenario = Scenario(
        name="quiet", about="", gateways={"primary": f"{net}.29"}, mode="full", canary_address=f"{net}.30"
    )
    off = probe_parameters(scenario.host(), mode="full", canaries=False, deadline_ms=20_000, width=60)
    assert run(host, scenario, **off).canaries == ()


def test_identity_is_the_machines_own(winhosts: list[kit.Winhost]) -> None:
    """Two hosts name themselves: computer, machine id, versions, clock and addresses of this machine."""
    readings = [run(one, Scenario(name=one.name, about="", mode="connections")).identity for one in winhosts]
    assert [identity.computer for identity in readings] == [one.name for one in winhosts]
    identity = readings[0]
    assert (identity.bits, identity.elevated, identity.language) == (64, True, "FullLanguage")
    assert identity.os_version == "10.0.18362"
    assert (identity.powershell or "").startswith("7.6")
    assert identity.machine_id


def test_every_part_reports_how_long_it_took(host: kit.Winhost) -> None:
    """The four parts come in their order, none with an error."""
    reading = run(host, Scenario(name="parts", about=""))
    assert [(part.name, part.error) for part in reading.parts] == [
        ("identity", None),
        ("registry", None),
        ("connections", None),
        ("attempts", None),
    ]


def test_constrained_language_says_so_and_nothing_else(host: kit.Winhost) -> None:
    """Where the language is constrained the probe touches no type: it says so in one short document."""
    before = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"
    answer = host.run(PROBE, Scenario(name="constrained", about="").parameters(), before=before)
    assert answer.noise == ()
    assert json.loads(answer.text) == {"v": 1, "script": "probe", "language": "ConstrainedLanguage"}


def test_full_probe_of_the_vendors_list_takes_two_time_outs(host: kit.Winhost, net: str) -> None:
    """36 targets that never answer, tried at once: one time-out, and one more for the pins,
    inside the deadline.
    """
    gateways = {"primary": f"{net}.31", "backup": f"{net}.32"}
    ports = [FIRST, *range(46_000, 46_017)]
    with_pins(host)
    scenario = Scenario(name="many", about="", gateways=gateways, mode="full")
    with kit.network(silent=tuple((gateway, port) for gateway in gateways.values() for port in ports)):
        reading = run(host, scenario, Ports=ports, TimeoutMs=500, CanaryPort=[], DeadlineMs=20_000)
    assert {one.result for one in reading.attempts} == {Result.TIMED_OUT}
    assert [len([one for one in reading.attempts if one.number == n]) for n in (1, 2)] == [36, 2]
    assert not reading.deadline_hit


def unshared(script: Path, *arguments: str) -> Mapping[str, Any]:
    """Run a Python file in a network namespace of its own and return the JSON that it prints."""
    argv = [
        "unshare",
        "--net",
        *(["--map-root-user"] if os.geteuid() else []),
        sys.executable,
        str(script),
        *arguments,
    ]
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(argv, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no network namespace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.usefixtures("winhost_kit")
def test_no_route_and_a_local_block_have_reasons_of_their_own() -> None:
    """A gateway without a route is unreachable, one that this host's own rules forbid is blocked locally."""
    found = unshared(Path(__file__).parents[1] / "routes.py")
    assert found == {
        "unreachable": ["unreachable", "HostUnreachable"],
        "no network": ["unreachable", "NetworkUnreachable"],
        "prohibited": ["blocked_locally", "AccessDenied"],
    }


def test_scenario_names_do_not_matter(host: kit.Winhost) -> None:
    """Value names compare without regard to case, as the registry itself compares them."""
    host.arrange(64, KEY, (("PRIMARYTUNNELPORT", "DWORD", FIRST), ("backuptunnelport", "SZ", str(FIRST))))
    scenario = replace(Scenario(name="case", about=""), gateways={"primary": "127.0.0.1"}, mode="pinned")
    assert [one.port for one in run(host, scenario).attempts] == [FIRST]
