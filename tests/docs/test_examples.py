"""Every `--help` ends with examples, and each of them works as printed in the README's fleet."""

from __future__ import annotations

import shutil

import pytest

from orchestrator.cli.examples import EXAMPLES
from tests.cli.conftest import command_line, fleetcheck
from tests.docs.conftest import MACHINES, World, _pin_again, _server, _sit_down, pins
from tests.docs.pages import Block
from tests.docs.shell import Shell
from tests.docs.test_pages import _fits

pytestmark = pytest.mark.xdist_group("pages")  # the pages' fleet

NOT_TYPED = {
    "fleetcheck demo": "tests/cli/test_demo_command.py types it",
    "fleetcheck demo --keep": "it serves until Ctrl-C",
    "fleetcheck repin approve plan.json --key ~/.ssh/id_ed25519": "it needs a key of the reader's",
    "fleetcheck repin approve plan.json --key ~/.ssh/id_ed25519.pub --as ann": "it needs an agent",
    **dict.fromkeys(
        (
            line
            for words, lines in EXAMPLES.items()
            for line in lines
            if words.startswith(("hub", "worker")) or "--via-sites" in line
        ),
        "tests/cli/test_sites_story.py types them, with a broker",
    ),
    "fleetcheck repin import RESULT.json": "it needs what a script answered on a host",
}
"""What is not typed here, and why; that it exists is checked all the same."""

LAST = "fleetcheck repin apply undo.json --yes --ask-pass"  # it needs the plan of `repin undo`
FILES = {
    "hosts.ini": "[web]\nweb9.corp.example\n",
    "agent.yaml": "extends: livevault\nkey: SOFTWARE\\Agent\n",
    "config/fleetcheck/config.toml": '[notify.ops]\nkind = "command"\nargv = ["cat"]\n',
}


def all_words() -> list[tuple[str, ...]]:
    """Return the words of every command and of every group, fleetcheck itself among them."""
    found: list[tuple[str, ...]] = [()]
    for name, command in command_line().commands.items():
        found += [(name,), *((name, sub) for sub in getattr(command, "commands", {}))]
    return found


@pytest.mark.parametrize("words", all_words(), ids=" ".join)
def test_every_help_ends_with_examples(words: tuple[str, ...]) -> None:
    """The command itself is in one of them, and each has words."""
    ended = fleetcheck(*words, "--help")
    said = ended.out.split("Examples:\n")
    assert (ended.code, len(said)) == (0, 2), ended.out
    assert f"fleetcheck {' '.join(words)}".strip() in said[1]
    assert all(EXAMPLES[" ".join(words)].values())


def test_no_example_is_left_of_a_command_that_is_gone() -> None:
    """Each entry is of a command or a group that is there."""
    assert set(EXAMPLES) == {" ".join(words) for words in all_words()}


def test_every_example_is_a_command_line_that_exists() -> None:
    """The command is there, and so is each option."""
    lines = [line for found in EXAMPLES.values() for line in found]
    assert [f"{line}: {wrong}" for line in lines if (wrong := _fits(line))] == []


def test_every_example_works_as_printed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed in their order in the README's fleet, each ends as a command that worked."""
    lines = dict.fromkeys(line for found in EXAMPLES.values() for line in found)
    typed = [line for line in lines if line not in {*NOT_TYPED, LAST}]
    typed.insert(typed.index("fleetcheck repin undo 1 -o undo.json") + 1, LAST)
    folder = world._folder / "examples"
    shutil.copytree(world.begin, folder)
    (folder / "plan.json").unlink()  # the examples make their own
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    for name in MACHINES:
        _pin_again(world.fleet.host(name), 2147)
    block = Block("--help", 0, "", "sh", "\n".join(["createdb fleetcheck", *typed]))
    with _server() as change:
        _sit_down(monkeypatch, folder)
        monkeypatch.setattr("getpass.getpass", lambda _: "Passw0rd!")
        shell = Shell(folder, monkeypatch.setenv, change, lambda: pins(world.fleet.host("db7")))
        done = shell.type(block)
    assert [str(each) for each in done if not each.fine] == []
    looks = {each.line: each.after for each in done}
    assert looks["fleetcheck repin apply plan.json --batch 1,5%,25% --pause 1s"] == {"443"}
    assert looks[LAST] == {"2147"}
