"""Documents that nobody wrote on purpose: an import is an inventory that loads, or it is mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.importers import convert
from inventory.load import loads

DEEPEST = 3  # elements within elements
WORDS = st.sampled_from(
    ["name", "Name", "address", "hostname", "ipv4", "fqdn", "web1", "192.0.2.1", "::1", "winrm://a:1", "ssh", "", "-",  # noqa: E501
     "groups", "targets", "config", "winrm", "uri", "transport", "_plugin", "port", "5985", "x:y@z", "N", "results",  # noqa: E501
     "tags", "username", "CORP\\svc", "é\u202e", "all", "true", "[1]", "sensitive", "value", "a b", "web1.", "host"]  # noqa: E501
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(-1, 70000), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=20,
)
NAMES = st.sampled_from(
    ["RDCMan", "file", "group", "server", "properties", "name", "displayName", "logonCredentials", "userName",
     "profileName", "credentialsProfiles", "credentialsProfile", "Connections", "Node", "nmaprun", "host", "ports",  # noqa: E501
     "port", "state", "status", "address", "hostnames", "hostname", "scaninfo", "Objs", "Obj", "MS", "S", "smartGroup"]  # noqa: E501
)  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["inherit", "scope", "Name", "Type", "Hostname", "Protocol", "InheritUsername", "Username", "addr", "N",  # noqa: E501
         "addrtype", "portid", "protocol", "state", "services", "type", "name", "FullFileEncryption", "UseVmId"]  # noqa: E501
    ),
    st.sampled_from(
        ["", "None", "FromParent", "true", "false", "Container", "RDP", "SSH2", "ipv4", "192.0.2.1", "web1", "5985",  # noqa: E501
         "tcp", "open", "up", "1-9,x,5985", "user", "a b", "File", "é\u202e"]
    ),
    max_size=5,
)  # fmt: skip


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """Write an element of one of these programs, whatever is around it."""
    name, attributes = draw(NAMES), draw(ATTRIBUTES)
    inside = escape(draw(WORDS))
    if depth < DEEPEST:
        inside += "".join(draw(st.lists(elements(depth + 1), max_size=2)))
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>"


def harmless(folder: Path, name: str, text: str) -> bool:
    """Import a text; whether it came to an inventory that loads, or to mistakes with words."""
    path = folder / name
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        made = convert(path)
    except InventoryError as error:
        return bool(error.problems) and all(problem.message for problem in error.problems)
    return bool(loads(made.text.encode(), folder / "fleet.yaml").hosts)


@settings(deadline=None)  # a busy machine is no mistake
@given(VALUES)
def test_any_json_is_an_inventory_or_a_mistake(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    """Records, Bolt's groups, Ansible's, or none of them."""
    assert harmless(tmp_path_factory.mktemp("json"), "hosts.json", json.dumps(value))


@settings(deadline=None)
@given(elements(), st.sampled_from(["RDCMan", "Connections", "nmaprun", "list"]))
def test_any_xml_is_an_inventory_or_a_mistake(
    tmp_path_factory: pytest.TempPathFactory, inside: str, root: str
) -> None:
    """Elements of all programs in each other's places."""
    assert harmless(tmp_path_factory.mktemp("xml"), "hosts.xml", f"<{root}>{inside}</{root}>")


@settings(deadline=None)
@given(st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=5).map("\n".join))
def test_any_lines_are_an_inventory_or_a_mistake(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Hosts files, lists of names, and what looks like one."""
    assert harmless(tmp_path_factory.mktemp("lines"), "hosts", text)
