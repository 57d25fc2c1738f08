"""Whatever a file holds, loading it gives a fleet or an InventoryError."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.load import loads
from inventory.model import Fleet
from tests.inventory import texts

PATH = Path("fleet.yaml")


def outcome(data: bytes) -> str:
    """Return what came of loading: a fleet, or problems that each have words."""
    try:
        fleet = loads(data, PATH)
    except InventoryError as error:
        return (
            "problems"
            if error.problems and all(problem.message for problem in error.problems)
            else "no words"
        )
    return "fleet" if isinstance(fleet, Fleet) else "nothing"


@settings(deadline=None)  # a busy machine is no mistake
@given(st.binary(max_size=300))
def test_any_bytes_give_a_fleet_or_problems(data: bytes) -> None:
    """Random bytes never raise anything but InventoryError."""
    assert outcome(data) in ("fleet", "problems")


@settings(deadline=None)  # a busy machine is no mistake
@given(st.text(alphabet=st.sampled_from("ab: -[]{},&*!|>'\"#\n\t%@?~0<\\"), max_size=200))
def test_any_yaml_like_text_gives_a_fleet_or_problems(text: str) -> None:
    """Text made of YAML's own signs never raises anything but InventoryError."""
    assert outcome(text.encode()) in ("fleet", "problems")


WORDS = st.sampled_from(
    [
        "hosts", "groups", "defaults", "credentials", "waivers", "children", "web1", "paris", "pin", "port", "primary", "auth",  # noqa: E501
        "kerberos", "tags", "from", "env", "file", "password", "username", "gateways", "credential", "profile", "ca", "until", "<<",  # noqa: E501
        "verdict", "tls_pin", "address", "all", "10.0.0.1", "::1", "", "a b", "\x1b", "\u202e", "livevault", "./x.yaml", "~(",  # noqa: E501
    ]
)  # fmt: skip
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-2, 70000), st.floats(allow_nan=False), st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4)
)
SECTIONS = st.fixed_dictionaries(
    {"hosts": VALUES},
    optional=dict.fromkeys(("credentials", "defaults", "groups", "waivers", "other"), VALUES),
)


@settings(max_examples=300, deadline=None)
@given(SECTIONS | VALUES)
def test_any_document_gives_a_fleet_or_problems(document: Any) -> None:
    """Documents made of our own words in the wrong places never raise anything but InventoryError."""
    assert outcome(yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")) in (
        "fleet",
        "problems",
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_inventory_gives_a_fleet_or_problems(data: st.DataObject) -> None:
    """The sample with a piece cut out, doubled or replaced never raises anything but InventoryError."""
    text = texts.SAMPLE
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 40)))
    piece = data.draw(
        st.sampled_from(["", text[begin:end] * 2, "\n", ": ", "[", "}", "null", "&a ", "*a ", "- ", "443"])
    )
    assert outcome((text[:begin] + piece + text[end:]).encode()) in ("fleet", "problems")
