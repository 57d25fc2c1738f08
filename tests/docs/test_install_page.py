"""The install page, typed: each way to install, to upgrade and to uninstall."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.version import VERSION
from tests.docs.pages import ROOT, blocks

pytestmark = [
    pytest.mark.xdist_group("install"),
    pytest.mark.timeout(900),
]  # it builds and installs for real

PAGE = {block.about: block.text for block in blocks("docs/install.md")}
NEXT = f"{VERSION}.post1"
BUILT_FROM = ("orchestrator", "inventory", "migrations", "pyproject.toml", "README.md", "LICENSE", "docs")
WHEELS = "install: wheelhouse, with internet"
QUICK_PIP = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_COMPILE": "0", "PIP_NO_WARN_CONFLICTS": "0"}
"""Compile only what is imported, and look for no conflicts: pip sets an option that begins with `no` by 0."""


class Machine:
    """A user's machine: a home of its own, the source, and the tools of this one's PATH."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        for name in BUILT_FROM:
            if (ROOT / name).is_dir():
                left = shutil.ignore_patterns("__pycache__")  # other tests write there meanwhile
                shutil.copytree(ROOT / name, self.source / name, ignore=left)
            else:
                shutil.copy(ROOT / name, self.source / name)
        self._home = folder / "home"
        self._home.mkdir()
        self.more: Mapping[str, str] = {}

    def type(self, about: str) -> str:
        """Type a block of the page as it stands, up to the first command that fails; what it printed."""
        path = [str(self._home / ".local" / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        own = {"HOME": str(self._home), "PATH": os.pathsep.join(path), "UV_PYTHON_DOWNLOADS": "never"}
        done = subprocess.run(
            ["/bin/sh", "-euc", PAGE[about]],
            cwd=self.source,
            env={**os.environ, **own, **self.more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 3} if "doctor" in PAGE[about] else done.returncode == 0, done.stderr
        return done.stdout

    def release(self) -> None:
        """Turn the source into the next version's."""
        file = self.source / "orchestrator" / "version.py"
        text, count = re.subn(re.escape(f'"{VERSION}"'), f'"{NEXT}"', file.read_text())
        assert count == 1
        file.write_text(text)

    def hurry(self) -> None:
        """Let the fleetcheck of `.venv` try a host that failed again at once (tests/impatient.py)."""
        (packages,) = (self.source / ".venv" / "lib").glob("python*/site-packages")
        backoff = "import orchestrator.domain.execution.backoff as it"
        packages.joinpath("hurry.pth").write_text(
            f"{backoff}; it.SHORT = it.LONG = it.Curve(0.01, (0.1, 0.1))\n"
        )

    def has(self, name: str) -> bool:
        """Whether a user's command is there."""
        return (self._home / ".local" / "bin" / name).exists()


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collect the wheels once, by the page's own commands; and what a source is built with."""
    machine = Machine(tmp_path_factory.mktemp("connected"))
    try:
        machine.type(WHEELS)
    except AssertionError as error:
        if "No matching distribution" in str(error) or "NewConnectionError" in str(error):
            pytest.skip("no package index can be reached from here")
        raise
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    more = [sys.executable, "-m", "pip", "wheel", "-q", "-w", "wheelhouse", "--find-links", "wheelhouse"]
    more += ["hatchling", *extras["postgresql"], *extras["ssh"]]
    subprocess.run(more, cwd=machine.source, check=True, capture_output=True)
    return machine.source / "wheelhouse.tar"


@pytest.fixture
def machine(tmp_path: Path, wheelhouse: Path) -> Machine:
    """Return a machine whose package index is the wheelhouse, for uv and for pip."""
    made = Machine(tmp_path)
    links = str(wheelhouse.with_suffix(""))
    made.more = {
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": links,
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": links,
        **QUICK_PIP,
    }
    return made


@pytest.mark.parametrize("tool", ["uv", "pipx"])
def test_a_tool_installs_upgrades_and_uninstalls(machine: Machine, tool: str) -> None:
    """Each way gives the command, then the next version, then nothing."""
    if not (shutil.which(tool) or (Path(sys.executable).parent / tool).exists()):
        pytest.skip(f"{tool} is not installed: pip install {tool}")
    assert machine.type(f"install: {tool}").splitlines()[-1] == f"fleetcheck {VERSION}"
    assert machine.has("fleetcheck")
    machine.release()
    assert machine.type(f"upgrade: {tool}").splitlines()[-1] == f"fleetcheck {NEXT}"
    machine.type(f"uninstall: {tool}")
    assert not machine.has("fleetcheck")


def test_a_virtual_environment_installs_extras_and_upgrades(machine: Machine) -> None:
    """The extras come over the version that is there; demo and doctor work; then the next version."""
    assert machine.type("install: venv") == f"fleetcheck {VERSION}\n"
    machine.type("install: extras")
    machine.hurry()
    assert "Scan 1  12 hosts" in machine.type("install: demo")
    machine.release()
    assert machine.type("upgrade: venv") == f"fleetcheck {NEXT}\n"
    machine.type("uninstall: venv")
    assert not (machine.source / ".venv").exists()


def test_a_controller_without_internet_installs_from_the_wheelhouse(
    machine: Machine, wheelhouse: Path
) -> None:
    """Nothing but the carried archive is there: no source, no index."""
    for path in machine.source.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copy(wheelhouse, machine.source)
    machine.more = {
        **QUICK_PIP,
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_FIND_LINKS": "",
    }
    assert machine.type("install: wheelhouse, without internet") == f"fleetcheck {VERSION}\n"


def test_every_block_of_the_page_is_typed() -> None:
    """No command of the page is left to its reader to find wrong."""
    text = Path(__file__).read_text("utf-8")
    tools = {f"{step}: {tool}" for step in ("install", "upgrade", "uninstall") for tool in ("uv", "pipx")}
    assert [about for about in PAGE if about not in tools and f'"{about}"' not in text] == []
