"""The figures of CONTRIBUTING.md: how full a folder is, how long a module and a function are."""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.lean import serving
from tests.docs.pages import ROOT

MODULES_IN_A_FOLDER = 16
MORE = {"orchestrator/fleet/repin": 24, "orchestrator/cli": 24}
MODULE_MEDIAN, MODULE_MOST = 105, 300
ENTERED = 181  # of a scan of one host: short modules in sub-rooms make it more files for the same code
FUNCTION_MOST, FUNCTION_USUAL = 50, 18  # lines without signature and docstring; nine of ten functions


def _modules() -> list[Path]:
    return [path for room in ("inventory", "orchestrator") for path in sorted((ROOT / room).rglob("*.py"))]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _functions() -> Iterator[tuple[str, int]]:
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", _length(node)


def test_no_folder_is_crowded() -> None:
    """A folder holds so few modules that somebody can look through them."""
    full = Counter(str(path.parent.relative_to(ROOT)) for path in _modules() if path.name != "__init__.py")
    crowded = {room: count for room, count in full.items() if count > MORE.get(room, MODULES_IN_A_FOLDER)}
    assert crowded == {}


def test_modules_are_short() -> None:
    """Half of the modules fit two screens, and none is a book."""
    lines = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in _modules()}
    assert {name: count for name, count in lines.items() if count > MODULE_MOST} == {}
    assert statistics.median(lines.values()) <= MODULE_MEDIAN


def test_functions_are_short() -> None:
    """Nine of ten functions fit without scrolling, and none is longer than a page."""
    lengths = dict(_functions())
    assert {name: count for name, count in lengths.items() if count > FUNCTION_MOST} == {}
    assert statistics.quantiles(lengths.values(), n=10)[8] <= FUNCTION_USUAL


def test_a_scan_of_one_host_walks_through_so_many_modules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who follows a scan through the code has so many files to open; the number is printed."""
    with serving("https-basic", 1, tmp_path) as fleet:
        argv = [sys.executable, "-m", "tests.docs.entered", "scan", "-i", str(fleet.inventory)]
        argv += ["--db", str(tmp_path / "results.db")]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    entered = json.loads(done.stderr.splitlines()[-1])
    with capsys.disabled():
        sys.stdout.write(f" {len(entered)} modules entered ")
    assert len(entered) <= ENTERED
