"""The probe's text: what may stand in it, judged without running it and, for old versions' sake, by the kit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.remote.session import Script

TEXT = Script.load("probe").text
FUNCTIONS = {name.lower() for name in re.findall(r"(?mi)^\s*function\s+([\w-]+)", TEXT)}

# Every alias of a fresh Windows PowerShell 5.1 that is one word: an alias wins over a function of the same name.
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


def test_probe_text_is_ascii() -> None:
    """A script in pure ASCII arrives the same whatever the host's code page."""
    assert TEXT.isascii()


def test_no_function_has_the_name_of_an_alias() -> None:
    """No function of the probe is shadowed by an alias of Windows PowerShell, which would run instead of it."""
    assert FUNCTIONS & set(ALIASES) == set()


@pytest.mark.parametrize(
    "dynamic",
    [r"(?m)&\s*\$", r"(?m)(^|[;{(|=\s])\.\s+\$", r"(?i)\[scriptblock\]::create", r"(?i)\.invokescript"],
)
def test_probe_calls_nothing_by_a_name_made_at_run_time(dynamic: str) -> None:
    """What the probe calls can be listed by reading it: no call through a variable, no script made at run time."""
    assert re.findall(dynamic, TEXT) == []


def test_parameters_have_no_reserved_names() -> None:
    """No parameter hides an automatic variable of PowerShell."""
    declared = {
        name.lower() for name in re.findall(r"\$(\w+)", TEXT[TEXT.index("param(") : TEXT.index("\n)")])
    }
    assert (
        declared & {"host", "pid", "args", "input", "home", "profile", "error", "event", "matches"} == set()
    )


def test_nothing_assigns_to_a_parameter() -> None:
    """Parameters are typed, and names have no case: an assignment to one would convert what is assigned."""
    declared = {
        name.lower() for name in re.findall(r"\$(\w+)", TEXT[TEXT.index("param(") : TEXT.index("\n)")])
    }
    assigned = {name.lower() for name in re.findall(r"\$(\w+)\s*(?:=[^=]|\+=|-=|\+\+)", TEXT)}
    assert declared & assigned == set()


@pytest.mark.usefixtures("winhost_kit")
def test_probe_would_run_on_old_servers(tmp_path: Path) -> None:
    """PowerShell 3.0 on .NET 4.5 knows every word of the probe, and it calls no command but its own functions."""
    path = tmp_path / "probe.ps1"
    path.write_text(TEXT, "ascii")
    argv = [sys.executable, "-m", "winhost", "check", str(path), "--json"]
    env = {**os.environ, "PYTHONPATH": os.environ["FLEETCHECK_WINHOST"]}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["errors"], report["syntax"], report["missing"]) == (0, [], [], [])
    assert {name.lower() for name in report["commands"]} - FUNCTIONS == set()
