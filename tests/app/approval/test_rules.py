"""The rules are the administrator's: what others could have written is refused, and what makes no sense."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.app.approval.errors import ApprovalError
from orchestrator.app.approval.rules import SYSTEM, Place, Rules, rules
from tests.unprivileged import locked, unprivileged

ME = os.getuid()


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Make a folder with sound rules."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    for name, text in (("approvals.toml", "signatures = 2\n"), ("allowed_signers", "")):
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o644)
    return folder


def test_the_place_is_roots_and_fixed() -> None:
    """Whoever asks, the rules are in /etc/fleetcheck, and root's."""
    assert Place(Path("/etc/fleetcheck"), 0) == SYSTEM


def test_without_rules_nothing_is_demanded(tmp_path: Path) -> None:
    """No folder, or an empty one: a fleet of one administrator works as before."""
    assert rules(Place(tmp_path / "none", ME)) == Rules()
    (tmp_path / "empty").mkdir()
    assert rules(Place(tmp_path / "empty", ME)) == Rules()


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("signatures = 2", (2, 1)),
        ("signatures = 3\nundo = 2", (3, 2)),
        ("signatures = 0", (0, 0)),
        ("signatures = 2\nundo = 0", (2, 0)),
    ],
)
def test_an_undo_takes_one_unless_set_otherwise(etc: Path, text: str, counts: tuple[int, int]) -> None:
    """The way back needs one signature where a plan needs any."""
    (etc / "approvals.toml").write_text(text, "utf-8")
    found = rules(Place(etc, ME))
    assert (found.signatures, found.undo) == counts
    assert (found.signers, found.revoked) == (etc / "allowed_signers", None)


def test_signatures_are_demanded_where_nobody_may_sign_yet(etc: Path) -> None:
    """A machine whose administrator has still to name the signers lets nothing through meanwhile."""
    (etc / "allowed_signers").unlink()
    found = rules(Place(etc, ME))
    assert (found.signatures, found.undo, found.signers) == (2, 1, None)


def test_signers_alone_demand_nothing(etc: Path) -> None:
    """Keys that are known count where an option asks for signatures; by themselves they ask for none."""
    (etc / "approvals.toml").unlink()
    found = rules(Place(etc, ME))
    assert (found.signatures, found.undo, found.signers) == (0, 0, etc / "allowed_signers")


def test_rules_of_just_the_longest_size_are_read(etc: Path) -> None:
    """64 KiB are taken; one byte more is refused (below)."""
    text = "signatures = 2\n#"
    (etc / "approvals.toml").write_text(text + " " * (64 * 1024 - len(text)), "utf-8")
    assert rules(Place(etc, ME)).signatures == 2


@pytest.mark.parametrize("name", ["approvals.toml", "allowed_signers", "revoked_keys", ""])
@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_can_write_is_refused(etc: Path, name: str, mode: int) -> None:
    """Each of the files, and their folder; the command that mends it is named."""
    path = etc / name
    path.is_dir() or path.touch()
    path.chmod(mode | (0o111 if path.is_dir() else 0))
    with pytest.raises(ApprovalError, match=rf"{path}: others than .* can write it .*chmod go-w {path}"):
        rules(Place(etc, ME))


def test_what_belongs_to_somebody_else_is_refused(etc: Path) -> None:
    """Whoever owns a file can make it what they like."""
    with pytest.raises(
        ApprovalError, match=rf"belongs to user {ME}, expected user {ME + 1}.*chown {ME + 1} "
    ):
        rules(Place(etc, ME + 1))


def test_a_link_is_refused(etc: Path, tmp_path: Path) -> None:
    """It leads where the administrator may not be the only one."""
    (etc / "approvals.toml").rename(tmp_path / "elsewhere")
    (etc / "approvals.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ApprovalError, match=r"approvals\.toml: is a link"):
        rules(Place(etc, ME))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("signatures = ", "no TOML: "),
        ("\xff", "no TOML: "),
        ("", "no `signatures`"),
        ("undo = 1", "no `signatures`"),
        ("signature = 2", "unknown key 'signature'; there are signatures and undo"),
        ("signatures = true", "signatures = True: expected a number from 0 to 9"),
        ("signatures = -1", "expected a number from 0 to 9"),
        ("signatures = 10", "expected a number from 0 to 9"),
        ('signatures = "2"', "expected a number from 0 to 9"),
        pytest.param(f"signatures = {'1' * 5000}", "no TOML: ", id="digits"),
        pytest.param(
            f"signatures = 0x{'f' * 5000}", "a value of type int: expected a number from 0 to 9", id="hex"
        ),
        pytest.param(f'signatures = "{"2" * 5000}"', "'22.{,60}…: expected a number from 0 to 9", id="text"),
        pytest.param(f"{'k' * 5000} = 2", "unknown key 'k{,60}…'; there are signatures and undo", id="key"),
        pytest.param(
            f"signatures = 1\n#{' ' * (64 * 1024 - 15)}", "more than 64 KiB; expected `signatures", id="long"
        ),
    ],
)
def test_a_mistake_in_the_rules_demands_no_less(etc: Path, text: str, said: str) -> None:
    """Rules that cannot be read let nothing through; file, what was found and what was expected are named."""
    (etc / "approvals.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ApprovalError, match=f"approvals.toml: .*{said}"):
        rules(Place(etc, ME))


def test_rules_that_cannot_be_read_are_no_missing_rules() -> None:
    """Where nobody can say what is demanded, nothing is let through."""
    with (
        locked("approvals.toml", "signatures = 2\n") as path,
        unprivileged(),
        pytest.raises(ApprovalError, match="so nobody knows whether approvals are demanded"),
    ):
        rules(Place(path.parent, ME))
