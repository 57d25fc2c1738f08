"""Files that are no inventory at all, and files made to exhaust a reader."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.files.textfile import LIMIT
from inventory.load import load
from tests.inventory import texts


def refusal(path: Path) -> str:
    """Return the message with which a file is refused, without the folder."""
    with pytest.raises(InventoryError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write bytes to a file."""

    def write(data: bytes) -> Path:
        path = tmp_path / "fleet.yaml"
        path.write_bytes(data)
        return path

    return write


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    """A missing inventory names the command that writes one."""
    message = "fleet.yaml: no such inventory; `fleetcheck inventory init` writes one to begin with"
    assert refusal(tmp_path / "fleet.yaml") == message


def test_a_folder_is_no_inventory(tmp_path: Path) -> None:
    """A folder in the place of an inventory is said to be one."""
    said = "a folder, where a file was expected; `fleetcheck inventory import` reads a folder of Ansible's"
    assert refusal(tmp_path).endswith(f": {said}")


def test_a_hundred_megabytes_are_refused_unread(tmp_path: Path) -> None:
    """A 100 MB file is refused after its first 32 MB."""
    path = tmp_path / "fleet.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    size = LIMIT // 1024 // 1024
    expected = f"fleet.yaml: larger than {size} MB: that is no inventory that people keep by hand; split it"
    assert refusal(path) == expected


def test_utf_16_is_named(written: Callable[[bytes], Path]) -> None:
    """A file that PowerShell wrote with `>` is said to be UTF-16."""
    assert (
        refusal(written("hosts: {}".encode("utf-16"))) == "fleet.yaml:1: written as UTF-16; save it as UTF-8"
    )


def test_another_encoding_is_told_with_its_line(written: Callable[[bytes], Path]) -> None:
    """A Latin-1 letter is named with its line."""
    path = written(b"hosts:\n  web1: {site: Orl\xe9ans}\n")
    assert refusal(path) == "fleet.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8"


def test_a_control_character_is_told_with_its_line(written: Callable[[bytes], Path]) -> None:
    """An escape character, which could steer a terminal, is named by its number."""
    path = written(b"hosts:\n  web1: {site: \x1b[31m}\n")
    assert refusal(path) == "fleet.yaml:2: a character that YAML does not allow (U+001B)"


def test_an_alias_bomb_is_refused(written: Callable[[bytes], Path]) -> None:
    """Nested aliases that stand for three billion values are refused at the line where it becomes too
    much.
    """
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    message = refusal(written("\n".join(lines).encode()))
    assert message == "fleet.yaml:7: the aliases of this file unfold to more than 1,000,000 values"


@pytest.mark.parametrize("text", ["[" * 1_000_000, "{a: " * 1_000_000, "- " * 1_000_000])
def test_deep_nesting_is_refused(written: Callable[[bytes], Path], text: str) -> None:
    """A million opening brackets are refused at once, and no stack overflows."""
    assert "nested more than 64 levels deep" in refusal(written(text.encode()))


def test_many_hosts_with_one_mistake_are_told_in_one_line(written: Callable[[bytes], Path]) -> None:
    """A mistake in the defaults that concerns every host is said once."""
    hosts = "".join(f"  web{i}: {{}}\n" for i in range(2_000))
    text = texts.HEAD.replace("credential: ops", "credential: opps") + "hosts:\n" + hosts
    message = "fleet.yaml:2: credential `opps` is not described under `credentials`; did you mean `ops`?"
    assert refusal(written(text.encode())) == message


def test_hosts_with_a_mistake_of_their_group_are_folded(written: Callable[[bytes], Path]) -> None:
    """Hosts that share a mistake are named up to three, the rest counted."""
    names = [f"web{i}" for i in range(10)]
    group = f"groups: {{old: {{transport: http, auth: basic, hosts: [{', '.join(names)}]}}}}\n"
    text = texts.HEAD + group + f"hosts: {{{': , '.join(names)}: }}"
    expected = (
        "fleet.yaml:3: `auth: basic` over `transport: http` would send the password in clear (`web0`, "
        "`web1`, `web2` and 7 more); take https, or negotiate"
    )
    assert refusal(written(text.encode())) == expected
