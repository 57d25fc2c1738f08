"""Put pydantic's errors into words for the user: where in the file, what was expected, what was found.

Nothing that stands below `credentials` is ever repeated: a slip of the pen can put a secret in any place
there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel

from inventory.schema import inventory as schema
from inventory.schema import profile as profile_schema
from inventory.schema.credentials import KINDS, CredentialEntry
from inventory.schema.elsewhere import said_here
from inventory.secrets.registry import SOURCES, names, samples
from inventory.words import SHOWN, did_you_mean, quoted, shown, visible
from inventory.yamlfile.tree import Map, Seq

Path = tuple[str | int, ...]

_SOURCES: dict[str | int, type[BaseModel]] = {name: source.entry for name, source in SOURCES.items()}
_SECTIONS: dict[str | int, tuple[type[BaseModel], ...]] = {
    "defaults": (schema.Settings,),
    "groups": (schema.Group,),
    "hosts": (schema.HostEntry,),
    "waivers": (schema.WaiverEntry,),
    "roles": (profile_schema.RoleEntry, profile_schema.RoleEntries),
    "ports": (profile_schema.ListedPortEntry,),
}
_ROLES: dict[str | int, type[BaseModel]] = {"pin": schema.PinRoles, "gateways": schema.GatewayRoles}
_ENTRIES = {
    "credentials": "a mapping such as {username: NAME, password: {from: prompt}}",
    "groups": "a mapping such as {hosts: [web1, db7], site: paris}",
    "hosts": "a mapping of settings, {} where there are none",
    "waivers": "a mapping of hosts, verdict, reason and until",
}
_CLEAR = "a secret in clear does not belong here (it is not shown)"
_REFERENCES = f"write where to find it: {samples()}"
_SECRET_KEYS = ("password", "passwd", "secret", "pass")
_NO_KIND = (
    "`from` here is ccache, keytab or certificate, which need no password; where a password is stands "
    "below `password`"
)
_NO_SOURCE = f"`from` says where the secret is: {names()}"


def explain(error: Any, tree: Map, model: type[BaseModel]) -> tuple[int, str]:
    """Return the line and the words for one of pydantic's errors about `tree`."""
    missing = error["type"] == "missing"
    path, line, value = find(tree, error["loc"][:-1] if missing else error["loc"])
    if missing:
        path = (*path, error["loc"][-1])
    hidden = path[:1] == ("credentials",)
    where = f"`{_written(path)}`"
    match error["type"]:
        case "extra_forbidden":
            words = _unknown(path, tree, model)
        case "missing":
            words = f"{where} is missing: {_expected(path, tree, model)}"
        case _ if hidden and path[2:] in (("password",), ("key_password",)) and not isinstance(value, Map):
            words = f"{where}: {_CLEAR}; {_REFERENCES}"
        case "union_tag_not_found" | "union_tag_invalid":
            words = f"{where}: {_NO_KIND if len(path) == 2 else _NO_SOURCE}"  # noqa: PLR2004 - section, name
        case "value_error" if not hidden or len(path) == 2:  # noqa: PLR2004 - a credential's name is its own affair
            words = f"{where}: {error['ctx']['error']}"
        case "greater_than_equal" | "less_than_equal" if isinstance(path[-1], int):
            words = f"{where}: expected a whole number from 1 to 65535, found {shown(value)}"
        case _:
            words = f"{where}: expected {_expected(path, tree, model)}"
            words += "" if hidden else f", found {_found(error, value)}"
    return line, words


def find(tree: Map, loc: tuple[str | int, ...]) -> tuple[Path, int, Any]:
    """Follow pydantic's location in the tree: the real path, the line, and what stands there.

    A location also holds the names of union members, which are no part of the document; they are skipped.
    """
    node: Any = tree
    line = tree.line
    path: list[str | int] = []
    for part in loc:
        if part in node if isinstance(node, Map) else isinstance(node, Seq) and isinstance(part, int):
            line = node.lines[part]
            node = node[part]
            path.append(part)
    return tuple(path), line, node


def top_keys(model: type[BaseModel]) -> list[str]:
    """Return the keys that a document may have."""
    return list(_words((model,)))


def known_keys(tree: Map, model: type[BaseModel]) -> bool:
    """Say whether any key of a document is one that it may have, or near to one; True for an empty one."""
    known = top_keys(model)
    return not tree or any(key in known or did_you_mean(key, known) for key in tree)


def _written(path: Path) -> str:
    """Write a path: `hosts.web1.port`, `waivers.2.until` for the second waiver."""
    return ".".join(visible(part[:SHOWN]) if isinstance(part, str) else str(part + 1) for part in path)


def _found(error: Any, value: Any) -> str:
    """Say what was found, and which word of an enumeration is near."""
    if error["type"] == "too_short":
        return "an empty one"
    expected = str(error.get("ctx", {}).get("expected", "")) if error["type"] == "literal_error" else ""
    words = expected.replace(" or ", ", ").replace("'", "").split(", ")
    return shown(value) + (did_you_mean(value, words) if isinstance(value, str) else "")


@cache
def _words(models: tuple[type[BaseModel], ...]) -> dict[str, str]:
    """Return the key names of some models, each with the description of what is expected."""
    return {
        field.alias or name: field.description or ""
        for model in reversed(models)
        for name, field in model.model_fields.items()
    }


def _models(path: Path, tree: Map, model: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    if len(path) <= 1:
        return (model,)
    if path[0] == "credentials":
        return (_credential(path, tree),)
    if (role := _by_role(path)) in _ROLES:
        return (_ROLES[role],)
    return _SECTIONS.get(path[0], (model,))


def _credential(path: Path, tree: Map) -> type[BaseModel]:
    """Return the schema of the mapping that holds a path's last key: a credential's,
    or a reference's in it.
    """
    entry = tree["credentials"][path[1]]
    reference = entry.get(path[2]) if len(path) > 3 else None  # noqa: PLR2004 - section, name, password, key
    if isinstance(reference, Map) and reference.get("from") in _SOURCES:
        return _SOURCES[reference["from"]]
    kind = entry.get("from") if isinstance(entry, Map) else None
    return KINDS.get(kind, CredentialEntry) if isinstance(kind, str) else CredentialEntry


def _by_role(path: Path) -> str | int:
    """Return the key whose roles a path is in, such as `pin`;
    nothing for a host or a group that is called so.
    """
    named = path[-3:-2] and path[-3] in ("hosts", "groups", "children")
    return "" if named or len(path) < 2 else path[-2]  # noqa: PLR2004 - the key, and a role


def _expected(path: Path, tree: Map, model: type[BaseModel]) -> str:
    """Say what belongs at a path: the description of the last key in it that the schema knows."""
    if len(path) == 2 and path[0] in _ENTRIES:  # noqa: PLR2004 - section and name
        return _ENTRIES[str(path[0])]
    for index in range(len(path), 0, -1):
        words = _words(_models(path[:index], tree, model))
        if (key := path[index - 1]) in words:
            return words[str(key)]
    return "something else"  # not reached: every top-level key is described


def _unknown(path: Path, tree: Map, model: type[BaseModel]) -> str:
    """Say that a key is not known, and which was perhaps meant; below `credentials` without repeating it."""
    key = str(path[-1])
    hidden = path[0] == "credentials"
    known = _known(path, tree, model)
    where = f" in `{_written(path[:-1])}`" if len(path) > 1 else ""
    if key.lower() in _SECRET_KEYS and not hidden:
        return (
            f"`{key}`{where}: {_CLEAR}; describe a logon under `credentials` and name it: `credential: NAME`"
        )
    name = "unknown key" if hidden else f"unknown key {shown(key)}"
    hint = "" if hidden else said_here(key, known)
    return f"{name}{where}{hint or did_you_mean(key, known) or '; known are ' + quoted(known)}"


def _known(path: Path, tree: Map, model: type[BaseModel]) -> list[str]:
    """Return the keys that the mapping around an unknown key may hold."""
    if _by_role(path) in ("gateways", "pin", "roles"):
        return ["primary", "backup"]
    return list(_words(_models(path, tree, model)[:1]))
