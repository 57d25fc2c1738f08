"""What the controller believes of a probe's answer: all that the contract allows, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Kind, Reading, Result, Source
from orchestrator.remote.contract.document import OddError, checked, parse
from orchestrator.remote.contract.probe import LIMIT, decode_probe
from orchestrator.remote.contract.probe_decode import in_one_pass
from orchestrator.remote.contract.probe_schema import DOCUMENT
from orchestrator.remote.faults.fault import Fault
from tests.remote.scenarios import GOLDEN_NET, Scenario, scenarios

GOLDEN = Path(__file__).parents[1] / "golden"
SCENARIOS = {scenario.name: scenario for scenario in scenarios()}
Document = dict[str, Any]


def golden(name: str) -> Document:
    """Return a recorded document with what normalising took from it put back."""
    document: Document = json.loads((GOLDEN / f"{name}.json").read_text("ascii"))
    document["identity"] = dict.fromkeys(document["identity"]) | {
        "computer": "WEB1",
        "clock": "2026-07-01T10:00:00.1234567Z",
        "utc_offset": 120,
        "elevated": True,
        "bits": 64,
        "interfaces": [{"n": "Ethernet", "a": ["127.0.9.1", "::1"]}],
    }
    rows = document["connections"]["rows"]
    document["connections"]["rows"] = [["127.0.0.1", 50_000 + n, *row] for n, row in enumerate(rows)]
    return document


def decoded(document: object, scenario: Scenario = SCENARIOS["blocked"]) -> Reading:
    """Decode a document that is written as the script writes."""
    return decode_probe(json.dumps(document), scenario.host(), mode=scenario.mode)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_recorded_answer_is_a_reading(name: str) -> None:
    """What the real engine answered in each situation is believed, row by row."""
    document = golden(name)
    reading = decoded(document, SCENARIOS[name])
    counts = [len(document[part]) for part in ("views", "targets", "attempts", "canaries", "parts")]
    assert counts == [
        len(part)
        for part in (reading.views, reading.targets, reading.attempts, reading.canaries, reading.parts)
    ]
    assert (reading.whole_list, reading.cut_values) == (document["whole"], document["cut"])


def test_attempts_carry_their_target() -> None:
    """An attempt names role, source and gateway of the target that it belongs to."""
    document = golden("split")
    attempt = decoded(document, SCENARIOS["split"]).attempts[4]
    assert (attempt.role, attempt.source, attempt.target) == ("primary", Source.REGISTRY, f"{GOLDEN_NET}.13")
    assert (attempt.result, attempt.error) == (Result.REFUSED, "ConnectionRefused")


def test_registry_data_keeps_its_kind_and_its_last_bit() -> None:
    """Unsigned numbers, lists, bytes and a lone surrogate arrive as they are in the registry."""
    values = {value.name: value for value in decoded(golden("values"), SCENARIOS["values"]).views[0].values}
    assert (values["qword"].kind, values["qword"].data) == (Kind.QWORD, 2**64 - 1)
    assert (values["dword"].kind, values["dword"].data) == (Kind.DWORD, 2**32 - 1)
    assert (values["list"].kind, values["list"].data) == (Kind.MULTI_SZ, ("x", "y \u4e2d", "\u00e5"))
    assert (values["binary"].kind, values["binary"].data) == (Kind.BINARY, "00ff10")
    assert "\ud800" in str(values['quote " and \\ and \u0007'].data)


def test_clock_is_aware_utc() -> None:
    """The host's clock, with seven digits of a second, is a time in UTC."""
    clock = decoded(golden("blocked")).identity.clock
    assert clock == datetime(2026, 7, 1, 10, 0, 0, 123456, tzinfo=UTC)


def put(*path: str | int, to: object) -> Callable[[Document], object]:
    """Return a change that puts something else at a place of the document."""

    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


BROKEN: dict[str, tuple[Callable[[Document], object], str]] = {
    "a key too many": (put("extra", to=1), "extra"),
    "a key missing": (lambda document: document.pop("cut"), "cut"),
    "another version": (put("v", to=2), "the top"),
    "another script": (put("script", to="repin"), "the top"),
    "another mode": (put("mode", to="full"), "mode"),
    "a yes as number": (put("attempts", 0, "ms", to=True), "attempts.0.ms"),
    "a number as text": (put("attempts", 0, "p", to="443"), "attempts.0.p"),
    "a fraction": (put("attempts", 0, "ms", to=1.5), "attempts.0.ms"),
    "a negative time": (put("attempts", 0, "ms", to=-1), "attempts.0.ms"),
    "port 0": (put("attempts", 0, "p", to=0), "attempts.0.p"),
    "port 65536": (put("attempts", 0, "p", to=65536), "attempts.0.p"),
    "a third try": (put("attempts", 0, "n", to=3), "attempts.0.n"),
    "an unknown result": (put("attempts", 0, "r", to="fine"), "attempts.0.r"),
    "a result with a lone surrogate": (put("attempts", 0, "r", to="\ud800"), "attempts.0.r"),
    "a target that is not there": (put("attempts", 0, "t", to=9), "attempts.0.t"),
    "another target's address": (put("attempts", 0, "a", to="127.0.9.12"), "attempts.0.a"),
    "a connect without an address": (put("attempts", 0, "a", to=None), "attempts.0"),
    "one attempt twice": (
        lambda document: document["attempts"].append(document["attempts"][0]),
        "attempts.9",
    ),
    "5,000 attempts": (lambda document: document["attempts"].extend([0] * 5_000), "attempts"),
    "a role of nobody": (put("targets", 0, "role", to="third"), "targets.0.role"),
    "two that decide": (
        lambda document: document["targets"].append(document["targets"][0] | {"name": "x"}),
        "targets.2.decides",
    ),
    "an address that is none": (put("targets", 0, "addresses", to=["127.0.9"]), "targets.0.addresses"),
    "no view": (put("views", to=[]), "views"),
    "one view of two": (lambda document: document["views"].pop(), "views"),
    "a view of another size": (put("views", 0, "view", to=16), "views.0.view"),
    "one value twice": (
        lambda document: document["views"][0]["values"].append(document["views"][0]["values"][0]),
        "views.0.values.2",
    ),
    "a DWORD too large": (put("views", 0, "values", 1, "d", to="4294967296"), "views.0.values.1"),
    "a DWORD with a sign": (put("views", 0, "values", 1, "d", to="-1"), "views.0.values.1"),
    "a DWORD in other digits": (put("views", 0, "values", 1, "d", to="\u0664\u0664"), "views.0.values.1"),
    "a list for a text": (put("views", 0, "values", 0, "d", to=["42147"]), "views.0.values.0"),
    "a DWORD without data": (put("views", 0, "values", 1, "d", to=""), "views.0.values.1"),
    "a clock without a zone": (put("identity", "clock", to="2026-07-01T10:00:00"), "identity.clock"),
    "a clock before all time": (put("identity", "clock", to="0001-01-01T00:00:00+14:00"), "identity.clock"),
    "a name of 513 characters": (put("identity", "computer", to="x" * 513), "identity.computer"),
    "one part twice": (put("parts", 1, "n", to="identity"), "parts.1"),
    "a connection to a name": (put("connections", "rows", 0, 2, to="gateway"), "connections.rows.0"),
    "a connection's row too short": (
        lambda document: document["connections"]["rows"][0].pop(),
        "connections.rows.0",
    ),
    "a script that failed": (lambda document: document.update(error="System.X 0x80131501"), "error"),
}


@pytest.mark.parametrize(("change", "place"), BROKEN.values(), ids=list(BROKEN))
def test_answer_that_breaks_the_contract_is_garbled(change: Callable[[Document], object], place: str) -> None:
    """A document that differs from the contract in one place is refused,
    and the place is named with the size.
    """
    document = copy.deepcopy(golden("blocked"))
    change(document)
    if "error" in document:
        document = {key: document[key] for key in ("v", "script", "language", "error")}
    with pytest.raises(Fault) as caught:
        decoded(document)
    assert (caught.value.phase, caught.value.cause) == (Phase.DECODE, Cause.GARBLED)
    assert f"at {place}" in caught.value.detail
    assert f"{len(json.dumps(document)):,} characters" in caught.value.detail
    assert caught.value.advice


TEXTS = {
    "nothing": ("", "its start"),
    "not JSON": ("<html>", "character 0"),
    "a list": ("[]", "the top"),
    "too long": (" " * (LIMIT + 1), "its size"),
    "not ASCII": ('{"v": "\u00e9"}', "character 7"),
    "a key twice": ('{"v": 1, "v": 1}', "twice"),
    "not a number": ('{"v": NaN}', "NaN"),
    "endless": ('{"v": Infinity}', "Infinity"),
    "a number of 10,000 digits": (f'{{"v": {"9" * 10_000}}}', "too long"),
    "60,000 brackets": ("[" * 60_000, "too deep"),
    "two documents": ("{} {}", "character 3"),
}


@pytest.mark.parametrize(("text", "words"), TEXTS.values(), ids=list(TEXTS))
def test_text_that_is_no_document_is_garbled(text: str, words: str) -> None:
    """Whatever else a host writes is refused with words on where and why."""
    with pytest.raises(Fault) as caught:
        decode_probe(text, SCENARIOS["blocked"].host(), mode="auto")
    assert caught.value.cause is Cause.GARBLED
    assert words in caught.value.detail


@pytest.mark.parametrize("language", ["", "Klingon", "\x1b[31mFullLanguage", "fulllanguage"])
def test_a_language_mode_that_powershell_has_not_is_garbage(language: str) -> None:
    """A word of the host's own making is not taken for a restriction that an administrator could lift."""
    with pytest.raises(Fault) as caught:
        decoded({"v": 1, "script": "probe", "language": language})
    assert (caught.value.phase, caught.value.cause) == (Phase.DECODE, Cause.GARBLED)


def test_constrained_language_is_no_garbage() -> None:
    """A host that may not run the probe is told apart from one that answers nonsense."""
    with pytest.raises(Fault) as caught:
        decoded({"v": 1, "script": "probe", "language": "ConstrainedLanguage"})
    assert (caught.value.phase, caught.value.cause) == (Phase.RUN, Cause.CONSTRAINED_LANGUAGE)


def test_one_view_is_enough_on_a_32_bit_host() -> None:
    """A 32-bit Windows has one view, whatever was asked for."""
    document = golden("blocked")
    document["identity"]["bits"] = 32
    document["views"] = [document["views"][0] | {"view": 32}]
    assert [view.view for view in decoded(document).views] == [32]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of everything inside a document."""
    if isinstance(value, dict):
        inner = [place for key, item in value.items() for place in places(item, (*path, key))]
    elif isinstance(value, list):
        inner = [place for key, item in enumerate(value) for place in places(item, (*path, key))]
    else:
        inner = []
    return [path, *inner] if path else inner


PLACES = {name: places(golden(name)) for name in ("blocked", "values", "names", "wildcard")}


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(PLACES)), data=st.data(), other=JSON)
def test_nothing_but_a_fault_comes_out_of_a_changed_answer(
    name: str, data: st.DataObject, other: object
) -> None:
    """Whatever stands at whatever place of an answer, it is a reading or a fault, never another error."""
    document = golden(name)
    put(*data.draw(st.sampled_from(PLACES[name])), to=other)(document)
    try:
        assert isinstance(decoded(document, SCENARIOS[name]), Reading)
    except Fault as fault:
        assert fault.cause in (Cause.GARBLED, Cause.CONSTRAINED_LANGUAGE)  # noqa: PT017  # a reading is fine too


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200) | st.text('{}[]",:0123456789eE+-.ntrufalsvscriptprobe\\ud8', max_size=80))
def test_nothing_but_a_fault_comes_out_of_any_text(text: str) -> None:
    """Any text at all is refused as a fault."""
    with pytest.raises(Fault):
        decode_probe(text, SCENARIOS["blocked"].host(), mode="auto")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_nothing_but_a_fault_comes_out_of_a_cut_answer(data: st.DataObject) -> None:
    """An answer that ends early, or lost a piece, is a fault or still a whole document."""
    text = json.dumps(golden("values"))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    scenario = SCENARIOS["values"]
    try:
        decode_probe(text[:start] + text[end:], scenario.host(), mode=scenario.mode)
    except Fault as fault:
        assert fault.phase is Phase.DECODE  # noqa: PT017  # a reading is fine too


def _as_read(text: str) -> str | None:
    """Return what the long way makes of an answer, down to the type of each number;
    None where it refuses it.
    """
    try:
        return repr(checked(DOCUMENT, parse(text, script="probe", limit=LIMIT)))
    except (OddError, Fault):
        return None


def test_a_usual_answer_is_read_in_one_pass() -> None:
    """What the script writes takes the short way, and says there what it says on the long one."""
    text = json.dumps(golden("split"), separators=(",", ":")).replace("::1", "fe80::1")
    assert repr(in_one_pass(text, LIMIT)) == _as_read(text)


ODD_TEXTS = {
    "a key twice": ('"cut":', '"cut":0,"cut":'),
    "a key twice, spelled otherwise": ('"cut":', '"\\u0063ut":0,"cut":'),
    "a key twice, with a blank": ('"cut":', '"cut" \n:0,"cut":'),
    "a key twice, and a text that begins with a colon": ('"computer":"', '"cut":0,"computer":":'),
    "a version that is no integer": ('"v":1', '"v":1.0'),
    "a version that is a yes": ('"v":1', '"v":true'),
    "a number with an exponent": ('"cut":0', '"cut":0e0'),
    "a number with a sign": ('"cut":0', '"cut":-0'),
    "a number with a leading zero": ('"cut":0', '"cut":00'),
    "no number": ('"cut":0', '"cut":NaN'),
    "a number without end": ('"cut":0', f'"cut":{"9" * 5000}'),
    "a control character": ('"WEB1"', '"WEB\x011"'),
    "a lone surrogate": ('"WEB1"', '"\\ud800"'),
    "half a pair": ('"WEB1"', '"\\ud800\\u0041"'),
    "an escape that is none": ('"WEB1"', '"\\x41"'),
    "something behind the end": ('"v":1', '"v":1}{'),
}


@pytest.mark.parametrize("what", ODD_TEXTS)
def test_an_odd_text_is_not_read_otherwise_in_one_pass(what: str) -> None:
    """What two JSON parsers may see differently is left to the long way, or comes to the same."""
    text = json.dumps(golden("blocked"), separators=(",", ":")).replace("::1", "fe80::1")
    odd = text.replace(*ODD_TEXTS[what], 1)
    assert odd != text
    document = in_one_pass(odd, LIMIT)
    assert document is None or repr(document) == _as_read(odd)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_one_pass_never_says_something_else(data: st.DataObject) -> None:
    """Whatever is cut out, doubled or put into an answer: the short way says the same as the long one,
    or nothing.
    """
    text = json.dumps(
        golden(data.draw(st.sampled_from(["healthy", "values", "split"]))), separators=(",", ":")
    )
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 40)))
    put_in = data.draw(
        st.sampled_from(
            ["", text[start:end] * 2, '"', '"v":1,', ":", " ", "\\", "\\ud800", "1e1", "-", "true"]
        )
    )
    odd = text[:start] + put_in + text[end:]
    document = in_one_pass(odd, LIMIT)
    assert document is None or repr(document) == _as_read(odd)
