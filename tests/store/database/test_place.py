"""Where the database is: what a user may name, and what no message shows."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.store.errors import DriverMissingError, PlaceError
from orchestrator.store.place import (
    PostgresPlace,
    SqlitePlace,
    as_typed,
    database_url,
    default_folder,
    parse,
)


def test_option_wins_over_environment(tmp_path: Path) -> None:
    """`--db` is nearer than FLEETCHECK_DB."""
    assert database_url(str(tmp_path / "a"), {"FLEETCHECK_DB": "b"}) == f"sqlite:///{tmp_path / 'a'}"


def test_environment_wins_over_default(tmp_path: Path) -> None:
    """FLEETCHECK_DB names the database where no option does."""
    assert database_url(None, {"FLEETCHECK_DB": str(tmp_path / "b")}) == f"sqlite:///{tmp_path / 'b'}"


@pytest.mark.parametrize("environ", [{}, {"FLEETCHECK_DB": ""}])
def test_default_is_in_the_state_folder(environ: dict[str, str]) -> None:
    """Without option and variable, or with an empty one, the database is the user's own."""
    assert database_url(None, environ) == f"sqlite:///{default_folder() / 'fleetcheck.db'}"


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path counts from where the command was typed."""
    monkeypatch.chdir(tmp_path)
    assert database_url("x/y.db", {}) == f"sqlite:///{tmp_path}/x/y.db"


def test_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` means what it means in a shell, also in FLEETCHECK_DB."""
    monkeypatch.setenv("HOME", "/home/ann")
    assert database_url("~/f.db", {}) == "sqlite:////home/ann/f.db"


@pytest.mark.parametrize(
    "name", ["with ? and #.db", "100%.db", "a\nb", "ü 😀.db", "postgresql.db", ":memory:"]
)
def test_any_file_name_is_a_place(tmp_path: Path, name: str) -> None:
    """Characters that mean something in a URL are characters of a file name."""
    assert parse(database_url(str(tmp_path / name), {})) == SqlitePlace(tmp_path / name)


def test_an_sqlite_url_is_a_path() -> None:
    """Who writes sqlite:////path gets that path."""
    assert parse("sqlite:////var/lib/f.db") == SqlitePlace(Path("/var/lib/f.db"))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_url_gets_its_driver(scheme: str) -> None:
    """All the usual ways to write a PostgreSQL URL mean the same."""
    assert database_url(f"{scheme}://ann@db/fleet", {}) == "postgresql+psycopg://ann@db/fleet"


def test_a_url_without_a_server_is_the_local_one() -> None:
    """PostgreSQL's own short form is taken as it is, and shown as it was typed."""
    place = parse("postgresql:///fleet")
    assert isinstance(place, PostgresPlace)
    assert (place.url, place.shown) == ("postgresql+psycopg:///fleet", "postgresql:///fleet")


SECRET = "s3cr3t"
LEAKY = [
    f"mysql://ann:{SECRET}@db/fleet",
    f"postgresql://ann:{SECRET}@db:port/fleet",
    f"postgresql://ann:x/{SECRET}@db/fleet",
    f"postgresql://ann:x#{SECRET}@db/fleet",
    f"postgresql://ann:x?{SECRET}@db/fleet",
    f"postgresql://ann:{SECRET}@db",
    f"postgresql://ann:{SECRET}@[db/fleet",
    f"postgresql://ann:x@{SECRET}@db/fleet",
    f"postgresql:/ann:{SECRET}@db/fleet",
    f"postgres:ann:{SECRET}@db/fleet",
    f"host=db user=ann password={SECRET}",
    f"HOST=db USER=ann PASSWORD={SECRET}",
    f"host='db' password = '{SECRET} more'",
    f"Server=db;Uid=ann;Pwd={SECRET}",
    f"fleet.db?Password={SECRET}",
    f"sqlite:///fleet.db?password={SECRET}",
    f"jdbc:postgresql://db/fleet?user=ann&password={SECRET}",
    f"ann:{SECRET}@db/fleet",
    f"//ann:{SECRET}@db/fleet",
    f" postgresql://ann:{SECRET}@db",
    f"\tpostgres:ann:{SECRET}@db/fleet",
    f"Postgres:ann:{SECRET}@db/fleet",
    f"postgresql://ann@db/fleet?PASSWORD={SECRET}",
    f"postgresql://ann@db/?pass%77ord={SECRET}",
    f"PGPASSWORD={SECRET} host=db",
    f"db_passwd={SECRET}",
]


@pytest.mark.parametrize("named", LEAKY)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(named: str) -> None:
    """The message says what was expected and shows no password, however the URL was mistyped."""
    with pytest.raises(PlaceError) as caught:
        database_url(named, {})
    assert "Expected the path of a file, or postgresql://user@server/name." in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_keyword_string_is_no_file_s_name() -> None:
    """The driver's other form would make a file of that name: the message says how to write it,
    and what a file needs.
    """
    with pytest.raises(
        PlaceError, match=r"this is a keyword string .* postgresql://user@server/name\. .*\./NAME"
    ):
        parse("host=db dbname=fleet")


@pytest.mark.parametrize("named", [":memory:", "file:fleet.db?mode=rwc"])
def test_a_word_of_sqlite_s_is_no_file_s_name(named: str) -> None:
    """What SQLite would take for a place in memory or a URI is refused,
    and makes no file that is called so.
    """
    with pytest.raises(PlaceError, match="a word of SQLite's"):
        parse(named)


@pytest.mark.parametrize(
    "name", ["./host=db", "a=b.db", "/var/u:p@h/f.db", "ann@home.db", "f:1.db", "mails@x:y.db", " f.db"]
)
def test_an_odd_path_stays_a_path(name: str) -> None:
    """What cannot be meant as a URL or a keyword string is the file that it names."""
    assert parse(name) == SqlitePlace(Path.cwd() / name)


@pytest.mark.parametrize("named", [" postgresql://ann@db/fleet\n", "PostgreSQL://ann@db/fleet"])
def test_blanks_around_a_url_and_its_scheme_s_case_do_not_matter(named: str) -> None:
    """A line end that a shell's variable brought along does not make a file of a URL."""
    assert parse(named) == PostgresPlace("postgresql+psycopg://ann@db/fleet")


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (f"postgresql://ann:{SECRET}@db/fleet", "postgresql://ann:***@db/fleet"),
        (f" postgresql://ann:{SECRET}@db/fleet", "postgresql://ann:***@db/fleet"),
        (f"host=db PASSWORD={SECRET}", "***"),
        ("fleet.db", "fleet.db"),
    ],
)
def test_a_command_line_is_kept_without_its_passwords(word: str, shown: str) -> None:
    """What is stored of a command holds no password, in whatever form it was typed."""
    assert as_typed(word) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@db/fleet",
        f" postgresql://ann:{SECRET}@db/fleet",
        f"postgresql://ann@db/fleet?password={SECRET}",
        f"postgresql://ann@db/fleet?sslpassword={SECRET}&sslmode=require",
    ],
)
def test_a_place_shows_no_password(url: str) -> None:
    """Messages and representations name server and database, and `***` for the password."""
    place = parse(url)
    assert isinstance(place, PostgresPlace)
    assert (SECRET in place.shown + repr(place), "***" in place.shown, place.secrets) == (
        False,
        True,
        (SECRET,),
    )


@pytest.mark.parametrize("named", ["", "  ", "a\0b"])
def test_a_name_that_is_none_is_refused(named: str) -> None:
    """An empty `--db` is a mistake, not the default."""
    with pytest.raises(PlaceError, match="this names no file"):
        database_url(named, {})


def test_a_missing_driver_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL is an extra: who lacks it is told what to type."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(DriverMissingError, match=r"pip install 'fleetcheck\[postgresql\]'"):
        database_url("postgresql://ann@db/fleet", {})


def test_naming_a_place_loads_no_database_library(environ: dict[str, str]) -> None:
    """`--help` and commands without a database do not pay for SQLAlchemy and Alembic."""
    code = (
        "import sys, orchestrator.store.place, orchestrator.store.errors;"
        "print(*{'sqlalchemy', 'alembic', 'sqlite3', 'psycopg'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == ""
