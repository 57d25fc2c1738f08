"""Hold a tree against a schema: typed values, and every mistake with its line and what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from inventory import profile_schema, schema
from inventory.errors import Problem
from inventory.fields import Strict
from inventory.tree import Map, Seq
from inventory.words import did_you_mean, quoted, shown, visible

MODEL = TypeVar("MODEL", bound=Strict)
Path = tuple[str | int, ...]

ROUNDS = 4  # a part that is taken out can leave its surroundings incomplete; nothing nests deeper than this

_SECTIONS: dict[str | int, tuple[type[BaseModel], ...]] = {
    "credentials": (
        schema.CredentialEntry, schema.EnvSecret, schema.FileSecret, schema.CommandSecret, schema.KeyringSecret,
        schema.PromptSecret,
    ),
    "defaults": (schema.Settings, schema.PinRoles),
    "groups": (schema.Group, schema.PinRoles),
    "hosts": (schema.HostEntry, schema.PinRoles),
    "waivers": (schema.WaiverEntry,),
    "roles": (profile_schema.RoleEntry, profile_schema.RoleEntries),
    "ports": (profile_schema.ListedPortEntry,),
}  # fmt: skip
_ENTRIES = {
    "credentials": "a mapping such as {username: NAME, password: {from: prompt}}",
    "groups": "a mapping such as {hosts: [web1, db7], site: paris}",
    "hosts": "a mapping of settings, {} where there are none",
    "waivers": "a mapping of hosts, verdict, reason and until",
}
_CLEAR = "a secret in clear does not belong here (it is not shown)"
_REFERENCES = (
    "write where to find it:"
    " {from: env, name: VARIABLE}, {from: file, path: FILE}, {from: command, argv: [PROGRAM, ARGUMENT]},"
    " {from: keyring, service: NAME} or {from: prompt}"
)
_SECRET_KEYS = ("password", "passwd", "secret", "pass")


@dataclass(frozen=True, slots=True)
class Checked(Generic[MODEL]):
    """What a check left: the typed document without its bad parts (None: nothing usable), and the keys of those."""

    document: MODEL | None
    lost: frozenset[str]


def checked(
    tree: Any, model: type[MODEL], problems: list[Problem], *, file: str, what: str
) -> Checked[MODEL]:
    """Hold `tree` against `model`; add every mistake to `problems` and take the bad parts out of `tree`.

    Whoever goes on with the rest, to find more mistakes, leaves alone what depends on the lost keys. Shows nothing
    secret.
    """
    if not isinstance(tree, Map):
        found = "an empty file" if tree is None else shown(tree)
        problems.append(Problem(file, 1, f"expected {what}, which is a mapping; found {found}"))
        return Checked(None, frozenset())
    lost: set[str] = set()
    for _ in range(ROUNDS):
        try:
            return Checked(model.model_validate(tree), frozenset(lost))
        except ValidationError as exc:
            errors = exc.errors(include_url=False)
        new = [problem for error in errors for problem in _problem(error, tree, file, model)]
        problems.extend(new if not lost else ())  # a later round sees what pruning did, not what the user did
        paths = {_find(tree, error["loc"], missing=False)[0] for error in errors}
        lost |= {str(part) for path in paths for part in path[2:] or path}
        for path in sorted(paths, key=_position, reverse=True):
            _prune(tree, path)
    return Checked(None, frozenset(lost))


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


def _problem(error: Any, tree: Map, file: str, model: type[BaseModel]) -> Iterator[Problem]:
    """Translate one of pydantic's errors. Yields nothing for a mistake that another error tells better."""
    path, line, value = _find(tree, error["loc"], missing=error["type"] == "missing")
    where = ".".join(visible(str(part)) for part in path)
    secret = path[:1] == ("credentials",) and len(path) > 2  # noqa: PLR2004 - section, name, key
    if error["type"] == "extra_forbidden":
        yield Problem(file, line, _unknown(path, model, secret=path[:1] == ("credentials",)))
    elif secret and path[2] == "password" and len(path) == 3 and not isinstance(value, Map):  # noqa: PLR2004 - as above
        yield Problem(file, line, f"`{where}`: {_CLEAR}; {_REFERENCES}")
    elif error["type"] == "missing":
        yield Problem(file, line, f"`{where}` is missing: {_expected(path, model)}")
    elif error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        yield Problem(
            file, line, f"`{where}`: `from` says where the secret is: env, file, command, keyring or prompt"
        )
    elif error["type"] == "value_error":
        yield Problem(
            file,
            line,
            f"`{where}`: {error['ctx']['error']}"
            if not secret
            else f"`{where}`: expected {_expected(path, model)}",
        )
    else:
        found = "" if secret else f", found {shown(value)}"
        near = _near(error, value) if isinstance(value, str) and not secret else ""
        yield Problem(file, line, f"`{where}`: expected {_expected(path, model)}{found}{near}")


def _near(error: Any, value: str) -> str:
    """Suggest one of an enumeration's words."""
    expected = str(error.get("ctx", {}).get("expected", "")) if error["type"] == "literal_error" else ""
    return did_you_mean(value, expected.replace(" or ", ", ").replace("'", "").split(", "))


def _find(tree: Map, loc: tuple[str | int, ...], *, missing: bool) -> tuple[Path, int, Any]:
    """Follow pydantic's location in the tree: the real path, the line, and what stands there.

    A location also holds the names of union members, which are no part of the document; they are skipped.
    """
    node: Any = tree
    line = tree.line
    path: list[str | int] = []
    for part in loc[:-1] if missing else loc:
        if part in node if isinstance(node, Map) else isinstance(node, Seq) and isinstance(part, int):
            line = node.lines[part]
            node = node[part]
            path.append(part)
    return (*path, loc[-1]) if missing else tuple(path), line, node


@cache
def _words(models: tuple[type[BaseModel], ...]) -> dict[str, str]:
    """Return the key names of some models, each with the description of what is expected."""
    return {
        field.alias or name: field.description or ""
        for model in reversed(models)
        for name, field in model.model_fields.items()
    }


def _models(path: Path, model: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    return (model,) if len(path) <= 1 else _SECTIONS.get(path[0], (model,))


def _expected(path: Path, model: type[BaseModel]) -> str:
    """Say what belongs at a path: the description of the last key in it that the schema knows."""
    if len(path) == 2 and path[0] in _ENTRIES:  # noqa: PLR2004 - section and name
        return _ENTRIES[str(path[0])]
    for index in range(len(path), 0, -1):
        words = _words(_models(path[:index], model))
        if (key := path[index - 1]) in words:
            return words[str(key)]
    return "something else"  # not reached: every top-level key is described


def _unknown(path: Path, model: type[BaseModel], *, secret: bool) -> str:
    """Say that a key is not known, and which was perhaps meant; below `credentials` without repeating it."""
    key = str(path[-1])
    parent = ".".join(visible(str(part)) for part in path[:-1])
    known = _known(path, model)
    where = f" in `{parent}`" if parent else ""
    if key.lower() in _SECRET_KEYS and not secret:
        return (
            f"`{key}`{where}: {_CLEAR}; describe a logon under `credentials` and name it: `credential: NAME`"
        )
    name = "unknown key" if secret else f"unknown key {shown(key)}"
    near = did_you_mean(key, known)
    return f"{name}{where}{near or '; known are ' + quoted(known)}"


def _known(path: Path, model: type[BaseModel]) -> list[str]:
    """Return the keys that the mapping around an unknown key may hold."""
    if path[0] == "credentials" and len(path) > 3:  # noqa: PLR2004 - section, name, password, key
        return sorted(set(_words(_SECTIONS["credentials"][1:])))
    if len(path) > 1 and path[-2] in ("gateways", "pin", "roles"):
        return ["primary", "backup"]
    return list(_words(_models(path, model)[:1]))
