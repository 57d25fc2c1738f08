"""Values as YAML that `inventory.yamlfile.tree` reads back unchanged."""

from __future__ import annotations

from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # as for reading: without libyaml slow, but right


def line(value: Any) -> str:
    """Write a scalar, list or mapping in one line, quoted where it has to be."""
    written = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=2**20
    )
    return str(written).rstrip("\n").removesuffix("\n...")


class _Dumper(_Base):  # type: ignore[misc]  # which of the two classes is known when it runs
    """Writes no aliases: each value stands where it counts."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
