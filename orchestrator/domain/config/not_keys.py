"""Words that look like keys and are none: what only the command line says, and what developers have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.config.keys import PREFIX

NEVER: Mapping[str, str] = MappingProxyType(
    {
        "yes": "--yes",
        "force": "--force",
        "force_closed": "--force-closed",
        "include_waived": "--include-waived",
        "limit": "--limit",
        "host": "HOST",
        "hosts": "HOST",
        "port": "--port",
        "key": "--key",
        "credential": "--credential",
        "ask_pass": "--ask-pass",
    }
)
"""What only the command line says, each time, by the word that a file or a variable would have for it."""

_RESERVED = frozenset({"DEBUG", "WINHOST", "ADLAB", "HUB"})


def never(word: str) -> str | None:
    """Return the option that a word would set, where that option is for the command line alone."""
    word = word.lower().replace("-", "_").rpartition(".")[2]
    if word.startswith("assume_"):
        return f"--{word.replace('_', '-')}"
    return NEVER.get(word)


def reserved(variable: str) -> bool:
    """Whether a variable is no setting: what developers and tests have, and where the hub's folder is."""
    name = variable.removeprefix(PREFIX)
    return name in _RESERVED or name.startswith("TEST_")
