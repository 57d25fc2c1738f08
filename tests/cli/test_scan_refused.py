"""What `fleetcheck scan` needs before its first host: options that fit, an inventory, the secrets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from orchestrator.store.reader import Reader
from tests.cli.conftest import HOSTS, Scanned, fleetcheck, url


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--resume", "1"), "scan 1 is complete"),
        (("--resume", "9"), "no scan 9"),
        (("--resume", "9" * 30), "no scan 999"),
        (("--from", "9"), "no scan 9"),
        (("--only", "failed"), "--only needs --from"),
        (("--from", "1", "--only", "faild"), "did you mean failed?"),
        (("--from", "1", "--only", "stale"), "no host"),
        (("--resume", "1", "--limit", "all"), "leave --limit out"),
        (("--resume", "1", "--probe", "full"), "leave --probe out"),
        (("--probe", "fast"), "'fast'"),
        (("--jobs", "0"), "--jobs"),
        (("--timeout", "nan"), "--timeout"),
        (("--timeout", "1e300"), "--timeout"),
        (("--pace", "inf"), "--pace inf: expected"),
        (("--ramp-up", "nan"), "--ramp-up"),
        (("--per-site", "-1"), "--per-site"),
        (("--limit", "mad-mial-02"), "mad-mail-02"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(own: Scanned, words: tuple[str, ...], said: str) -> None:
    """A wrong word, scan id or combination is exit code 2 with what to do, and nothing is scanned."""
    ended = fleetcheck("scan", *own.options, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    with Reader.open(url(own.database)) as reader:
        assert len(reader.scans()) == 1


def test_without_an_inventory_the_starter_is_named() -> None:
    """In an empty folder the command says how to begin."""
    ended = fleetcheck("scan")
    assert ended.code == 1
    assert "fleetcheck inventory init" in ended.err


def test_the_inventory_may_come_from_the_environment(
    scanned: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLEETCHECK_INVENTORY names the file where `-i` does not."""
    monkeypatch.setenv("FLEETCHECK_INVENTORY", str(scanned.inventory))
    assert fleetcheck("scan", "--list-hosts").out.split() == list(HOSTS)


def test_a_secret_that_is_missing_is_said_before_anything_starts(scanned: Scanned, tmp_path: Path) -> None:
    """A credential whose password cannot be had ends the command with its name, its line and what is missing,
    and stores no result.
    """
    text = scanned.inventory.read_text(encoding="ascii").replace("secrets/ops", "secrets/none")
    folder = tmp_path / "copy"
    shutil.copytree(scanned.inventory.parent, folder)
    (folder / "fleet.yaml").write_text(text, encoding="ascii")
    ended = fleetcheck("scan", "-i", str(folder / "fleet.yaml"), "--db", str(tmp_path / "new.db"), "-q")
    assert (ended.code, ended.out) == (1, "")
    assert re.search(
        rf"fleetcheck: {re.escape(str(folder))}/fleet.yaml:\d+: credential ops: the secret file .*/none",
        ended.err,
    )
    assert "Traceback" not in ended.err


def test_a_password_cannot_be_asked_for_without_a_terminal(own: Scanned, tmp_path: Path) -> None:
    """`from: prompt` where nobody can answer ends with what to write instead,
    and leaves the database as it was.
    """
    folder = tmp_path / "asking"
    shutil.copytree(own.inventory.parent, folder)
    text = (folder / "fleet.yaml").read_text(encoding="ascii")
    (folder / "fleet.yaml").write_text(
        text.replace('{from: "file", path: "secrets/ops"}', "{from: prompt}"), encoding="ascii"
    )
    ended = fleetcheck("scan", "-i", str(folder / "fleet.yaml"), "--db", str(own.database), "-q")
    assert (ended.code, "no terminal" in ended.err) == (1, True)
    with Reader.open(url(own.database)) as reader:
        assert len(reader.scans()) == 1
