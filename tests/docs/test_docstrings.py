"""Docstrings promise what functions do: who reads "Return ..." may use what comes back."""

from __future__ import annotations

import ast
import functools

import pytest

from tests.docs.pages import ROOT

pytestmark = pytest.mark.xdist_group("docstrings")  # one worker reads the code for both

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def _functions() -> list[tuple[str, _Function, str]]:
    """Return each function that has a docstring: its place, itself, and the docstring."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node, said)
        for room in ("inventory", "orchestrator", "tests")
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, _Function) and (said := ast.get_docstring(node))
    ]


def test_a_function_that_returns_nothing_does_not_say_return() -> None:
    """Neither does it say that it yields."""
    wrong = [
        place
        for place, node, said in _functions()
        if said.split()[0] in {"Return", "Returns", "Yield", "Yields"}
        and node.returns is not None
        and ast.unparse(node.returns) in {"None", "NoReturn"}
    ]
    assert wrong == []


def test_what_comes_back_is_returned_or_yielded_and_not_given() -> None:
    """One word for one thing: "Give ..." begins the docstring of no function that returns something."""
    wrong = [
        place
        for place, node, said in _functions()
        if said.startswith("Give ")
        and node.returns is not None
        and ast.unparse(node.returns) not in {"None", "NoReturn"}
    ]
    assert wrong == []
