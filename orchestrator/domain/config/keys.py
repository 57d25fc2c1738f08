"""Every key that may be configured: what it is, what it takes, which option it stands in for, who may set it.

A key has its option's name; `repin.batch` is `batch` in the table `[repin]`, and FLEETCHECK_REPIN_BATCH.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.config.key import PREFIX, Key
from orchestrator.domain.config.kinds import flag, number, span, whole, word
from orchestrator.domain.config.proofs import database, inventory, local_file
from orchestrator.domain.config.repin_keys import REPIN

__all__ = ["KEYS", "PREFIX", "TABLES", "Key"]

_SCANS = ("scan",)
_ASKS = ("scan", "doctor")
_RUNS = ("scan", "repin apply")

_ALL = (
    Key(
        name="inventory",
        what="the inventory, or a list of them, relative to the file that says so",
        kind=inventory(),
        default="`./fleet.yaml`",
        example='inventory = "fleet.yaml"',
        option="--inventory",
        folder=True,
        folder_check=local_file(),
        path=True,
    ),
    Key(
        name="db",
        what="the database: a file, relative to the file that says so, or a URL",
        kind=database(),
        default="a file in the user's state folder",
        example='db = "/var/lib/fleetcheck/fleetcheck.db"',
        option="--db",
        folder=True,
        folder_check=local_file(),
        secret=True,
        path=True,
    ),
    Key(
        name="jobs",
        what="hosts at a time",
        kind=whole(1, 4096),
        default="`64`",
        example="jobs = 200",
        option="--jobs",
        commands=(*_RUNS, "doctor"),
        folder=True,
    ),
    Key(
        name="per_site",
        what="hosts of one `site:` at a time; 0 is no limit",
        kind=whole(0),
        default="`0`",
        example="per_site = 20",
        option="--per-site",
        commands=_RUNS,
        folder=True,
    ),
    Key(
        name="ramp_up",
        what="how many more hosts a second may be in work; 0 is all at once",
        kind=number(0, 1_000_000),
        default="`200`",
        example="ramp_up = 50",
        option="--ramp-up",
        commands=_RUNS,
        folder=True,
    ),
    Key(
        name="pace",
        what="connects a second that one gateway gets from all hosts; 0 is no limit",
        kind=number(0),
        default="`500`",
        example="pace = 100",
        option="--pace",
        commands=_SCANS,
        folder=True,
    ),
    Key(
        name="probe",
        what="the ports that a scan tries",
        kind=word("auto", "full", "ordered", "pinned"),
        default="`auto`",
        example='probe = "full"',
        option="--probe",
        commands=_SCANS,
        folder=True,
        unless=("--resume",),
    ),
    Key(
        name="timeout",
        what="seconds for one host in all, whatever the inventory says",
        kind=number(1, 86_400),
        default="the inventory's",
        example="timeout = 90",
        option="--timeout",
        commands=_ASKS,
        folder=True,
    ),
    Key(
        name="output",
        what="how results are shown: `auto` draws tables on a terminal and writes lines down a pipe",
        kind=word("auto", "table", "json"),
        default="`auto`",
        example='output = "table"',
        option="--table or --json",
        folder=True,
        unless=("--format", "--html", "--list-hosts", "--step"),
    ),
    Key(
        name="header",
        what="lines for a pipe begin with the columns' names",
        kind=flag(),
        default="`false`",
        example="header = true",
        option="--header",
    ),
    Key(
        name="quiet",
        what="no progress, no remarks on the way",
        kind=flag(),
        default="`false`",
        example="quiet = true",
        option="--quiet",
        commands=("scan", "repin apply", "repin resume"),
        unless=("--verbose",),
    ),
    Key(
        name="wait",
        what="how long a command waits for another one that writes to the database",
        kind=span("30m"),
        default="`5s`",
        example='wait = "30m"',
        option="--wait",
    ),
    Key(
        name="no_match",
        what="what a pattern of `--limit` that takes no host is",
        kind=word("ok", "warn", "error"),
        default="`error` for `repin plan`, else `warn`",
        example='no_match = "error"',
        option="--no-match",
    ),
    Key(
        name="no_canaries",
        what="a scan leaves out the search for a middlebox",
        kind=flag(),
        default="`false`",
        example="no_canaries = true",
        option="--no-canaries",
        commands=_SCANS,
    ),
    Key(
        name="transport",
        what="what speaks WinRM with the hosts",
        kind=word("native", "pypsrp"),
        default="`native`",
        example='transport = "pypsrp"',
        option="--transport",
    ),
    Key(
        name="report.by",
        what="what `report` counts hosts by",
        kind=word("site", "group"),
        default="`site`",
        example='by = "group"',
        option="--by",
        commands=("report",),
    ),
    Key(
        name="report.max_age",
        what="what is older is marked",
        kind=span("7d"),
        default="`7d`",
        example='max_age = "2d"',
        option="--max-age",
        commands=("report",),
    ),
    *REPIN,
)

KEYS: Mapping[str, Key] = MappingProxyType({key.name: key for key in _ALL})
"""By name, in the order in which people look for them."""

TABLES = frozenset(name.partition(".")[0] for name in KEYS if "." in name)
"""The tables that hold keys."""

NEVER: Mapping[str, str] = MappingProxyType(
    {
        "yes": "--yes",
        "force": "--force",
        "force_closed": "--force-closed",
        "include_waived": "--include-waived",
        "limit": "--limit",
        "host": "HOST",
        "hosts": "HOST",
        "port": "--port",
        "key": "--key",
        "credential": "--credential",
        "ask_pass": "--ask-pass",
    }
)
"""What only the command line says, each time, by the word that a file or a variable would have for it."""

_RESERVED = frozenset({"DEBUG", "WINHOST", "ADLAB", "HUB"})


def never(word: str) -> str | None:
    """Return the option that a word would set, where that option is for the command line alone."""
    word = word.lower().replace("-", "_").rpartition(".")[2]
    if word.startswith("assume_"):
        return f"--{word.replace('_', '-')}"
    return NEVER.get(word)


def reserved(variable: str) -> bool:
    """Whether a variable is no setting: what developers and tests have, and where the hub's folder is."""
    name = variable.removeprefix(PREFIX)
    return name in _RESERVED or name.startswith("TEST_")
