"""Render a drawing to text, and compare it with the screen that was looked at and found good."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

GOLDEN = Path(__file__).parent / "golden"


def render(drawing: RenderableType, width: int) -> str:
    """Draw on a terminal of this width without colour; spaces at line ends do not count."""
    file = io.StringIO()
    Console(file=file, width=width, markup=False, emoji=False, highlight=False).print(drawing)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


@pytest.fixture
def golden() -> Callable[[str, RenderableType, int], None]:
    """Compare with `golden/NAME-WIDTH.txt`; FLEETCHECK_TEST_GOLDEN=1 writes it anew, to be looked at."""

    def compare(name: str, drawing: RenderableType, width: int) -> None:
        text = render(drawing, width)
        assert max(map(len, text.splitlines())) <= width
        path = GOLDEN / f"{name}-{width}.txt"
        if os.environ.get("FLEETCHECK_TEST_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return compare
