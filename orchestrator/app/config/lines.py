"""In which line of a TOML file a key stands: `tomllib` does not tell. A file is gone over once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_PART = re.compile(
    r'''"""(?:[^\\]|\\.)*?(?:"{3,5}|\Z)|"(?:[^"\\\n]|\\[^\n])*"?'''
    r"""|'''.*?(?:'{3,5}|\Z)|'[^'\n]*'?|#[^\n]*|[\[{\]}\n]""",
    re.DOTALL,
)
"""What may hold a line's end or a bracket that is none, a bracket, and a line's end.

A text that nothing ends goes to the end of its line, or of the file: an end that is looked for anew from each
sign in it would take minutes.
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """A head (`[repin]`) or a key with its value: its text, its line (from 1), how deep its brackets nest."""

    text: str
    line: int
    depth: int


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a text, blank lines and remarks left out; of one that is no TOML, its parts."""
    begin, line, lines, level, depth = 0, 1, 0, 0, 0
    for part in _PART.finditer(f"{text}\n"):
        found = part[0]
        lines += found.count("\n")
        if found in ("[", "{"):
            level += 1
            depth = max(depth, level)
        elif found in ("]", "}"):
            level = max(level - 1, 0)
        elif found == "\n" and not level:
            said = text[begin : part.start()].strip(" \t\r")
            if said and said[0] != "#":
                yield Statement(said, line, depth)
            begin, line, lines, depth = part.end(), line + lines, 0, 0
    if text[begin:].strip():
        yield Statement(text[begin:], line, depth)


def deepest(text: str) -> int:
    """Return the line of the statement whose brackets nest deepest."""
    return max(statements(text), key=lambda statement: statement.depth).line


def unreadable_number(text: str) -> int:
    """Return the line of the first statement with an integer that Python refuses to read; 0 without one."""
    for statement in statements(text):
        try:
            tomllib.loads(statement.text)
        except tomllib.TOMLDecodeError:
            continue  # the mistake of another statement
        except ValueError:
            return statement.line
    return 0


@dataclass(slots=True)
class _Node:
    """A key: where it was first said, and what is below it."""

    line: int
    below: dict[str, _Node] = field(default_factory=dict)

    def add(self, key: str, line: int) -> _Node:
        """Return the node of a key below, made where it is not there yet."""
        return self.below.setdefault(key, _Node(line))


class Lines:
    """Tells the lines of a text that `tomllib` reads."""

    def __init__(self, text: str) -> None:
        self._root = table = _Node(0)
        for statement in statements(text):
            tree = tomllib.loads(statement.text)
            if statement.text.startswith("["):
                table = _head(tree, self._root, statement.line)
            else:
                _lay(tree, table, statement.line)

    def line_of(self, path: Sequence[str]) -> int:
        """Return the line (from 1) where the statement that gives `path` begins; 0 where nothing does."""
        node: _Node | None = self._root
        for key in path:
            node = None if node is None else node.below.get(key)
        return 0 if node is None else node.line


def _head(tree: Mapping[str, object], root: _Node, line: int) -> _Node:
    """Return the node of a head's table, `[a.b]` or `[[a.b]]`."""
    node, rest = root, tree
    while rest:
        ((key, value),) = rest.items()
        node, rest = node.add(key, line), value if isinstance(value, Mapping) else {}
    return node


def _lay(tree: Mapping[str, object], table: _Node, line: int) -> None:
    """Add the keys of a statement, those of tables between braces too."""
    waiting: list[tuple[_Node, Mapping[str, object]]] = [(table, tree)]
    while waiting:
        node, part = waiting.pop()
        for key, value in part.items():
            below = node.add(key, line)
            if isinstance(value, Mapping):
                waiting.append((below, value))
