"""What a file and the environment may set, and what is said of everything else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.config.key import Key
from orchestrator.domain.config.keys import KEYS, NEVER
from orchestrator.domain.config.reading import EnvironReading, FileReading
from orchestrator.domain.config.sections import Mistake, Section, SectionError
from orchestrator.store.errors import PlaceError
from orchestrator.store.place import SqlitePlace, parse

FOLDER_KEYS = {"inventory", "db", "jobs", "per_site", "pace", "ramp_up", "probe", "timeout", "output"}
GOOD: Mapping[str, object] = {
    "inventory": "fleet.yaml",
    "db": "fleet.db",
    "jobs": 8,
    "per_site": 2,
    "ramp_up": 1.5,
    "pace": 10,
    "probe": "full",
    "timeout": 30,
    "output": "json",
    "header": True,
    "quiet": True,
    "wait": "30m",
    "no_match": "ok",
    "no_canaries": True,
    "transport": "native",
    "report.by": "group",
    "report.max_age": "2d",
    "repin.policy": "prefer:443,2147",
    "repin.max_age": "12h",
    "repin.agree": 2,
    "repin.expires": "4h",
    "repin.signatures": 2,
    "repin.batch": "1,10%",
    "repin.pause": "2m",
    "repin.max_failed": 3,
    "repin.max_conflicts": "5%",
    "repin.wait_live": "10m",
}
BAD: Mapping[str, Iterable[object]] = {
    "inventory": (3, [], "-", ["a", "-"], [""], [3], "  ", "a\0b"),
    "db": (3, " ", "a\0b"),
    "jobs": (0, 4097, 1.5, True, "8"),
    "per_site": (-1, True),
    "ramp_up": (-1, 1_000_001, True, float("nan")),
    "pace": (-1, float("inf"), "x"),
    "probe": ("ful", 1),
    "timeout": (0, 86_401),
    "output": ("lines", True),
    "header": (1, "yes"),
    "quiet": ("yes",),
    "wait": (30, "long"),
    "no_match": ("no",),
    "no_canaries": (0,),
    "transport": ("telnet",),
    "report.by": ("host",),
    "report.max_age": ("7", 7),
    "repin.policy": ("best", "prefer:0", "port:443", "port:primary=443"),
    "repin.max_age": ("x",),
    "repin.agree": (0, 101),
    "repin.expires": ("soon", "30s"),
    "repin.signatures": (0, 10, "2"),
    "repin.batch": ("0", "x,1"),
    "repin.pause": (2,),
    "repin.max_failed": (0, "101%"),
    "repin.max_conflicts": (True,),
    "repin.wait_live": ("",),
}


def tree_of(name: str, value: object) -> Mapping[str, object]:
    """Return what TOML would give for one key."""
    table, _, key = name.rpartition(".")
    return {table: {key: value}} if table else {key: value}


def said(tree: Mapping[str, object], *, folder_file: bool = False) -> list[str]:
    """Read a file's content and return what is wrong with it."""
    reading = FileReading("config.toml", "/f", folder_file=folder_file)
    reading.layer(tree)
    return [mistake.message for mistake in reading.mistakes]


def test_the_examples_here_are_of_every_key() -> None:
    """A new key comes with a value that fits and some that do not."""
    assert set(GOOD) == set(BAD) == set(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_a_file_sets_a_key(name: str) -> None:
    """The value is as options take it, and says where it came from."""
    layer = FileReading("config.toml", "/f", folder_file=False).layer(tree_of(name, GOOD[name]))
    setting = layer.values[name]
    assert setting.origin.name == "config.toml"
    assert setting.origin.path == tuple(name.split("."))


@pytest.mark.parametrize("name", KEYS)
def test_a_variable_sets_a_key(name: str) -> None:
    """A variable's text comes to the same value as the file's."""
    key, value = KEYS[name], GOOD[name]
    reading = EnvironReading(
        {key.variable: str(value).lower() if isinstance(value, bool) else str(value)}, ":"
    )
    setting = reading.layer().values[name]
    assert reading.mistakes == []
    assert setting.value == key.kind.check(value)
    assert str(setting.origin) == key.variable


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_a_value_that_does_not_fit_is_told_with_what_was_expected(name: str, value: object) -> None:
    """Whatever its type."""
    (message,) = said(tree_of(name, value))
    assert message.startswith(f"`{name}`: expected {KEYS[name].kind.takes}, found ")


def test_the_folders_file_may_set_nine_keys() -> None:
    """It may have come with a cloned repository."""
    assert {name for name, key in KEYS.items() if key.folder} == FOLDER_KEYS


@pytest.mark.parametrize("name", KEYS)
def test_the_folders_file_sets_what_it_may_and_no_more(name: str) -> None:
    """What it may not is told, with where it belongs."""
    found = said(tree_of(name, GOOD[name]), folder_file=True)
    where = "set it in ~/.config/fleetcheck/config.toml or /etc/fleetcheck/config.toml"
    assert found == ([] if name in FOLDER_KEYS else [f"`{name}` may not stand in ./fleetcheck.toml: {where}"])


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key.folder_check])
@pytest.mark.parametrize(
    "value",
    [
        "postgresql://ann:hush@evil/fleet",
        "POSTGRES://evil/hush",
        "  postgresql+psycopg:///hush?host=evil",
        "sqlite:////mnt/hush",
        "https://evil/hush",
        "a\n://hush",
        "//evil/hush",
        "\\\\evil\\hush",
        "/\\evil/hush",
    ],
)
def test_the_folders_file_names_no_server(name: str, value: str) -> None:
    """Who wrote it would be given a password and all results; the value is not repeated."""
    for given_ in (value, ["fleet.yaml", value]) if name == "inventory" else (value,):
        reading = FileReading("fleetcheck.toml", "/f", folder_file=True)
        assert dict(reading.layer({name: given_}).values) == {}
        (mistake,) = reading.mistakes
        assert mistake.message.startswith(f"`{name}`: expected the path of a file on this machine; ")
        assert "hush" not in mistake.message
        assert said({name: given_}) == []


@given(
    st.lists(
        st.sampled_from(
            [
                *["postgresql", "sqlite", "file", "Postgres", "ann:pw@db", "host=", "dbname=", ""],
                ":",
                "/",
                "\\",
                "?",
                "@",
            ]
        )
        | st.text(max_size=2),
        max_size=8,
    ).map("".join)
)
def test_what_the_folders_file_may_name_is_never_a_server(named: str) -> None:
    """However the store would take it."""
    layer = FileReading("fleetcheck.toml", "/f", folder_file=True).layer({"db": named})
    for setting in layer.values.values():
        with contextlib.suppress(PlaceError):
            assert isinstance(parse(str(setting.value)), SqlitePlace)


def test_every_key_of_the_folders_file_that_names_a_place_names_a_file() -> None:
    """The others are numbers and words; a new one that takes any text has to have its check."""
    free = {
        name
        for name, key in KEYS.items()
        if key.folder and {text for text in ("x", "postgresql://evil/x") if _fits(key, text)}
    }
    assert free == {name for name, key in KEYS.items() if key.folder_check} == {"inventory", "db"}


def _fits(key: Key, value: object) -> bool:
    try:
        key.kind.check(value)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("value", [["postgresql://u:hush@db/x"], "hush\0"])
def test_a_value_that_may_hold_a_secret_is_not_repeated(value: object) -> None:
    """Not even where it is no text that can be used."""
    (message,) = said({"db": value})
    assert message.endswith(", found something else")


@pytest.mark.parametrize("word", [*NEVER, "assume_open", "ask-pass", "force-closed"])
def test_what_is_for_the_command_line_alone_stands_in_no_file(word: str) -> None:
    """Neither at the top nor in a table; the option is named."""
    for tree, name in (({word: True}, word), ({"repin": {word: "x"}}, f"repin.{word}")):
        (message,) = said(tree)
        assert message.startswith(f"`{name}` may stand in no file: ")
        assert message.endswith(" is given on the command line alone, each time")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"job": 3}, "there is no key `job`; did you mean `jobs`?"),
        ({"per-site": 3}, "there is no key `per-site`; did you mean `per_site`?"),
        ({"repin": {"bach": "1"}}, "there is no key `repin.bach`; did you mean `repin.batch`?"),
        ({"wrong": {"a": 1}}, "there is no key `wrong`"),
        ({"repin": 3}, "`repin`: expected a table, `[repin]` and its keys below, found `3`"),
        ({"jobs": {"a": 1}}, "`jobs`: expected a whole number from 1 to 4,096, found a mapping"),
    ],
)
def test_an_unknown_key_is_a_mistake(tree: Mapping[str, object], expected: str) -> None:
    """The nearest known one is named."""
    (message,) = said(tree)
    assert message.startswith(expected)


def test_an_empty_variable_is_an_unset_one() -> None:
    """`FLEETCHECK_JOBS= fleetcheck scan` is the scan without it."""
    reading = EnvironReading({"FLEETCHECK_JOBS": "", "FLEETCHECK_NONE": ""}, ":")
    assert (dict(reading.layer().values), reading.mistakes, list(reading.warnings())) == ({}, [], [])


@pytest.mark.parametrize("text", ["many", "0", "1e9", "nan", " "])
def test_a_variable_that_does_not_fit_is_a_mistake(text: str) -> None:
    """It is told by its name."""
    reading = EnvironReading({"FLEETCHECK_JOBS": text}, ":")
    reading.layer()
    ((variable, message),) = reading.mistakes
    assert variable == "FLEETCHECK_JOBS"
    assert message.startswith("expected a whole number from 1 to 4,096, found ")


@pytest.mark.parametrize(("text", "value"), [("1", True), ("on", True), ("No", False), ("false", False)])
def test_a_variable_says_yes_and_no_in_the_usual_words(text: str, value: bool) -> None:
    """As other programs take them."""
    assert EnvironReading({"FLEETCHECK_QUIET": text}, ":").layer().values["quiet"].value is value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FLEETCHECK_JOB", "there is no setting FLEETCHECK_JOB; did you mean `FLEETCHECK_JOBS`?; "),
        ("FLEETCHECK_REPIN", "there is no setting FLEETCHECK_REPIN"),
        ("FLEETCHECK_YES", "FLEETCHECK_YES is not read: --yes is given on the command line alone, each time"),
        (
            "FLEETCHECK_ASSUME_OPEN",
            "FLEETCHECK_ASSUME_OPEN is not read: --assume-open is given on the command",
        ),
        ("FLEETCHECK_CONFIG", "FLEETCHECK_CONFIG is kept for later and names no file"),
    ],
)
def test_an_unknown_variable_is_a_warning(name: str, expected: str) -> None:
    """Nothing is set by it, and the command goes on."""
    reading = EnvironReading({name: "1"}, ":")
    (warning,) = reading.warnings()
    assert warning.startswith(expected)
    assert (dict(reading.layer().values), reading.mistakes) == ({}, [])


@pytest.mark.parametrize("name", ["DEBUG", "TEST_PG_URL", "WINHOST", "ADLAB"])
def test_the_developers_variables_are_let_alone(name: str) -> None:
    """They are no settings, and no mistakes."""
    assert list(EnvironReading({f"FLEETCHECK_{name}": "1"}, ":").warnings()) == []


def _read(name: str, content: Mapping[str, object]) -> object:
    if set(content) != {"url"}:
        raise SectionError(Mistake(("url",), f"`{name}` needs a url"))
    return content["url"]


SECTION = Section(name="send", what="", example="", read=_read, rows=lambda content: [("url", str(content))])


def test_a_section_has_named_tables() -> None:
    """Its reader makes of each what it is worth."""
    reading = FileReading("config.toml", "/f", folder_file=False, sections=[SECTION])
    layer = reading.layer({"send": {"ops": {"url": "https://ops"}, "boss": {"url": "https://boss"}}})
    assert {name: entry.content for name, entry in layer.sections["send"].items()} == {
        "ops": "https://ops",
        "boss": "https://boss",
    }
    assert reading.mistakes == []


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        (3, ("send",), "`send`: expected tables such as `[send.NAME]`, found `3`"),
        ({"ops": 3}, ("send", "ops"), "`send.ops`: expected a table, `[send.ops]`, found `3`"),
        ({"ops": {}}, ("send", "ops", "url"), "`ops` needs a url"),
    ],
)
def test_a_sections_mistakes_are_told_with_their_place(
    value: object, path: tuple[str, ...], message: str
) -> None:
    """Those of its reader too."""
    reading = FileReading("config.toml", "/f", folder_file=False, sections=[SECTION])
    reading.layer({"send": value})
    assert reading.mistakes == [Mistake(path, message)]


def test_the_folders_file_has_no_section() -> None:
    """What sends or runs something is the user's to say."""
    reading = FileReading("fleetcheck.toml", "/f", folder_file=True, sections=[SECTION])
    layer = reading.layer({"send": {"ops": {"url": "https://evil"}}})
    assert dict(layer.sections) == {}
    assert [mistake.message.partition(":")[0] for mistake in reading.mistakes] == [
        "`[send]` may not stand in ./fleetcheck.toml"
    ]
