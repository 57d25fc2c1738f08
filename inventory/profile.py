"""Profiles: agent products as data.

The shipped ones are YAML files beside this module; users write their own.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.errors import InventoryError, Problem
from inventory.files.textfile import decode, read_bytes, refuse_unlike_file
from inventory.model import ListedPort, Profile, RoleValues, Rule
from inventory.words import did_you_mean, quoted, shown

if TYPE_CHECKING:
    from inventory.schema.profile import ProfileDocument

SHIPPED = "shipped"
_REQUIRED = ("title", "key", "roles", "ports")


@cache
def shipped() -> tuple[str, ...]:
    """Return the names of the shipped profiles, sorted."""
    folder = resources.files("inventory.profiles")
    return tuple(
        sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))
    )


def load_profile(name_or_path: str, base: Path) -> Profile:
    """Return a shipped profile by name, or one from a YAML file; a relative path begins at `base`.

    What has a slash, a backslash, or ends in .yaml or .yml is a path. A file may extend another one
    (`extends:`); each key that it gives replaces the other's whole. Raises InventoryError with every mistake.
    """
    return _load(name_or_path, base, ())


def _load(reference: str, base: Path, trail: tuple[str, ...]) -> Profile:
    text, file, name, folder = _open(reference, base)
    if file in trail:
        raise InventoryError(
            [Problem(file, 0, f"profiles extend each other in a circle: {' > '.join([*trail, file])}")]
        )
    from inventory.schema.check import checked
    from inventory.schema.profile import ProfileDocument
    from inventory.yamlfile.tree import parse

    problems: list[Problem] = []
    try:
        tree = parse(text, file, problems)
    except InventoryError:
        _refuse_other_kind(text, file)
        raise
    if not isinstance(tree, dict) or not tree.keys() & ProfileDocument.model_fields.keys():
        _refuse_other_kind(text, file)
    document = checked(tree, ProfileDocument, problems, file=file, what="a profile").document
    parent = None
    if document is not None and document.extends is not None:
        try:
            parent = _load(document.extends, folder, (*trail, file))
        except InventoryError as exc:
            line = tree.lines["extends"]
            problems += [
                Problem(file, line, f"`extends`: {item.message}") if not item.line else item
                for item in exc.problems
            ]
    if document is not None and not problems:
        problems += _whole(document, parent, tree, file)
    if problems or document is None:
        raise InventoryError(problems)
    return _profile(document, parent, name, SHIPPED if file.startswith(SHIPPED) else file)


def _refuse_other_kind(text: str, file: str) -> None:
    """Name a text of another kind as what it is: its mistakes as a profile help nobody."""
    from inventory.files.kinds import HEAD, PROFILE, kind_of

    found = kind_of(text[:HEAD].encode())
    if found not in (None, PROFILE):
        raise InventoryError([Problem(file, 0, f"this is {found}")])


def _open(reference: str, base: Path) -> tuple[str, str, str, Path]:
    """Return text, file name for messages, the profile's name if it gives none,
    and the folder for `extends`.
    """
    if "/" in reference or "\\" in reference or reference.endswith((".yaml", ".yml")):
        path = base / Path(reference).expanduser()
        refuse_unlike_file(path, what="profile")
        return decode(read_bytes(path, what="profile"), str(path)), str(path), path.stem, path.parent
    if reference in shipped():
        text = resources.files("inventory.profiles").joinpath(f"{reference}.yaml").read_text("utf-8")
        return text, f"{SHIPPED} profile {reference}", reference, base
    near = did_you_mean(reference, shipped())
    message = f"no shipped profile is called {shown(reference)}{near or '; shipped: ' + quoted(shipped())}"
    raise InventoryError(
        [Problem(reference, 0, f"{message} (a file's path has a slash in it, or ends in .yaml)")]
    )


def _whole(document: ProfileDocument, parent: Profile | None, tree: Any, file: str) -> list[Problem]:
    """Find what a profile lacks, and ports or views that stand in it twice."""
    given = document.model_fields_set
    problems = []
    if parent is None:
        missing = [key for key in _REQUIRED if key not in given]
        if missing:
            message = f"{quoted(missing)} missing; a profile states them, or `extends:` one that does"
            problems.append(Problem(file, 1, message))
    if "roles" in given and not document.roles.model_fields_set:
        problems.append(
            Problem(file, tree.lines["roles"], "`roles` is empty; expected `primary`, `backup` or both")
        )
    for key, values in (
        ("ports", _ports(document) if "ports" in given else ()),
        ("views", document.views or ()),
    ):
        for position, value in enumerate(values):
            number = value.number if isinstance(value, ListedPort) else value
            if number in [
                item.number if isinstance(item, ListedPort) else item for item in values[:position]
            ]:
                problems.append(Problem(file, tree[key].lines[position], f"{number} stands in `{key}` twice"))
    return problems


def _ports(document: ProfileDocument) -> tuple[ListedPort, ...]:
    return tuple(
        ListedPort(number=entry)
        if isinstance(entry, int)
        else ListedPort(number=entry.number, label=entry.label or "")
        for entry in document.ports
    )


def _profile(document: ProfileDocument, parent: Profile | None, name: str, source: str) -> Profile:
    """Put the given keys over the parent's, or over the model's own defaults."""
    given = document.model_fields_set
    values: dict[str, Any] = {}
    if parent is not None:
        values = {field: getattr(parent, field) for field in parent.__dataclass_fields__}
    values |= {
        key: getattr(document, key)
        for key in ("title", "key", "tunnel", "connect_timeout", "canary_address", "canary_port")
        if key in given
    }
    if "views" in given:
        values["views"] = tuple(document.views)
    if "roles" in given:
        roles = document.roles
        values["roles"] = tuple(
            RoleValues(role=role, port_value=entry.port_value, address_value=entry.address_value)
            for role, entry in (("primary", roles.primary), ("backup", roles.backup))
            if role in roles.model_fields_set
        )
    if "ports" in given:
        values["ports"] = _ports(document)
    if "rule" in given:
        values["rule"] = Rule(document.rule)
    return Profile(**{**values, "name": document.name or name, "source": source})


def dump_profile(profile: Profile) -> str:
    """Return the profile as YAML with every key said; it loads back to the same profile, but for `source`."""
    from inventory.yamlfile.dump import line

    lines = [
        f"name: {line(profile.name)}",
        f"title: {line(profile.title)}",
        f"key: {line(profile.key)}",
        f"views: {line(list(profile.views))}",
        "roles:",
        *(f"  {role.role}: {line(_role(role))}" for role in profile.roles),
        "ports:",
        *(f"  - {line(_port(port))}" for port in profile.ports),
        f"rule: {line(profile.rule.value)}",
        f"tunnel: {profile.tunnel}",
        f"connect_timeout: {profile.connect_timeout}",
        f"canary_address: {line(profile.canary_address)}",
        f"canary_port: {line(profile.canary_port)}",
    ]
    return "\n".join(lines) + "\n"


def _role(role: RoleValues) -> dict[str, Any]:
    named = {"port_value": role.port_value, "address_value": role.address_value}
    return {key: value for key, value in named.items() if value is not None}


def _port(port: ListedPort) -> Any:
    return {"number": port.number, "label": port.label} if port.label else port.number
