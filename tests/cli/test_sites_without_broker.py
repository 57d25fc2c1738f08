"""Commands about sites where no broker is asked: what is missing is told, and a plain scan loads nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Scanned, fleetcheck


def test_sites_without_a_hub_or_a_broker_are_told_what_to_do(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hub here, no broker named, a broker that is not there, an unknown site, a key that is none."""
    monkeypatch.setenv("FLEETCHECK_HUB", str(tmp_path / "hub"))
    nothing = fleetcheck("scan", "-i", str(simulated), "--via-sites")
    assert (nothing.code, "`fleetcheck hub init --broker" in nothing.err) == (1, True)
    unnamed = fleetcheck("hub", "init")
    assert (unnamed.code, "the broker is not named yet" in unnamed.err) == (2, True)
    bad = fleetcheck("hub", "init", "--broker", "amqp://hub:sesame@127.0.0.1/v")
    assert (bad.code, "a password does not belong here" in bad.err, "sesame" in bad.err) == (2, True, False)
    down = fleetcheck("hub", "init", "--broker", "amqp://hub@127.0.0.1:1/fleetcheck")
    assert (down.code, "nothing listens there" in down.err) == (1, True)
    assert "rabbitmqctl add_vhost fleetcheck" in down.err
    key = fleetcheck("hub", "site", "add", "berlin", "--key", "ed25519:short")
    assert (key.code, "expected the public half of a key" in key.err) == (1, True)
    other = fleetcheck("hub", "site", "rotate", "paris", "--key", "x")
    assert (other.code, "no site 'paris'" in other.err) == (2, True)
    slash = fleetcheck("hub", "site", "add", "a/b", "--key", "x")
    assert (slash.code, "a site's name has" in slash.err) == (2, True)
    status = fleetcheck("hub", "status")
    assert (status.code, "nothing listens there" in status.err) == (1, True)
    which = fleetcheck("worker")
    assert (which.code, "which site?" in which.err) == (2, True)


def test_a_site_without_a_worker_is_asked_from_here(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--via-sites where no host is at a site with a worker: all are asked from here, and that is said."""
    monkeypatch.setenv("FLEETCHECK_HUB", str(tmp_path / "hub"))
    fleetcheck("hub", "init", "--broker", "amqp://hub@127.0.0.1:1/fleetcheck")
    ended = fleetcheck("scan", "-i", str(simulated), "--via-sites", "--limit", "par-web-01")
    assert (ended.code, "all are asked from here" in ended.err) == (0, True)


def test_a_scan_without_sites_loads_nothing_of_them(simulated: Path, tmp_path: Path) -> None:
    """No broker's library, nothing of the hub's: a scan from here is what it was."""
    code = (
        "import sys\nfrom orchestrator.cli.main import main\n"
        f"sys.argv[1:] = ['scan', '-i', {str(simulated)!r}, '--limit', 'par-web-01', "
        f"'--db', {str(tmp_path / 'own.db')!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "for name in sorted(sys.modules):\n"
        "    if name.split('.')[0] in ('celery', 'kombu', 'amqp') or 'dispatch' in name or 'sites' in name:\n"
        "        print(name, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=60,
    )
    loaded = {line for line in ended.stderr.splitlines() if line.startswith(("orch", "cel", "kom", "amqp"))}
    assert loaded == {
        "orchestrator.fleet.admission.sites",  # how many hosts of a site at a time, from here
        "orchestrator.remote.faults.sites",  # what two causes mean
    }


def test_a_plan_says_which_hosts_a_site_s_worker_does_not_write(
    scanned: Scanned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`repin plan` with hosts at a site with a worker: written from here or not at all, and what to do."""
    monkeypatch.setenv("FLEETCHECK_HUB", str(tmp_path / "hub"))
    found = re.search(r"site: \"?(\w+)", scanned.inventory.read_text("utf-8"))
    assert found is not None
    before = fleetcheck("repin", "plan", "-o", "before.json", *scanned.options)
    (tmp_path / "hub" / "sites").mkdir(parents=True)
    (tmp_path / "hub" / "sites" / f"{found[1]}.pub").write_text("ed25519:x\n")
    after = fleetcheck("repin", "plan", "-o", "after.json", *scanned.options)
    assert (before.code, after.code) == (0, 0)
    assert "a re-pin is written from this machine alone" not in before.err
    assert f"the workers of {found[1]} scan their hosts and write none" in after.err.replace("`", "")
    assert "fleetcheck repin export PLAN" in after.err
