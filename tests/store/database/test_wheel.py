"""The migrations travel in the wheel and are found there, and in an editable install too."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from orchestrator.store.database import schema

ROOT = Path(schema.__file__).parents[3]
# What a program from the wheel does at its first scan; it must not see the source tree.
FIRST_USE = """
import sys
import orchestrator.store.database.schema as schema
from orchestrator.store.database.migrating import ensure
from orchestrator.store.reader import Reader

ensure(sys.argv[1], command="test")
with Reader.open(sys.argv[1]) as reader:
    print(schema.scripts(), len(reader.scans()))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a release does and unpack it as an installer does."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("these tests run from an installed package: there is no source tree to build")
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_every_step(unpacked: Path) -> None:
    """What stands in `migrations` is in the wheel, and nothing that a test run left there."""
    source = ROOT / "migrations"
    wanted = {path.relative_to(source) for path in source.rglob("*.py")}
    found = {
        path.relative_to(unpacked / "orchestrator" / "_migrations")
        for path in unpacked.rglob("_migrations/**/*.py")
    }
    assert found == wanted
    assert list(unpacked.rglob("*.pyc")) == []


def test_an_installed_program_makes_its_database(unpacked: Path, tmp_path: Path) -> None:
    """A program from the wheel alone finds its migrations inside itself."""
    url = f"sqlite:///{tmp_path / 'f.db'}"
    environ = {**os.environ, "PYTHONPATH": str(unpacked)}
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_USE, url],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == [str(unpacked / "orchestrator" / "_migrations"), "0"]


def test_an_editable_install_uses_the_steps_where_they_are_edited(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """A step that is being written takes effect at once,
    though an editable install holds copies of its own.
    """
    folder = tmp_path_factory.mktemp("editable")
    build = "import sys, hatchling.build as builder; builder.build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    code = (
        "import site, sys; site.addsitedir(sys.argv.pop()); from orchestrator.store.database import "
        "schema; print(schema.scripts())"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [sys.executable, "-c", code, str(folder / "site")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == str(ROOT / "migrations")
