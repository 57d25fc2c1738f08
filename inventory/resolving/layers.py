"""What each layer says, and what it comes to: host before group before parent group before defaults.

A nearer value replaces a farther one whole, a mapping too. Two groups at the same distance that say different
things are a mistake, unless something nearer decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from inventory.model import Origin
from inventory.resolving.groups import Node, levels
from inventory.schema.inventory import GatewayRoles, PinRoles, Settings
from inventory.yamlfile.tree import Map

BUILT_IN = Origin("built in")

Layer = dict[str, tuple[Any, Origin]]
"""Key to value and origin.

`gateways` and a `pin` by role are mappings of roles, `tags` and `subnets` tuples.
"""

BASE: Mapping[str, tuple[Any, Origin]] = MappingProxyType(
    {
        key: (value, BUILT_IN)
        for key, value in {
            "transport": "https",
            "auth": "negotiate",
            "profile": "livevault",
            "configuration": "Microsoft.PowerShell",
            "repin": "allow",
            "subnets": (),
            "tags": (),
        }.items()
    }
)

_STRUCTURE = frozenset({"hosts", "children"})
PASSED = frozenset({
    "transport", "auth", "configuration", "repin", "tags", "credential", "tls_pin", "timeout", "site",
    "subnets", "via", "via_credential",
})  # fmt: skip
"""Settings that a host has as they stand; the others need a look at the profile, a folder or each other."""


class Origins(Mapping[str, Origin]):
    """Where a host's values came from: its own origins over those of its surroundings, which others share.

    A dict of all of them would be a third of what a host of a large fleet takes.
    """

    __slots__ = ("_around", "_own")

    def __init__(self, around: Mapping[str, Origin], own: Mapping[str, Origin]) -> None:
        self._around = around
        self._own = own

    def __getitem__(self, key: str) -> Origin:
        """Return the nearer one. Raises KeyError."""
        return self._own[key] if key in self._own else self._around[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of the surroundings, then what the host alone has."""
        yield from self._around
        yield from (key for key in self._own if key not in self._around)

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._around.keys() | self._own.keys())


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two groups, equally near to a host, that say different things about a key."""

    key: str
    one: Origin
    other: Origin
    values: tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a host gets from outside itself: the merged layers, the disagreements in them, its groups,
    nearest first.
    """

    layer: Layer
    disagreements: tuple[Disagreement, ...]
    groups: tuple[str, ...]
    origins: Mapping[str, Origin]  # of the layer's settings
    passed: Mapping[str, Any]  # the layer's settings that a host has as they stand


def said(settings: Settings | None, tree: Map | None, layer: str, file: str) -> Layer:
    """Return what one layer of the file says itself."""
    if settings is None or tree is None:
        return {}
    lines, values = tree.lines, settings.__dict__
    origins = {line: Origin(layer, file, line) for line in set(lines.values())}
    return {
        key: (_value(values[key]), origins[lines[key]])
        for key in lines  # in the file's order; the set of fields has none
        if key in settings.model_fields_set and key not in _STRUCTURE
    }


def _value(value: Any) -> Any:
    if type(value) is str:  # as most are
        return value
    if isinstance(value, (PinRoles, GatewayRoles)):
        return MappingProxyType(
            {role: getattr(value, role) for role in ("primary", "backup") if role in value.model_fields_set}
        )
    return tuple(value) if isinstance(value, list) else value


class Merger:
    """Merges defaults and groups, once for each set of groups that some host is in."""

    def __init__(self, nodes: Mapping[str, Node], defaults: Layer, file: str) -> None:
        self._nodes = nodes
        self._defaults = defaults
        self._layers = {
            name: said(node.settings, node.tree, f"group {name}", file) for name, node in nodes.items()
        }
        self._known: dict[tuple[str, ...], Surroundings] = {}

    def around(self, groups: tuple[str, ...]) -> Surroundings:
        """Return what a host gets that `groups` name."""
        found = self._known.get(groups)
        if found is None:
            found = self._known[groups] = self._merge(groups)
        return found

    def _merge(self, groups: tuple[str, ...]) -> Surroundings:
        distance = levels(self._nodes, groups)
        merged: Layer = {**BASE, **self._defaults}
        nearest: dict[str, tuple[int, str]] = {}
        disagreements: dict[str, Disagreement] = {}
        for name, level in distance.items():
            for key, (value, origin) in self._layers[name].items():
                if key not in nearest:
                    nearest[key] = (level, name)
                    merged[key] = (value, origin)
                elif nearest[key][0] == level and merged[key][0] != value:
                    disagreements.setdefault(
                        key, Disagreement(key, merged[key][1], origin, (merged[key][0], value))
                    )
        return Surroundings(
            layer=merged,
            disagreements=tuple(disagreements.values()),
            groups=tuple(distance),
            origins={key: origin for key, (_, origin) in merged.items()},
            passed={key: value for key, (value, _) in merged.items() if key in PASSED},
        )
