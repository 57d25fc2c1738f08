"""Hold a tree against a schema: typed values, and every mistake with its line and what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from inventory.errors import Problem
from inventory.schema.fields import Strict
from inventory.schema.mistakes import Path, explain, find, known_keys, top_keys
from inventory.words import quoted
from inventory.yamlfile.tree import Map, Seq

MODEL = TypeVar("MODEL", bound=Strict)
ROUNDS = 4  # a part that is taken out can leave its surroundings incomplete; nothing nests deeper than this


@dataclass(frozen=True, slots=True)
class Checked(Generic[MODEL]):
    """What a check left: the typed document without its bad parts (None: nothing usable),
    and the keys of those.
    """

    document: MODEL | None
    lost: frozenset[str]


def checked(
    tree: Any, model: type[MODEL], problems: list[Problem], *, file: str, what: str
) -> Checked[MODEL]:
    """Hold `tree` against `model`; add every mistake to `problems` and take the bad parts out of `tree`.

    Whoever goes on with the rest, to find more mistakes, leaves alone what depends on the lost keys. Shows
    nothing secret.
    """
    if not isinstance(tree, Map):
        problems.append(Problem(file, 1, f"expected {what}, which is a mapping; found {_unmapped(tree)}"))
        return Checked(None, frozenset())
    if not known_keys(tree, model):
        keys = quoted(sorted(top_keys(model)))
        problems.append(
            Problem(file, 1, f"expected {what}, with the keys {keys}; found none of them ({_HIDDEN})")
        )
        return Checked(None, frozenset())
    lost: set[str] = set()
    for turn in range(ROUNDS):
        try:
            return Checked(model.model_validate(tree), frozenset(lost))
        except ValidationError as exc:
            errors = exc.errors(include_url=False)
        if turn == 0:  # a later turn sees what pruning did, not what the user did
            problems += (Problem(file, *explain(error, tree, model)) for error in errors)
        paths = {find(tree, error["loc"])[0] for error in errors}
        lost.update(key for path in paths for key in _keys(path))
        for path in sorted(paths, key=_position, reverse=True):
            _prune(tree, path)
    return Checked(None, frozenset(lost))


_HIDDEN = "nothing of this file is shown: it may hold a secret"


def _unmapped(tree: Any) -> str:
    """Say what stands in a mapping's place; a text is not shown: it may be another file's secret."""
    match tree:
        case None:
            return "an empty file"
        case Seq():
            return "a list"
        case _:
            return f"a single text ({_HIDDEN})"


def _keys(path: Path) -> list[str]:
    """Return the keys that are lost with a path: names of hosts and the like are none,
    and no other part uses a waiver.
    """
    return [] if path[:1] == ("waivers",) else [str(part) for part in path[2:] or path]


def _position(path: Path) -> list[tuple[int, str]]:
    """Sort key: items of a list by position, so that taking the last out first leaves the others in place."""
    return [(part, "") if isinstance(part, int) else (0, part) for part in path]


def _prune(tree: Map, path: Path) -> None:
    node: Any = tree
    for part in path[:-1]:
        node = node.get(str(part)) if isinstance(node, Map) else node[part]
        if not isinstance(node, (Map, Seq)):
            return
    if path and (path[-1] in node if isinstance(node, Map) else int(path[-1]) < len(node)):
        del node[path[-1]]
        del node.lines[path[-1]]
