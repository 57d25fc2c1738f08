"""What a source of secrets is: its schema, its words, and how a secret is read from it.

A new source is one module with a subclass of `Source`, and its line in `inventory.secrets.registry`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args

from inventory.errors import SecretError
from inventory.schema.about import About
from inventory.schema.fields import Strict

LIMIT = 64 * 1024  # bytes of a secret
Fields = Mapping[str, Any]
"""The keys of a reference without `from`, as the schema took them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Where a secret is looked up: the environment, who asks the user a question,
    the folder that paths begin at.
    """

    environ: Mapping[str, str]
    prompt: Callable[[str], str]
    base: Path


class Source(ABC):
    """One source of secrets.

    `entry` is the schema of a reference, its `from_` the name of the source. `about` has the reference page's
    words by key. `sample` is a reference for messages, `starter` and `starter_words` a line of the starter
    inventory.
    """

    entry: ClassVar[type[Strict]]
    about: ClassVar[Mapping[str, About]]
    sample: ClassVar[str]
    starter: ClassVar[str]
    starter_words: ClassVar[str]
    runs_program: ClassVar[bool] = False  # then who can write the inventory could run programs as its reader

    @property
    def name(self) -> str:
        """What `from:` says."""
        (name,) = get_args(self.entry.model_fields["from_"].annotation)  # a Literal of one
        return str(name)

    def completed(self, fields: Fields, *, username: str, credential: str) -> Fields:  # noqa: ARG002  # for those that need it
        """Return the fields with what an absent key means."""
        return fields

    def hindrance(self, fields: Fields, at: Lookup) -> str | None:  # noqa: ARG002  # for those that can tell
        """Say why no secret will come from there, where that can be known without asking for it;
        else None.
        """
        return None

    def texts(self, fields: Fields) -> tuple[str, ...]:  # noqa: ARG002  # for those that have some
        """Return the texts in which `{host}`, `{address}` and `{username}` are replaced."""
        return ()

    def filled(self, fields: Fields, fill: Callable[[str], str]) -> Fields:  # noqa: ARG002
        """Return the fields with `fill` of those texts."""
        return fields

    def misplaced(self, fields: Fields) -> tuple[str, int] | None:  # noqa: ARG002
        """Return the key and the place in its list of a placeholder that may not stand there;
        None for none.
        """
        return None

    @abstractmethod
    def place(self, fields: Fields) -> str:
        """Say where a reference points, for messages; nothing in it may be a secret."""

    @abstractmethod
    def read(self, fields: Fields, at: Lookup) -> str:
        """Return the secret. Raises SecretError, with what to do; no message shows the secret."""


def decoded(data: bytes, place: str) -> str:
    """Return the text of a secret without the line end after it. Raises SecretError."""
    if len(data) > LIMIT:
        raise SecretError(too_long(place))
    try:
        secret = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{place} gave bytes that are not UTF-8") from None
    return secret.removesuffix("\n").removesuffix("\r")


def too_long(place: str) -> str:
    """Say that a place gave too much."""
    return f"{place} gave more than {LIMIT // 1024} KB, which is no password"
