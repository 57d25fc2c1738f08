"""`{host}`, `{address}` and `{username}` in a reference: one secret for each host,
asked for with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from inventory.errors import SecretError
from inventory.schema import shapes
from inventory.words import shown

_PLACEHOLDER = re.compile(r"\{(host|address|username)\}")
_OF_HOST = {"host", "address"}


def held(text: str) -> bool:
    """Whether a text holds a placeholder."""
    return _PLACEHOLDER.search(text) is not None


def per_host(texts: Iterable[str]) -> bool:
    """Whether what the texts name differs from host to host."""
    return any(name in _OF_HOST for text in texts for name in _PLACEHOLDER.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Replace each placeholder once; what a value holds is not looked at again, and all other braces stay.

    Raises SecretError where a value could be taken for something else by the program that is given it.
    """
    return _PLACEHOLDER.sub(lambda found: _value(found[1], values), text)


def _value(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    try:
        if name == "host":
            shapes.name(value)
        elif name == "address":
            shapes.address(value)
        else:
            shapes.line_of_text(value)
    except ValueError as exc:
        raise SecretError(f"`{{{name}}}` cannot be filled in: {exc}") from None
    if value.startswith("-"):
        raise SecretError(
            f"`{{{name}}}` cannot be filled in: {shown(value)} begins with a `-`, which the program would "
            "take for an option"
        )
    return value
