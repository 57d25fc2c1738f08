"""Every page: its commands are typed, the commands that it mentions exist, its files load,
its tables are the code's.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from inventory.errors import InventoryError
from inventory.profile import load_profile
from inventory.schema.reference import ABOUT
from inventory.sources.load import load_all
from inventory.sources.source import files as files_of
from orchestrator.domain.primitives.exit_codes import MEANINGS
from tests.cli.conftest import command_line, fleetcheck
from tests.docs import reference
from tests.docs.conftest import World
from tests.docs.pages import LANGUAGES, PAGES, ROOT, blocks, files, mentioned

pytestmark = pytest.mark.xdist_group("pages")  # one fleet for all of them

TYPED = [
    page
    for page in PAGES
    if any(block.runs and not (block.as_root or block.sets_up) for block in blocks(page))
]
LOGONS = "credentials: {ops: {username: ops, password: {from: env, name: FC}}}\n"
"""What the README's inventory has, for a file that is named beside it."""
ROOTS_WORDS = {"useradd", "chown", "chmod", "systemctl", "journalctl", "ssh-keygen"}


@pytest.mark.parametrize("page", TYPED)
def test_every_command_of_a_page_does_what_it_is_there_for(world: World, page: str) -> None:
    """Typed in order in the README's fleet, each command ends as the page says, or at least works."""
    typed = world.type(page)
    assert typed != []
    assert [str(done) for done in typed if not done.fine] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_block_escapes(page: str) -> None:
    """A fence is of a known kind; one that only root can type holds nothing but the system's own commands."""
    assert {block.language for block in blocks(page)} <= LANGUAGES
    assert PAGES[page].count("\n```") == 2 * len(blocks(page))
    words = {shlex.split(line)[0] for block in blocks(page) if block.as_root for line in block.commands}
    assert words <= ROOTS_WORDS


def _fits(line: str) -> str:
    """Hold a command line against the real options; "" where it fits, else what does not."""
    command = command_line()
    words = re.split(r"\s+(?:#|\||\|\||>|&&)\s", f"{line} ")[0].replace("`", "").split()[1:]
    while words and hasattr(command, "commands"):
        if words[0].startswith("--") and getattr(command, "invoke_without_command", False):
            break  # a group that does something itself: `fleetcheck worker --config FILE`
        words[0] = words[0].rstrip(",.;:")
        if words[0] in {"-h", "--help", "--version", "-V", "", "COMMAND"}:  # "" was `...`
            return ""
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command = command.commands[words.pop(0)]
    options = {name: param for param in command.params for name in (*param.opts, *param.secondary_opts)}
    takes = False
    for word in words:
        name = word.strip("[]'\".,;").partition("=")[0]
        if takes:
            takes = False
        elif name.startswith("-") and len(name) > 1 and name != "--help":
            if name not in options:
                return f"{command.name} has no {name}"
            takes = not getattr(options[name], "is_flag", False) and "=" not in word
    return ""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_that_a_page_mentions_exists(page: str) -> None:
    """In fences, units, crontabs and running text: the command is there, and so is each option."""
    assert [f"{line}: {wrong}" for line in mentioned(page) if (wrong := _fits(line))] == []


def test_every_command_line_that_the_program_suggests_exists() -> None:
    """What a message, a help text or the starter file says to type can be typed."""
    files = (*ROOT.glob("orchestrator/**/*.py"), *ROOT.glob("inventory/**/*.py"))
    said = [
        (path.name, span[1])
        for path in files
        for span in re.finditer(r"`(fleetcheck [a-z][^`\n\"{]*)", path.read_text("utf-8"))
    ]
    assert len(said) > 20
    found = [f"{name}: {line}: {wrong}" for name, line in said if (wrong := _fits(line))]
    assert found == []


def test_a_command_line_that_does_not_exist_is_seen() -> None:
    """The check can fail."""
    assert _fits("fleetcheck scna") == "no command scna"
    assert _fits("fleetcheck scan --limt web1") == "scan has no --limt"


@pytest.mark.parametrize("page", PAGES)
def test_the_generated_parts_are_what_the_code_says(page: str) -> None:
    """`python -m tests.docs.reference` writes them; every table with a name is one that it knows."""
    assert PAGES[page] == reference.made(PAGES[page])


def test_every_generated_part_stands_on_a_page() -> None:
    """No table is made for nobody."""
    standing = [name for page in PAGES.values() for name in reference.named(page)]
    assert sorted(standing) == sorted(reference.PARTS)


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    """A file that a page names is there, and so is the heading."""
    text = (ROOT / page).read_text("utf-8")
    for link, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)]+))?\)", text):
        if link.startswith("http"):
            continue
        target = (ROOT / page).parent / link if link else ROOT / page
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_page_stands_in_the_readmes_table() -> None:
    """The README is the index."""
    assert [page for page in PAGES if page != "README.md" and f"]({page})" not in PAGES["README.md"]] == []


@pytest.mark.parametrize("page", [page for page in PAGES if files(page)])
def test_the_files_of_a_page_load(tmp_path: Path, page: str) -> None:
    """An inventory or a profile that a page shows has no mistake."""
    for name, text in files(page).items():
        if name.endswith((".toml", ".ini")) or text.startswith("#!"):
            continue  # test_configuration_page.py loads the first, the page's own commands the others
        (tmp_path / name).write_text(text, "utf-8")
        (tmp_path / "logons.yaml").write_text(LOGONS, "utf-8")
        beside = [] if "credentials:" in text else [tmp_path / "logons.yaml"]
        try:
            if "hosts:" in text:
                load_all(files_of(*beside, tmp_path / name))
            else:
                load_profile(f"./{name}", tmp_path)
        except InventoryError as error:
            pytest.fail(str(error))


@pytest.mark.parametrize("key", ABOUT)
def test_a_keys_example_is_accepted(key: str) -> None:
    """What the reference shows for a key is what the schema takes."""
    name, field = key.split(".")
    model = reference.schema_of(name)
    told = yaml.load(ABOUT[key].example, Loader=yaml.BaseLoader if field == "until" else yaml.SafeLoader)  # noqa: S506
    assert field in told
    for said, value in told.items():
        attribute = "from_" if said == "from" else said
        model.__pydantic_validator__.validate_assignment(model.model_construct(), attribute, _as_read(value))


def _as_read(value: object) -> object:
    """Turn the dates that YAML 1.1 makes back into texts, as fleetcheck reads them."""
    if isinstance(value, dict):
        return {key: _as_read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_read(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_the_reference_speaks_of_no_key_that_is_gone() -> None:
    """Each entry is a key of the schema."""
    gone = []
    for key in ABOUT:
        name, field = key.split(".")
        model = reference.schema_of(name)
        if field not in model.model_fields:
            gone.append(key)
    assert gone == []


def test_the_readmes_exit_codes_are_the_programs() -> None:
    """Every code is named where the first scan ends."""
    (sentence,) = re.findall(r"Its\s+exit\s+code\s+is .*?interrupted;", PAGES["README.md"], re.DOTALL)
    assert {int(code) for code in re.findall(r"\b\d+\b", sentence)} == set(MEANINGS)


UNIT_LINE = re.compile(r"|#.*|\[(Unit|Service|Timer|Install)\]|[A-Z]\w+=\S.*")
UNITS = {
    block.about.removeprefix("unit: "): block.text
    for page in PAGES
    for block in blocks(page)
    if block.about.startswith("unit: ")
}


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing to complain about; where it is not here,
    each line is one of a unit's.
    """
    assert set(UNITS) == {"fleetcheck.service", "fleetcheck.timer", "fleetcheck-worker.service"}
    assert [
        line for unit in UNITS.values() for line in unit.splitlines() if not UNIT_LINE.fullmatch(line)
    ] == []
    if shutil.which("systemd-analyze") is None:
        return
    for name, text in UNITS.items():
        program = str(shutil.which("true"))
        (tmp_path / name).write_text(text.replace("/opt/fleetcheck/bin/fleetcheck", program), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in done.stderr.splitlines() if "fleetcheck" in line]
    assert (done.returncode, ours) == (0, [])


def test_a_crontab_line_has_five_times_and_a_command() -> None:
    """Every line of a crontab is a setting, or five fields and a command."""
    lines = [
        line
        for page in PAGES
        for block in blocks(page)
        if block.language == "crontab"
        for line in block.text.splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert lines != []
    wrong = [
        line
        for line in lines
        if not re.fullmatch(r"[A-Z_]+=\S+", line) and not re.fullmatch(r"([\d*/,-]+ +){5}\S.*", line)
    ]
    assert wrong == []


def _commands() -> dict[str, typer.core.TyperCommand]:
    found = {}
    for name, command in command_line().commands.items():
        for sub, below in (getattr(command, "commands", None) or {"": command}).items():
            found[f"{name} {sub}".strip()] = below
    return found


def test_every_command_and_option_has_help() -> None:
    """No command and no option leaves a reader of `--help` to guess."""
    silent = [
        f"{name} {param.opts[0]}"
        for name, command in _commands().items()
        for param in command.params
        if not getattr(param, "help", None)
    ]
    assert [*silent, *(name for name, command in _commands().items() if not command.help)] == []


@pytest.mark.parametrize(
    "words",
    [(), ("repin",), ("audit",), ("inventory",), ("profile",), ("hub",), ("worker",), ("hub", "site")],
)
def test_no_commands_line_is_cut_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Each command's line in the list says all that it has to say."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = fleetcheck(*words, "--help").out.split("Commands:")[1].splitlines()
    assert [line for line in lines if line.endswith("...")] == []


def test_every_command_stands_on_a_page() -> None:
    """There is no command that the pages keep silent about."""
    lines = " ".join(line for page in PAGES for line in mentioned(page))
    assert [name for name in _commands() if f"fleetcheck {name}" not in lines] == []
