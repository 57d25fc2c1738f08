"""What commands take from the configuration, and what they do not."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.repin.request import DEFAULTS
from orchestrator.app.sites import worker
from orchestrator.cli.config.configured import ConfiguredCommand
from orchestrator.domain.config.keys import KEYS, Key
from tests.cli.conftest import Scanned, command_line, fleetcheck
from tests.cli.test_entry import ROOT, commands


@functools.cache
def command(words: tuple[str, ...]) -> Any:
    """Return a command by its words."""
    found: Any = command_line()
    for word in words:
        found = found.commands[word]
    return found


@functools.cache
def options(words: tuple[str, ...]) -> frozenset[str]:
    """Return a command's options."""
    return frozenset(option for param in command(words).params for option in param.opts)


def configure(text: str, folder: Path = Path()) -> None:
    """Write ./fleetcheck.toml, or the user's file."""
    path = folder / ("fleetcheck.toml" if folder == Path() else "fleetcheck/config.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Name the folder of the user's configuration."""
    return tmp_path / "xdg"


@pytest.mark.parametrize("name", KEYS)
def test_every_key_stands_in_for_an_option_that_its_commands_have(name: str) -> None:
    """And for no option that does not exist."""
    key = KEYS[name]
    wanted = [tuple(words.split()) for words in key.commands] or commands()
    having = [words for words in wanted if set(key.option.split(" or ")) & options(words)]
    assert having == wanted if key.commands else having
    known = {option for words in commands() for option in options(words)}
    assert set(key.unless) <= known


def options_of(key: Key) -> Iterator[Any]:
    """Yield the options that a key stands in for, in each of its commands."""
    for words in [tuple(words.split()) for words in key.commands] or commands():
        for param in command(words).params:
            if set(key.option.split(" or ")) & set(param.opts):
                yield param


def takes(key: Key, value: float) -> bool:
    """Whether a key takes a number."""
    try:
        key.kind.check(value)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", KEYS)
def test_a_key_has_the_limits_of_its_option(name: str) -> None:
    """What a file may say is what may be typed, to the last number."""
    for param in options_of(KEYS[name]):
        typed = param if hasattr(param, "min") else param.type
        least, most = getattr(typed, "min", None), getattr(typed, "max", None)
        if least is not None:
            assert [takes(KEYS[name], number) for number in (least - 1, least)] == [False, True]
            top = most or 10**9
            assert [takes(KEYS[name], number) for number in (top, top + 1)] == [True, most is None]


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if re.fullmatch("`[^`]+`", key.default)])
def test_a_key_has_the_default_of_its_option(name: str) -> None:
    """As `config show` and the page tell it; an option without one says so in its help."""
    said = KEYS[name].default.strip("`")
    for param in options_of(KEYS[name]):
        default = getattr(param.default, "value", param.default)
        if isinstance(default, bool):
            assert (name, str(default).lower()) in ((name, said), ("output", "false"))
        elif default is not None:
            assert str(default) == said
        elif name != "inventory":
            assert f"Default: {said}." in param.help
    if name.startswith("repin.") and hasattr(DEFAULTS, name.removeprefix("repin.")):
        assert getattr(DEFAULTS, name.removeprefix("repin.")) == said


def test_every_option_of_a_configured_name_is_configured() -> None:
    """`jobs` in a file holds wherever there is `--jobs`; the demo alone brings its own."""
    for name in ("jobs", "per_site", "ramp_up", "pace", "probe", "timeout"):
        key = KEYS[name]
        having = {" ".join(words) for words in commands() if key.option in options(words)} - {"demo"}
        assert having == set(key.commands), name


def test_a_worker_takes_what_is_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: Path
) -> None:
    """It is a group of commands, and works itself where none of them follows; an option is nearer."""
    found: list[Any] = []
    monkeypatch.setattr(worker, "run", lambda path, transport, *_: found.append((path.name, transport.value)))
    configure('transport = "pypsrp"', own)
    config = ("worker", "--config", str(tmp_path / "berlin.yaml"))
    assert fleetcheck(*config).code == 0
    assert fleetcheck(*config, "--transport", "native").code == 0
    assert found == [("berlin.yaml", "pypsrp"), ("berlin.yaml", "native")]
    configure('transport = "ssh"', own)
    assert "`transport`: expected native or pypsrp, found `ssh`" in fleetcheck(*config).err


def test_a_scan_takes_what_is_configured(scanned: Scanned, tmp_path: Path) -> None:
    """Inventory, database and mode from the folder's file."""
    configure(f'inventory = "{scanned.inventory}"\ndb = "own.db"\nprobe = "pinned"\noutput = "json"')
    content = json.loads(fleetcheck("scan", "par-web-01").out)
    assert content["scan"]["mode"] == "pinned"
    assert (tmp_path / "default.db").exists()  # FLEETCHECK_DB is nearer than a file


def test_an_option_is_nearer_than_a_variable_and_that_than_a_file(
    scanned: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in turn is taken away."""
    configure('probe = "pinned"')
    monkeypatch.setenv("FLEETCHECK_PROBE", "ordered")

    def mode(*words: str) -> str:
        ended = fleetcheck("scan", "par-web-01", "-i", str(scanned.inventory), "--json", *words)
        return str(json.loads(ended.out)["scan"]["mode"])

    assert mode("--probe", "full") == "full"
    assert mode() == "ordered"
    monkeypatch.delenv("FLEETCHECK_PROBE")
    assert mode() == "pinned"


def test_a_scan_that_goes_on_is_not_told_another_mode(scanned: Scanned, tmp_path: Path) -> None:
    """`--resume` refuses `--probe`; what a file says is no such wish."""
    configure('probe = "pinned"')
    database = ("--db", str(tmp_path / "r.db"))
    assert fleetcheck("scan", "par-web-01", "-i", str(scanned.inventory), *database).code == 0
    ended = fleetcheck("scan", "--resume", "1", "-i", str(scanned.inventory), *database)
    assert "leave --probe out" not in ended.err


def test_the_database_of_a_file_is_beside_it(
    scanned: Scanned, tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path is relative to the file that says it, wherever the command is typed."""
    monkeypatch.delenv("FLEETCHECK_DB")
    configure(f'inventory = "{scanned.inventory}"\ndb = "fleet.db"', own)
    assert fleetcheck("scan", "par-web-01").code == 0
    assert (own / "fleetcheck" / "fleet.db").exists()
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    ended = fleetcheck("scans")
    assert (ended.code, ended.out.count("\n")) == (0, 1)


def test_the_inventory_of_a_file_is_beside_it(own: Path) -> None:
    """Its mistakes are told by that path."""
    configure('inventory = "mine.yaml"', own)
    ended = fleetcheck("inventory", "check")
    assert ended.err.startswith(f"{own}/fleetcheck/mine.yaml: no such inventory")
    (own / "fleetcheck" / "mine.yaml").write_text("hosts: {}")
    assert fleetcheck("inventory", "check").err.startswith(f"{own}/fleetcheck/mine.yaml:1: ")


def test_advice_repeats_what_was_typed_alone(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of the advice finds the configuration as this one did."""
    monkeypatch.delenv("FLEETCHECK_DB")
    configure(f'inventory = "{scanned.inventory}"\ndb = "{scanned.database}"')
    shown = fleetcheck("show", "--table").out
    assert "fleetcheck " in shown
    assert "--db" not in shown
    assert " -i " not in shown


def test_output_is_a_habit_that_an_option_overrules(scanned: Scanned) -> None:
    """`output = "json"` makes documents; `--table` still draws."""
    configure('output = "json"')
    database = ("--db", str(scanned.database))
    assert json.loads(fleetcheck("show", *database).out)["fleetcheck"]["document"] == "scan"
    assert fleetcheck("show", *database, "--table").out.startswith("Scan 1")
    configure('output = "table"')
    assert fleetcheck("show", *database).out.startswith("Scan 1")
    assert json.loads(fleetcheck("show", *database, "--json").out)


@pytest.mark.parametrize("output", ["json", "table"])
def test_output_is_no_hindrance_where_an_option_says_what_is_written(
    scanned: Scanned, output: str, tmp_path: Path
) -> None:
    """A page for a browser and rows as CSV are as ever."""
    configure(f'output = "{output}"')
    database = ("--db", str(scanned.database))
    assert fleetcheck("report", *database, "--html", "page.html").code == 0
    assert (tmp_path / "page.html").exists()
    assert fleetcheck("firewall", *database, "--format", "csv").out.startswith('"source",')


def test_the_users_file_may_set_more(scanned: Scanned, own: Path) -> None:
    """`header = true` names the columns."""
    configure("header = true", own)
    assert fleetcheck("scans", "--db", str(scanned.database)).out.startswith("id\tstarted\t")


def test_plans_take_policy_and_age_from_the_repin_table(scanned: Scanned, own: Path) -> None:
    """An age that no scan has leaves every host out."""
    configure('[repin]\nmax_age = "1s"\npolicy = "vendor-order"\nexpires = "2h"', own)
    ended = fleetcheck("repin", "plan", "-i", str(scanned.inventory), "--db", str(scanned.database), "--json")
    content = json.loads(ended.out)
    assert content["plan"]["policy"] == "vendor-order"


def test_a_mistake_ends_a_command_before_it_begins(tmp_path: Path) -> None:
    """Each with its line; no database is made."""
    configure("jobs = 3\nyes = true\nprobe = 'ful'")
    ended = fleetcheck("scan")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "fleetcheck.toml:2: `yes` may stand in no file: --yes is given on the command line alone, each time",
        "fleetcheck.toml:3: `probe`: expected auto, full, ordered or pinned, found `ful`",
        "fleetcheck: 2 mistakes, named above",
    ]
    assert not (tmp_path / "default.db").exists()


def test_help_and_a_slip_read_no_file() -> None:
    """Whoever looks for help finds it, however broken a file is."""
    configure("nonsense")
    assert fleetcheck("scan", "--help").code == 0
    assert fleetcheck("scan", "--jobs", "0").code == 2
    assert fleetcheck("completion", "bash").code == 0


def test_a_plug_in_says_unknown_where_the_configuration_is_broken() -> None:
    """1 would be a warning about the fleet."""
    configure("nonsense = 1")
    ended = fleetcheck("export", "--format", "nagios")
    assert ended.code == 3
    assert ended.out.startswith("FLEETCHECK UNKNOWN - fleetcheck.toml:1: there is no key `nonsense`")
    assert fleetcheck("export", "--format", "csv").code == 1


def test_warnings_go_beside_the_output(scanned: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that others can write and an unknown variable; the command goes on without them."""
    configure('output = "json"')
    Path("fleetcheck.toml").chmod(0o666)
    monkeypatch.setenv("FLEETCHECK_JOB", "3")
    ended = fleetcheck("scans", "--db", str(scanned.database))
    assert ended.out.startswith("1\t")
    assert ended.err.splitlines() == [
        (
            "warning: there is no setting FLEETCHECK_JOB; did you mean `FLEETCHECK_JOBS`?; "
            "`fleetcheck config show` lists all of them"
        ),
        (
            "warning: fleetcheck.toml is left aside: others can write it (mode 0666); "
            "run: chmod go-w fleetcheck.toml"
        ),
    ]


def test_the_parser_of_toml_comes_only_with_a_file(tmp_path: Path) -> None:
    """A command without a configuration costs what it did."""
    code = (
        "import sys\nsys.argv[1:] = ['scans', '--db', 'none.db']\nfrom orchestrator.cli.main import main\n"
        "try:\n    main()\nfinally:\n    print('tomllib' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    environ = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path / "xdg"), "PATH": ""}
    found = [
        subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False).stdout
        for text in (None, "jobs = 3")
        if text is None or (tmp_path / "fleetcheck.toml").write_text(text)
    ]
    assert found == ["False\n", "True\n"]


def test_who_types_verbose_is_not_kept_quiet(scanned: Scanned, tmp_path: Path, own: Path) -> None:
    """A habit of quiet nights is no hindrance for who wants to see."""
    configure("quiet = true", own)
    ended = fleetcheck(
        "scan", "par-web-01", "-i", str(scanned.inventory), "--db", str(tmp_path / "own.db"), "-v"
    )
    assert ended.code == 0, ended.err
    assert "par-web-01: auth, after" in ended.err


def test_the_demo_brings_its_own() -> None:
    """No configuration makes a first minute another one."""
    assert not isinstance(command(("demo",)), ConfiguredCommand)
    assert isinstance(command(("scan",)), ConfiguredCommand)
