"""Look a secret up where its reference says: as late as possible, once, and never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from inventory.errors import SecretError
from inventory.model import SecretRef
from inventory.secrets.placeholders import filled
from inventory.secrets.registry import SOURCES
from inventory.secrets.source import Lookup


def resolve(
    ref: SecretRef,
    *,
    environ: Mapping[str, str],
    prompt: Callable[[str], str],
    base: Path,
    values: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the secret. A file's path begins at `base`, and a command runs there; `prompt` asks the user a
    question.

    `values` takes the place of `{host}`, `{address}` and `{username}`. One line end after the secret is taken
    off. Raises SecretError, with what to do; the secret is in no message.
    """
    source = SOURCES[ref.source]
    fields = source.filled(ref.fields, lambda text: filled(text, values))
    secret = source.read(fields, Lookup(environ=environ, prompt=prompt, base=base))
    if not secret:
        raise SecretError(f"the secret from {source.place(ref.fields)} is empty")
    if any("\ud800" <= unit <= "\udfff" for unit in secret):
        # So Python writes bytes that are no text; every host would fail on it, and its words might show a
        # part.
        raise SecretError(f"the secret from {source.place(ref.fields)} has bytes that are not UTF-8")
    return secret
