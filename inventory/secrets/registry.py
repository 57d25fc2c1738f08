"""Every source of secrets, by the name that `from:` gives it, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from inventory.model import SecretRef
from inventory.secrets.command import Command
from inventory.secrets.env import Env
from inventory.secrets.file import File
from inventory.secrets.keyring import Keyring
from inventory.secrets.prompt import Prompt
from inventory.secrets.source import Source

SOURCES: Mapping[str, Source] = MappingProxyType(
    {source.name: source for source in (Env(), File(), Command(), Keyring(), Prompt())}
)


def reference(entry: Any, *, username: str = "", credential: str = "") -> SecretRef:
    """Return the reference that a source's `entry` holds, with what its absent keys mean.

    `username` is who logs on with the secret, `credential` the name of what it belongs to.
    """
    fields = entry.model_dump(exclude={"from_"}, exclude_unset=True)
    completed = SOURCES[entry.from_].completed(fields, username=username, credential=credential)
    return SecretRef(source=entry.from_, fields=MappingProxyType(dict(completed)))


def names() -> str:
    """List the sources' names: "env, file, command, keyring or prompt"."""
    *most, last = SOURCES
    return f"{', '.join(most)} or {last}"


def samples() -> str:
    """List a reference of each source."""
    *most, last = (source.sample for source in SOURCES.values())
    return f"{', '.join(most)} or {last}"
