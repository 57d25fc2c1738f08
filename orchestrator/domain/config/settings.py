"""What holds: the nearest of several layers, each value with the place that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestrator.domain.config.kinds import Value


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was set: an environment variable, or a file.

    `path` names the key in a file, `folder` is where the file is. `line` counts from 1; 0 where it was not
    looked up.
    """

    name: str
    path: tuple[str, ...] = ()
    folder: str = ""
    line: int = 0

    @property
    def is_file(self) -> bool:
        """Whether a file set it."""
        return bool(self.path)

    def __str__(self) -> str:
        """Write it as `file:line`, or as the variable's name."""
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Setting:
    """A key's value as options take it, and its origin."""

    value: Value
    origin: Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """One named table of a section, `[notify.ops]`: what the section's reader made of it, and its origin."""

    content: object
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one place sets: by key, and by section and the name in it."""

    values: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    sections: Mapping[str, Mapping[str, Entry]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file that was looked for.

    `state` is `read`, `absent` or `left aside`, `reason` says why; `text` is what was read.
    """

    file: str
    state: str
    reason: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is configured; a key that nobody set is not in it. `warnings` are sentences for the user."""

    values: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    sections: Mapping[str, Mapping[str, Entry]] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[Seen, ...] = ()
    warnings: tuple[str, ...] = ()

    def section(self, name: str) -> Mapping[str, Entry]:
        """Return a section's entries by their names; none where nobody wrote one."""
        return self.sections.get(name, MappingProxyType({}))


def resolved(
    layers: Sequence[Layer], *, files: Iterable[Seen] = (), warnings: Iterable[str] = ()
) -> Settings:
    """Return what holds of layers, which come nearest first.

    Each key, and each entry of a section, is from the nearest that has it.
    """
    values: dict[str, Setting] = {}
    sections: dict[str, dict[str, Entry]] = {}
    for layer in reversed(layers):
        values.update(layer.values)
        for name, entries in layer.sections.items():
            sections.setdefault(name, {}).update(entries)
    return Settings(
        values=MappingProxyType(values),
        sections=MappingProxyType(sections),
        files=tuple(files),
        warnings=tuple(warnings),
    )
