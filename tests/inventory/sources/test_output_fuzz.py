"""Whatever a program prints comes to a tree or to mistakes, and to nothing else."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.findings import Findings
from inventory.load import build
from inventory.sources.output import tree_of

WORDS = (
    *(
        "_meta",
        "hostvars",
        "hosts",
        "vars",
        "children",
        "all",
        "ungrouped",
        "paris",
        "web1",
        "web2",
        "plugin",
    ),
    *(
        "ansible_host",
        "ansible_port",
        "ansible_connection",
        "winrm",
        "ssh",
        "10.0.0.1",
        "{{ x }}",
        "\x1b[31m",
        "",
    ),
    *(
        "fleetcheck_pin",
        "fleetcheck_gateways",
        "fleetcheck_credentials",
        "fleetcheck_credential",
        "fleetcheck_",
    ),
    *("from", "command", "env", "name", "username", "password", "primary", "ops", "\ud800"),
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=5)
)
TREES: st.SearchStrategy[Any] = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=30,
)


def taken(data: bytes) -> None:
    """Take in what a program printed; mistakes are fine."""
    with contextlib.suppress(InventoryError):
        tree, _ = tree_of(data, Path("cmdb"))
        build(tree, Path("cmdb"), "", Findings("cmdb"))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mistake_or_an_inventory(data: bytes) -> None:
    """No other error comes out."""
    taken(data)


@given(
    st.dictionaries(st.sampled_from(WORDS), TREES, max_size=5),
    st.dictionaries(st.sampled_from(WORDS), TREES, max_size=4),
)
def test_any_json_is_a_mistake_or_an_inventory(groups: dict[str, Any], hostvars: dict[str, Any]) -> None:
    """Groups, children and variables of every shape."""
    taken(json.dumps({**groups, "_meta": {"hostvars": hostvars}}).encode())
