"""What a simulated host answers, beyond what is on record of a real one: deadlines, width, flaws, sizes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.demo.machine.answer import LIMIT, probe, render
from orchestrator.demo.machine.model import KeyState, Machine, Row
from orchestrator.demo.machine.parameters import BadParameters
from orchestrator.demo.scenes.scenario import GATEWAYS, KEY
from orchestrator.domain.reading import Kind, Result
from orchestrator.remote.contract.probe import decode_probe
from orchestrator.remote.session import Parameter
from tests.demo.hosts import ask, make_host, make_machine

NOW = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)


def answer(machine: Machine, parameters: dict[str, Parameter] | None = None) -> dict[str, Any]:
    """Return the document, once the controller's own reader has taken it."""
    parameters = parameters or ask()
    text = probe(machine, parameters, NOW)
    decode_probe(text, make_host(), mode=str(parameters["Mode"]))
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def results(document: dict[str, Any]) -> list[tuple[int, int, str, int]]:
    """Return (target, port, result, number) of every attempt."""
    return [(row["t"], row["p"], row["r"], row["n"]) for row in document["attempts"]]


def test_the_same_host_answers_the_same_twice() -> None:
    """Times are made up, but always alike."""
    assert probe(make_machine(), ask("full"), NOW) == probe(make_machine(), ask("full"), NOW)


def test_the_clock_is_the_host_s_own() -> None:
    """It is written as .NET writes it, with seven digits."""
    assert answer(make_machine())["identity"]["clock"] == "2026-05-04T12:00:00.1234560Z"


def test_a_deadline_ends_what_is_in_flight_and_leaves_the_rest_unasked() -> None:
    """With one attempt at a time and time for one and a half, the second ends by the deadline,
    no third begins.
    """
    machine = make_machine()
    machine.network.exact.clear()
    document = answer(machine, ask("full", Width=1, TimeoutMs=1000, DeadlineMs=1500))
    assert (document["deadline"], document["whole"]) == (True, False)
    assert [(row["r"], row["ms"], row["e"]) for row in document["attempts"]] == [
        ("timed_out", 1000, None),
        ("error", 500, "Deadline"),
    ]


def test_width_is_how_many_attempts_share_a_time_out() -> None:
    """Ten silent ports take one time-out at full width, and ten at width one."""
    machine = make_machine()
    machine.network.exact.clear()
    took = {}
    for width in (60, 1):
        parts = answer(machine, ask("full", Width=width, CanaryPort=[], TimeoutMs=1000))["parts"]
        took[width] = parts[-1]["ms"]
    assert took == {
        60: 2000,
        1: 12_000,
    }  # both pins are tried once more: in the same second, or one after the other


def test_a_pin_that_times_out_once_is_open_at_the_second_try() -> None:
    """A lost SYN is no closed port."""
    machine = make_machine()
    machine.network.flaky[GATEWAYS["primary"], 2147] = 1
    assert results(answer(machine))[:2] == [(0, 2147, "timed_out", 1), (0, 2147, "connected", 2)]


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Result.REFUSED, "ConnectionRefused"),
        (Result.UNREACHABLE, "HostUnreachable"),
        (Result.RESET, "ConnectionReset"),
        (Result.BLOCKED_LOCALLY, "AccessDenied"),
        (Result.ERROR, "NoBufferSpaceAvailable"),
    ],
)
def test_each_way_not_to_connect_has_its_socket_error(result: Result, error: str) -> None:
    """The word is the one that .NET uses."""
    machine = make_machine()
    machine.network.exact[GATEWAYS["primary"], 2147] = result
    first = answer(machine, ask("pinned"))["attempts"][0]
    assert (first["r"], first["e"]) == (result, error)


def test_a_name_is_resolved_by_the_host_and_not_by_us() -> None:
    """One name has two addresses in the model, another has none."""
    machine = make_machine()
    machine.names = {"gw.example": ("192.0.2.1", "192.0.2.2")}
    machine.network.open(["192.0.2.2"], [2147])
    document = answer(machine, ask("pinned", Gateways=["GW.example", "gone.example"]))
    assert [target["addresses"] for target in document["targets"]] == [["192.0.2.1", "192.0.2.2"], []]
    assert [(row["a"], row["r"], row["e"]) for row in document["attempts"]] == [
        ("192.0.2.1", "timed_out", None),
        ("192.0.2.1", "timed_out", None),
        ("192.0.2.2", "connected", None),
        (None, "name_error", "HostNotFound"),
    ]


def test_a_32_bit_host_has_one_view() -> None:
    """Where the 64-bit view does not exist the 32-bit one is read."""
    machine = make_machine()
    machine.bits = 32
    assert [view["view"] for view in answer(machine)["views"]] == [32]


@pytest.mark.parametrize("part", ["identity", "registry", "connections", "attempts"])
def test_a_part_that_breaks_reports_itself_and_costs_no_other(part: str) -> None:
    """The rest of the answer still arrives."""
    machine = make_machine()
    machine.failing = {part: "System.OutOfMemoryException 0x8007000e"}
    document = answer(machine)
    errors = {row["n"]: row["e"] for row in document["parts"] if row["e"]}
    assert errors == {part: "System.OutOfMemoryException 0x8007000e"}


def test_a_constrained_host_says_so_and_nothing_else() -> None:
    """No member of .NET may be touched there."""
    machine = make_machine()
    machine.language = "ConstrainedLanguage"
    assert probe(machine, ask(), NOW) == '{"v":1,"script":"probe","language":"ConstrainedLanguage"}'


def test_only_connections_to_gateways_on_listed_ports_are_told() -> None:
    """Established ones come first; what listens or waits is left out, and so is everybody else's traffic."""
    machine = make_machine()
    machine.connections = [
        Row(GATEWAYS["primary"], 443, "SynSent"),
        Row(GATEWAYS["primary"], 2147),
        Row(f"::ffff:{GATEWAYS['backup']}", 443),
        Row(GATEWAYS["backup"], 2147, "TimeWait"),
        Row(GATEWAYS["backup"], 8080),
        Row("198.51.100.1", 443),
    ]
    found = answer(machine)["connections"]
    assert found["complete"] is True
    assert [row[2:] for row in found["rows"]] == [
        [GATEWAYS["primary"], 2147, "Established"],
        [GATEWAYS["backup"], 443, "Established"],
        [GATEWAYS["primary"], 443, "SynSent"],
    ]


def test_too_many_connections_are_cut_and_it_is_said() -> None:
    """64 rows are the most."""
    machine = make_machine()
    machine.connections = [Row(GATEWAYS["primary"], 2147, local_port=port) for port in range(50_000, 50_100)]
    found = answer(machine)["connections"]
    assert (found["complete"], len(found["rows"])) == (False, 64)


@pytest.mark.parametrize(
    "change", [{"Desired": [1]}, {"Key": 5}, {"Views": ["64"]}, {"Roles": [1, 2]}, {"Mode": ["a", "b"]}]
)
def test_parameters_of_another_type_are_not_taken(change: dict[str, Parameter]) -> None:
    """As PowerShell would not bind them."""
    with pytest.raises(BadParameters):
        probe(make_machine(), ask() | change, NOW)


def test_an_answer_is_written_as_the_script_writes_it() -> None:
    """ASCII, and every escape in its long form."""
    assert render({"a": 'é"\\\n\t\x7f\ud800\U0001f600/'}) == (
        r'{"a":"\u00e9\u0022\u005c\u000a\u0009\u007f\ud800\ud83d\ude00/"}'
    )


_data = st.one_of(
    st.tuples(st.sampled_from([Kind.SZ, Kind.EXPAND_SZ]), st.text(max_size=30) | st.just("x" * 20_000)),
    st.tuples(st.just(Kind.DWORD), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(Kind.QWORD), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(Kind.MULTI_SZ), st.lists(st.text(max_size=9), max_size=4).map(tuple)),
    st.tuples(st.just(Kind.BINARY), st.binary(max_size=40).map(bytes.hex)),
)
_names = st.sampled_from(["PrimaryTunnelPort", "backuptunnelport", "PrimaryIP", "x"]) | st.text(max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.tuples(st.sampled_from([64, 32]), _names, _data), max_size=12),
    mode=st.sampled_from(["auto", "full", "ordered", "pinned", "connections"]),
    pattern=st.lists(st.sampled_from(sorted(set(Result) - {Result.NAME_ERROR})), min_size=1, max_size=7),
    deadline=st.integers(1, 30_000),
    width=st.integers(1, 60),
)
def test_whatever_a_host_holds_its_answer_is_one_that_the_controller_takes(
    values: list[tuple[int, str, tuple[Kind, Any]]],
    mode: str,
    pattern: list[Result],
    deadline: int,
    width: int,
) -> None:
    """Any registry and any network give a document inside the limits,
    and no place is tried more than twice.
    """
    machine = Machine(computer="X", machine_id="y")
    for view, name, (kind, data) in values:
        machine.registry.create(view, KEY).set(name, kind, data)
    machine.network.ports = {port: pattern[port % len(pattern)] for port in (2147, 554, 1090, 443, 80, 9)}
    parameters = ask(mode, DeadlineMs=deadline, Width=width)
    assert len(probe(machine, parameters, NOW)) <= LIMIT
    document = answer(machine, parameters)
    tries = Counter((row["t"], row["a"], row["p"]) for row in document["attempts"])
    assert max(tries.values(), default=0) <= 2


def test_a_denied_key_is_a_result_and_not_an_error() -> None:
    """The view says so, the part does not."""
    machine = make_machine()
    machine.registry.create(64, KEY, KeyState.DENIED)
    document = answer(machine)
    assert [view["state"] for view in document["views"]] == ["denied", "absent"]
    assert [part["e"] for part in document["parts"]] == [None] * 4
