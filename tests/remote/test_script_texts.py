"""The scripts' texts: what may stand in them, judged without running them and, for old versions' sake,
by the kit.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.domain.repin.plan import Plan
from orchestrator.remote.apply import repin_script
from orchestrator.remote.session import Script
from orchestrator.remote.standalone import standalone

EMPTY_PLAN = Plan(
    id="p",
    created=datetime(2026, 11, 1, tzinfo=UTC),
    expires=datetime(2026, 11, 2, tzinfo=UTC),
    policy="desired",
    selection="all",
    inventory="fleet.yaml",
    inventory_digest="",
    script=repin_script().sha256,
    version="1",
    user="ops",
    hosts=(),
    left_out=(),
)
TEXTS = {
    "probe": Script.load("probe").text,
    "repin": repin_script().text,
    "standalone": standalone(EMPTY_PLAN),
}
RESERVED = {"host", "pid", "args", "input", "home", "profile", "error", "event", "matches"}

# Every alias of a fresh Windows PowerShell 5.1 that is one word: an alias wins over a function of the same
# name.
ALIASES = [
    "ac",
    "asnp",
    "cat",
    "cd",
    "cfs",
    "chdir",
    "clc",
    "clear",
    "clhy",
    "cli",
    "clp",
    "cls",
    "clv",
    "cnsn",
    "compare",
    "copy",
    "cp",
    "cpi",
    "cpp",
    "curl",
    "cvpa",
    "dbp",
    "del",
    "diff",
    "dir",
    "dnsn",
    "ebp",
    "echo",
    "epal",
    "epcsv",
    "epsn",
    "erase",
    "etsn",
    "exsn",
    "fc",
    "fhx",
    "fl",
    "foreach",
    "ft",
    "fw",
    "gal",
    "gbp",
    "gc",
    "gcb",
    "gci",
    "gcm",
    "gcs",
    "gdr",
    "ghy",
    "gi",
    "gin",
    "gjb",
    "gl",
    "gm",
    "gmo",
    "gp",
    "gps",
    "gpv",
    "group",
    "gsn",
    "gsnp",
    "gsv",
    "gtz",
    "gu",
    "gv",
    "gwmi",
    "h",
    "history",
    "icm",
    "iex",
    "ihy",
    "ii",
    "ipal",
    "ipcsv",
    "ipmo",
    "ipsn",
    "irm",
    "ise",
    "iwmi",
    "iwr",
    "kill",
    "lp",
    "ls",
    "man",
    "md",
    "measure",
    "mi",
    "mount",
    "move",
    "mp",
    "mv",
    "nal",
    "ndr",
    "ni",
    "nmo",
    "npssc",
    "nsn",
    "nv",
    "ogv",
    "oh",
    "popd",
    "ps",
    "pushd",
    "pwd",
    "r",
    "rbp",
    "rcjb",
    "rcsn",
    "rd",
    "rdr",
    "ren",
    "ri",
    "rjb",
    "rm",
    "rmdir",
    "rmo",
    "rni",
    "rnp",
    "rp",
    "rsn",
    "rsnp",
    "rujb",
    "rv",
    "rvpa",
    "rwmi",
    "sajb",
    "sal",
    "saps",
    "sasv",
    "sbp",
    "sc",
    "scb",
    "select",
    "set",
    "shcm",
    "si",
    "sl",
    "sleep",
    "sls",
    "sort",
    "sp",
    "spjb",
    "spps",
    "spsv",
    "start",
    "stz",
    "sujb",
    "sv",
    "swmi",
    "tee",
    "trcm",
    "type",
    "wget",
    "where",
    "wjb",
    "write",
]


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    """Return each script's text."""
    return TEXTS[request.param]


def functions(text: str) -> set[str]:
    """Find what a script defines."""
    return {name.lower() for name in re.findall(r"(?mi)^\s*function\s+([\w-]+)", text)}


def parameters(text: str) -> set[str]:
    """Find what a script, and a script within it, is given."""
    blocks = re.findall(r"(?ms)^param\((.*?)\)$", text)
    return {name.lower() for block in blocks for name in re.findall(r"\$(\w+)", block)}


def test_text_is_ascii(text: str) -> None:
    """A script in pure ASCII arrives the same whatever the host's code page."""
    assert text.isascii()


def test_no_function_has_the_name_of_an_alias(text: str) -> None:
    """No function of ours is shadowed by an alias of Windows PowerShell, which would run instead of it."""
    assert functions(text) & set(ALIASES) == set()


@pytest.mark.parametrize(
    "dynamic",
    [r"(?m)&\s*\$", r"(?m)(^|[;{(|=\s])\.\s+\$", r"(?i)\[scriptblock\]::create", r"(?i)\.invokescript"],
)
def test_nothing_is_called_by_a_name_made_at_run_time(text: str, dynamic: str) -> None:
    """What a script calls can be listed by reading it: no call through a variable,
    no script made at run time.
    """
    assert re.findall(dynamic, text) == []


def test_parameters_have_no_reserved_names(text: str) -> None:
    """No parameter hides an automatic variable of PowerShell."""
    assert parameters(text) != set()
    assert parameters(text) & RESERVED == set()


def test_nothing_assigns_to_a_parameter(text: str) -> None:
    """Parameters are typed, and names have no case: an assignment to one would convert what is assigned."""
    assigned = {name.lower() for name in re.findall(r"\$(\w+)\s*(?:=[^=]|\+=|-=|\+\+)", text)}
    assert parameters(text) & assigned == set()


@pytest.mark.usefixtures("winhost_kit")
def test_script_would_run_on_old_servers(text: str, tmp_path: Path) -> None:
    """PowerShell 3.0 on .NET 4.5 knows every word of a script,
    and it calls no command but its own functions.
    """
    path = tmp_path / "script.ps1"
    path.write_text(text, "ascii")
    argv = [sys.executable, "-m", "winhost", "check", str(path), "--json"]
    env = {**os.environ, "PYTHONPATH": os.environ["FLEETCHECK_WINHOST"]}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["errors"], report["syntax"], report["missing"]) == (0, [], [], [])
    assert {name.lower() for name in report["commands"]} - functions(text) == set()


WRITES = r"(?i)\.(SetValue|DeleteValue|DeleteSubKey\w*|CreateSubKey|SetAccessControl)\("


def test_probe_writes_nothing() -> None:
    """The probe calls nothing that changes a registry."""
    assert re.findall(WRITES, TEXTS["probe"]) == []


def test_write_script_only_sets_values() -> None:
    """The write script sets values, in two places, and calls nothing that creates or deletes."""
    assert re.findall(WRITES, TEXTS["repin"]) == ["SetValue", "SetValue"]
