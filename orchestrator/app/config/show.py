"""What is configured, key by key, with the place that each value came from: `fleetcheck config show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from inventory.words import digits
from orchestrator.app.config.lines import Lines
from orchestrator.domain.config.keys import KEYS
from orchestrator.domain.config.kinds import Value
from orchestrator.domain.config.registry import SECTIONS
from orchestrator.domain.config.sections import Section
from orchestrator.domain.config.settings import Origin, Settings
from orchestrator.report.config import ConfigReport, ConfigRow


def shown(settings: Settings, sections: Sequence[Section] = SECTIONS) -> ConfigReport:
    """Return every key, and every entry of a section; passwords of a database are `***`. Opens no file."""
    lines = {seen.file: Lines(seen.text) for seen in settings.files}
    rows = (*_keys(settings, lines), *_entries(settings, sections, lines))
    return ConfigReport(rows=rows, files=settings.files, warnings=settings.warnings)


def _keys(settings: Settings, lines: Mapping[str, Lines]) -> Iterator[ConfigRow]:
    for key in KEYS.values():
        found = settings.values.get(key.name)
        if found is None:
            yield ConfigRow(key=key.name, value=None, shown=key.default.replace("`", ""))
            continue
        value = _hidden(found.value) if key.secret else found.value
        several = value if isinstance(value, tuple) else (_word(value),)
        words = ", ".join(_from_here(each, found.origin) if key.path else each for each in several)
        yield ConfigRow(key=key.name, value=value, shown=words, origin=_located(found.origin, lines))


def _from_here(path: str, origin: Origin) -> str:
    """Write a path of another folder's file as it is meant: without the file it would be this folder's."""
    if not origin.is_file or "://" in path or path.startswith("~") or origin.folder == str(Path.cwd()):
        return path
    return str(Path(origin.folder, path))


def _entries(
    settings: Settings, sections: Sequence[Section], lines: Mapping[str, Lines]
) -> Iterator[ConfigRow]:
    for section in sections:
        for name, entry in settings.section(section.name).items():
            origin = _located(entry.origin, lines)
            for key, text in section.rows(entry.content):
                yield ConfigRow(key=f"{section.name}.{name}.{key}", value=text, shown=text, origin=origin)


def _located(origin: Origin, lines: Mapping[str, Lines]) -> Origin:
    return replace(origin, line=lines[origin.name].line_of(origin.path)) if origin.is_file else origin


def _hidden(value: Value) -> Value:
    from orchestrator.store.place import as_typed

    return as_typed(str(value))


def _word(value: Value) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else digits(value)
        if isinstance(value, float)
        else str(value)
    )
