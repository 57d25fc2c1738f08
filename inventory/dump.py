"""Values as YAML that `inventory.tree` reads back unchanged."""

from __future__ import annotations

from typing import Any

import yaml


def text(value: Any) -> str:
    """Write a scalar in one line, quoted where it has to be."""
    return _dump(value, flow=False).removesuffix("\n...\n").rstrip("\n")


def flow(value: Any) -> str:
    """Write a list, mapping or scalar in one line."""
    return _dump(value, flow=True).removesuffix("\n...\n").rstrip("\n")


def block(value: Any, indent: int = 0) -> str:
    """Write a mapping or list over several lines, indented; small ones inside it in one line each."""
    written = _dump(value, flow=None)
    return "".join(" " * indent + line for line in written.splitlines(keepends=True))


def _dump(value: Any, *, flow: bool | None) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=2**20))


class _Dumper(yaml.SafeDumper):
    """Writes no aliases: each value stands where it counts."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
