"""What `docs/scheduling.md` promises of its crontab, tried: the line is run by a shell as cron runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.cli.conftest import HOSTS
from tests.docs.pages import ROOT, blocks

(CRONTAB,) = (block.text for block in blocks("docs/scheduling.md") if block.language == "crontab")
(LINE,) = re.findall(r"^\S+ \S+ \S+ \S+ \S+  (fleetcheck scan .*)$", CRONTAB, re.MULTILINE)


def mailed(inventory: Path, folder: Path, *hosts: str) -> str:
    """Run the crontab's scan of these hosts, and return what cron would put into a mail."""
    known = yaml.safe_load(inventory.read_text("utf-8"))
    known["hosts"] = {name: known["hosts"][name] for name in hosts}
    for group in known.get("groups", {}).values():
        group["hosts"] = [name for name in group.get("hosts", ()) if name in hosts]
    known.pop("waivers", None)
    path = inventory.with_name(f"of-{len(hosts)}.yaml")
    path.write_text(yaml.safe_dump(known), "utf-8")
    line = LINE.replace("fleetcheck", f"{sys.executable} -m orchestrator", 1)
    line = line.replace("/var/lib/fleetcheck", str(folder))
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    environ |= {"FLEETCHECK_INVENTORY": str(path), "FLEETCHECK_DB": str(folder / "fleet.db")}
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def test_cron_mails_a_summary_where_something_is_wrong_and_nothing_else(
    simulated: Path, tmp_path: Path
) -> None:
    """A good night is no mail; any other is the summary, with groups and what to type next."""
    assert mailed(simulated, tmp_path, HOSTS[0]) == ""
    said = mailed(simulated, tmp_path, *HOSTS[:2])
    assert said.startswith("Scan 2  2 hosts")
    assert "Need attention: 1 host" in said
    assert "fleetcheck show mad-mail-02" in said


def test_cron_mails_why_there_was_no_scan(tmp_path: Path) -> None:
    """A command that failed says so on standard error, which is mailed; last night's summary is not."""
    (tmp_path / "last.txt").write_text("yesterday's\n", "utf-8")
    (tmp_path / "fleet.yaml").write_text("hosts: {}\n", "utf-8")
    line = LINE.replace("fleetcheck", f"{sys.executable} -m orchestrator", 1).replace(
        "/var/lib/fleetcheck", str(tmp_path)
    )
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "FLEETCHECK_INVENTORY": str(tmp_path / "no.yaml")},  # noqa: E501
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert "no.yaml" in done.stdout
    assert "yesterday" not in done.stdout
