"""The files as they are on a machine: read, refused or left aside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from orchestrator.app.config.files import Place, places
from orchestrator.app.config.inventory import configured
from orchestrator.app.config.load import load
from orchestrator.app.config.show import shown
from tests.unprivileged import locked, unprivileged


@pytest.fixture
def where(tmp_path: Path) -> tuple[Place, ...]:
    """Name three files that are not there yet."""
    names = ("folder.toml", "user.toml", "system.toml")
    return tuple(Place(tmp_path / name, name, in_folder=name == "folder.toml") for name in names)


def test_the_folder_s_file_is_read_before_the_user_s_and_the_system_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it alone counts as the folder's, where another person may have written what it says."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert [(str(place.path), place.in_folder) for place in places()] == [
        ("fleetcheck.toml", True),
        (str(tmp_path / "fleetcheck" / "config.toml"), False),
        ("/etc/fleetcheck/config.toml", False),
    ]


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_a_file_of_256_kb_is_read_and_a_larger_one_refused(
    where: tuple[Place, ...], more: int, *, refused: bool
) -> None:
    """One byte decides: what is larger is no configuration of fleetcheck."""
    text = "jobs = 2\n#"
    where[1].path.write_text(text + "x" * (256 * 1024 - len(text) + more))
    if refused:
        with pytest.raises(InventoryError, match=r"user\.toml: larger than 256 KB"):
            load({}, where)
    else:
        assert load({}, where).values["jobs"].value == 2


def test_without_a_file_nothing_is_set(where: tuple[Place, ...]) -> None:
    """And nothing is complained of."""
    found = load({}, where)
    assert (dict(found.values), found.warnings) == ({}, ())
    assert [seen.state for seen in found.files] == ["absent"] * 3


def test_the_nearest_file_holds_and_a_variable_is_nearer(where: tuple[Place, ...]) -> None:
    """Variable, ./fleetcheck.toml, the user's, /etc's."""
    for place, text in zip(
        where, ("jobs = 2\npace = 2", "jobs = 3\nper_site = 3", "jobs = 4\nprobe = 'full'"), strict=True
    ):
        place.path.write_text(text)
    found = load({"FLEETCHECK_JOBS": "1"}, where)
    assert {key: setting.value for key, setting in found.values.items()} == {
        "jobs": 1,
        "pace": 2,
        "per_site": 3,
        "probe": "full",
    }
    origins = {row.key: str(row.origin) for row in shown(found).rows if row.origin}
    assert origins == {
        "jobs": "FLEETCHECK_JOBS",
        "pace": "folder.toml:2",
        "per_site": "user.toml:2",
        "probe": "system.toml:2",
    }


def test_all_mistakes_of_all_places_are_told_at_once(where: tuple[Place, ...]) -> None:
    """Each with its file and line, or with its variable."""
    where[0].path.write_text("jobs = 0\n\nyes = true\n")
    where[1].path.write_text("[repin]\nbatch = 'x'\n")
    where[2].path.write_text("jobs = \n")
    with pytest.raises(InventoryError) as caught:
        load({"FLEETCHECK_PACE": "fast"}, where)
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [
        ("FLEETCHECK_PACE", 0),
        ("folder.toml", 1),
        ("folder.toml", 3),
        ("system.toml", 1),
        ("user.toml", 2),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"jobs = 3\nprobe = 'ful", "x.toml:2: this is no TOML: "),
        (b"jobs = 3\njobs = 4", "x.toml:2: this is no TOML: Cannot overwrite a value"),
        pytest.param(b"jobs = 3\npace = " + b"9" * 5_000, "x.toml:2: an integer of more than", id="digits"),
        pytest.param(b"a = 3\ndb = " + b"[" * 5_000 + b"]" * 5_000, "x.toml:2: brackets are", id="nested"),
        (b"a = '\xff'", "x.toml:1: byte 0xff is not UTF-8"),
        (b"# " + b"x" * 300_000, "x.toml: larger than 256 KB"),
        (b"\xff\xfej\0", "x.toml:1: written as UTF-16"),
        (b"SQLite format 3\0", "x.toml: this is an SQLite database"),
    ],
)
def test_what_is_no_toml_is_told_by_its_line(tmp_path: Path, data: bytes, said: str) -> None:
    """Or by what it is."""
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(InventoryError) as caught:
        load({}, [Place(tmp_path / "x.toml", "x.toml")])
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "number", [f"{10**30}", f"{10**400}", "0x" + "f" * 5_000, f"-{10**400}"], ids=["30", "400", "hex", "-400"]
)
@pytest.mark.parametrize("key", ["pace", "per_site", "repin.max_failed", "jobs", "output", "no_canaries"])
def test_an_integer_that_nothing_can_hold_is_a_mistake(tmp_path: Path, key: str, number: str) -> None:
    """Told with its line, and not written out."""
    (tmp_path / "x.toml").write_text(f"\n{key} = {number}\n")
    with pytest.raises(InventoryError) as caught:
        load({}, [Place(tmp_path / "x.toml", "x.toml")])
    (problem,) = caught.value.problems
    assert problem.line == 2
    assert problem.message.endswith("found an integer of more than 64 bits")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """As some editors write one."""
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfjobs = 3\r\n")
    assert load({}, [Place(tmp_path / "x.toml", "x.toml")]).values["jobs"].value == 3


@pytest.mark.parametrize("mode", [0o646, 0o606, 0o666])
def test_a_file_that_others_can_write_is_warned_of_and_left_aside(tmp_path: Path, mode: int) -> None:
    """Nothing of it holds, not even what is wrong in it."""
    path = tmp_path / "x.toml"
    path.write_text("jobs = 3\nnonsense")
    path.chmod(mode)
    found = load({}, [Place(path, "x.toml")])
    assert dict(found.values) == {}
    assert found.warnings == (
        f"x.toml is left aside: others can write it (mode {mode:04o}); run: chmod go-w {path}",
    )
    assert [(seen.state, seen.reason != "") for seen in found.files] == [("left aside", True)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_left_aside(tmp_path: Path) -> None:
    """Whoever owns it can change it at any time, whatever its mode."""
    (tmp_path / "x.toml").write_text("jobs = 3")
    os.chown(tmp_path / "x.toml", 12345, -1)
    found = load({}, [Place(tmp_path / "x.toml", "x.toml")])
    assert dict(found.values) == {}
    assert found.warnings[0].startswith("x.toml is left aside: it belongs to another user (number 12345)")


def test_a_link_to_a_file_of_ours_is_followed(tmp_path: Path) -> None:
    """People keep their configuration elsewhere."""
    (tmp_path / "kept").write_text("jobs = 3")
    (tmp_path / "x.toml").symlink_to("kept")
    assert load({}, [Place(tmp_path / "x.toml", "x.toml")]).values["jobs"].value == 3


def test_what_is_no_file_is_left_aside(tmp_path: Path) -> None:
    """A FIFO is not waited for, a folder not looked into."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    found = load({}, [Place(tmp_path / name, name) for name in ("fifo", "folder", "link")])
    assert found.warnings == (
        "fifo is left aside: it is a FIFO, where a file was expected",
        "folder is left aside: it is a folder, where a file was expected",
        "link is left aside: it is a link to what is not there",
    )


def test_a_file_that_cannot_be_read_is_left_aside() -> None:
    """A warning says why."""
    with locked("x.toml", "jobs = 3") as path, unprivileged():
        (warning,) = load({}, [Place(path, "x.toml")]).warnings
    assert warning == "x.toml is left aside: it cannot be read: Permission denied"


def test_a_path_is_shown_as_the_file_means_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read without the file's name it would be taken for one of the current folder."""
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc" / "config.toml"
    file.write_text('inventory = ["fleet.yaml", "/srv/b.yaml", "~/c.yaml"]\ndb = "fleet.db"\n', "utf-8")

    def paths() -> dict[str, str]:
        rows = shown(load({}, [Place(file, "config.toml")])).rows
        return {row.key: row.shown for row in rows if row.key in ("inventory", "db")}

    there = str(file.parent)
    monkeypatch.chdir(tmp_path)
    assert paths() == {
        "inventory": f"{there}/fleet.yaml, /srv/b.yaml, ~/c.yaml",
        "db": f"{there}/fleet.db",
    }
    monkeypatch.chdir(there)
    assert paths() == {"inventory": "fleet.yaml, /srv/b.yaml, ~/c.yaml", "db": "fleet.db"}


def test_a_databases_password_is_not_shown(where: tuple[Place, ...]) -> None:
    """`config show` can be pasted into a ticket."""
    where[1].path.write_text('db = "postgresql://ann:hush@db/fleet"')
    (row,) = (row for row in shown(load({}, where)).rows if row.key == "db")
    assert (row.shown, row.value) == ("postgresql://ann:***@db/fleet",) * 2


def test_what_a_file_names_is_not_run(where: tuple[Place, ...]) -> None:
    """A program that came with a cloned folder stays a file; the variable is the user's own word."""
    where[0].path.write_text('inventory = "./fleet"')
    assert [source.runs for source in configured(load({}, where))] == [False]
    assert [source.runs for source in configured(load({"FLEETCHECK_INVENTORY": "fleet"}, where))] == [True]


@pytest.mark.parametrize("number", ["1000000", "0.00001", "123456.789", "50"])
def test_a_number_is_shown_as_it_was_written(where: tuple[Place, ...], number: str) -> None:
    """Every digit of it, and no power of ten where people write none."""
    where[1].path.write_text(f"ramp_up = {number}")
    (row,) = (row for row in shown(load({}, where)).rows if row.key == "ramp_up")
    assert row.shown == number
