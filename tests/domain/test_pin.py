"""Which registry values are a port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.judgement import Pin
from orchestrator.domain.pin import find_value, parse_pin
from orchestrator.domain.reading import Kind, Value

NUMBERS = [(0, None), (1, 1), (443, 443), (65535, 65535), (65536, None), (2**32 - 1, None)]
TEXTS = {
    "443": 443,
    "1": 1,
    "65535": 65535,
    "00443": 443,
    "": None,
    "0": None,
    "65536": None,
    "000443": None,
    " 443": None,
    "443 ": None,
    "443\n": None,
    "443\x00": None,
    "4_43": None,
    "+443": None,
    "-443": None,
    "0x1bb": None,
    "443.0": None,
    "\u0664\u0664\u0663": None,
    "\uff14\uff14\uff13": None,
    "44³": None,
    "\ud800": None,
}


@pytest.mark.parametrize("kind", [Kind.DWORD, Kind.QWORD])
@pytest.mark.parametrize(("data", "port"), NUMBERS)
def test_a_number_is_a_port_inside_the_range(kind: Kind, data: int, port: int | None) -> None:
    """A DWORD or QWORD is a port from 1 to 65535, and is shown as it is otherwise."""
    assert parse_pin(Value(name="x", kind=kind, data=data)) == Pin(port=port, kind=kind, shown=str(data))


@pytest.mark.parametrize("kind", [Kind.SZ, Kind.EXPAND_SZ])
@pytest.mark.parametrize(("data", "port"), TEXTS.items(), ids=map(ascii, TEXTS))
def test_a_text_is_a_port_if_it_is_digits_and_nothing_else(kind: Kind, data: str, port: int | None) -> None:
    """Only 1-5 ASCII digits in range count, though Python's int() would take more."""
    assert parse_pin(Value(name="x", kind=kind, data=data)) == Pin(port=port, kind=kind, shown=data)


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        (Kind.MULTI_SZ, ("443",), "443"),
        (Kind.MULTI_SZ, ("443", "80"), "443; 80"),
        (Kind.BINARY, "bb010000", "bb010000"),
        (Kind.NONE, "443", "443"),
        (Kind.UNKNOWN, "01bb", "01bb"),
        (Kind.DWORD, "443", "443"),
        (Kind.SZ, 443, "443"),
    ],
)
def test_other_kinds_are_no_port_and_are_shown(
    kind: Kind, data: int | str | tuple[str, ...], shown: str
) -> None:
    """A value of another kind is never taken for a port, even where it looks like one."""
    assert parse_pin(Value(name="x", kind=kind, data=data)) == Pin(port=None, kind=kind, shown=shown)


def test_a_missing_value_has_no_kind() -> None:
    """A value that is not there is told apart from one that is wrong."""
    assert parse_pin(None) == Pin(port=None, kind=None, shown=None)


def test_a_value_that_was_cut_is_no_port() -> None:
    """What did not arrive whole is not guessed at."""
    assert parse_pin(Value(name="x", kind=Kind.SZ, data="443", cut=True)).port is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("primarytunnelport", True),
        ("PRIMARYTUNNELPORT", True),
        ("Pr\u0131maryTunnelPort", False),
        ("PrimaryTunnelPort ", False),
        ("PrimaryTunnelPort\x00", False),
    ],
)
def test_a_value_is_found_as_the_registry_finds_it(name: str, found: bool) -> None:
    """Case does not count in a value's name; letters that only look alike do."""
    values = (Value(name=name, kind=Kind.DWORD, data=443),)

    assert (find_value(values, "PrimaryTunnelPort") is not None) == found


def test_a_name_of_other_letters_is_found_in_any_case() -> None:
    """A value's name need not be ASCII for its case not to count."""
    values = (Value(name="PÖRT", kind=Kind.DWORD, data=443), Value(name="\u212a", kind=Kind.DWORD, data=1))

    assert find_value(values, "pört") == values[0]
    assert find_value(values, "k") is None


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=7))
def test_a_port_read_from_text_is_that_text_s_number(text: str) -> None:
    """Whatever the text, a port comes out only if it is the plain decimal number."""
    port = parse_pin(Value(name="x", kind=Kind.SZ, data=text)).port

    assert port is None or (str(port) == text.lstrip("0") and 1 <= port <= 65535)
