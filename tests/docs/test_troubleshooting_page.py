"""The troubleshooting page speaks of what the program really says."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.pages import PAGES, ROOT

PAGE = PAGES["docs/troubleshooting.md"]
_ROW = re.compile(r"^\| (?P<says>[^|]+) \|[^|]+\|[^|]+\|$", re.MULTILINE)


@cache
def texts() -> str:
    """Return every text in the code, one a line."""
    files = (*ROOT.glob("orchestrator/**/*.py"), *ROOT.glob("inventory/**/*.py"))
    found = (node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return "\n".join(
        node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def said() -> list[str]:
    """Return what the first columns of both tables quote from a screen, in pieces between dots."""
    parts = [
        PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
        for title in ("What the screen says", "What a command says")
    ]
    quoted = [
        span for part in parts for row in _ROW.finditer(part) for span in re.findall("`([^`]+)`", row["says"])
    ]
    return [piece.strip() for span in quoted for piece in span.split("...") if piece.strip()]


@pytest.mark.parametrize("piece", said())
def test_what_the_page_quotes_is_said_somewhere(piece: str) -> None:
    """Whoever searches the page for words of the screen finds them as they are."""
    assert piece in texts()


def test_the_tables_were_found() -> None:
    """The check has something to check."""
    assert len(said()) > 20
