"""What a value of a variable comes to, by where it stands: INI, YAML,
or the JSON of `ansible-inventory --list`.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

import yaml

from inventory.yamlfile.tree import Map, Seq, Tagged

LONGEST = 64 * 1024  # characters of an INI value that is looked at as a literal
SECRET = re.compile(r"pass|secret|token|private_key|pwd", re.IGNORECASE)
"""Found in the names of variables that may hold a secret."""


class Literal(str):
    """A text that is no template, whatever it looks like (`!unsafe`)."""

    __slots__ = ()


class TemplateError(ValueError):
    """A template needs more than plain variables of the same host."""


class Vaulted:
    """What is encrypted with ansible-vault: there, and not to be read."""


VAULTED = Vaulted()
VAULT_MARK = "$ANSIBLE_VAULT;"

_yaml: Any = yaml.SafeLoader("")
_CONSTRUCTORS = yaml.SafeLoader.yaml_constructors


def ini_value(text: str) -> Any:
    r"""Return what Ansible makes of a value in an INI file: a Python literal where it is one, else the text.

    On a host's line shlex has taken the quotes off before; below `:vars` they stand, and make a literal:
    `"A\\b"` has one backslash there. A comment behind a literal falls away, behind a text it stays.
    """
    if len(text) > LONGEST:
        return checked(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that Python does not know stays as it is
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return checked(text)
    return checked(_plain(value))


def _plain(value: Any) -> Any:
    """Return a literal as a value of Ansible's: lists for tuples and sets,
    texts for what it has no type for.
    """
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case list() | tuple() | set():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case complex():
            return str(value)
        case int() if _unwritable(value):
            return hex(value)
    return "..." if value is ... else value


def yaml_word(text: str) -> Any:
    """Return what an unquoted word is in YAML 1.1, as PyYAML reads it for Ansible: `yes` is true,
    `0755` is 493.
    """
    tag = _yaml.resolve(yaml.ScalarNode, text, (True, False))
    make: Any = _CONSTRUCTORS.get(tag)
    if make is None or tag == "tag:yaml.org,2002:str":
        return text
    try:
        value = make(_yaml, yaml.ScalarNode(tag, text))
    except (ValueError, KeyError, OverflowError, yaml.YAMLError):
        return text
    return text if _unwritable(value) else value


def _unwritable(value: Any) -> bool:
    """Whether a value is an integer that nothing here holds: one of thousands of digits cannot be shown."""
    return isinstance(value, int) and value.bit_length() > 64  # noqa: PLR2004 - what a machine's word has


def checked(value: Any) -> Any:
    """Return a value with vaulted and unsafe ones made known, at the value itself and not within."""
    match value:
        case Tagged(tag="!vault" | "!vault-encrypted"):
            return VAULTED
        case Tagged(value=text):
            return Literal(text)
        case str() if value.lstrip().startswith(VAULT_MARK):
            return VAULTED
        case {"__ansible_vault": _}:
            return VAULTED
        case {"__ansible_unsafe": str(text)}:
            return Literal(text)
    return value


def plain_lists(value: Any) -> Any:
    """Return a list of texts of what may be one: `[kerberos, ntlm]` or `kerberos,ntlm`."""
    if isinstance(value, (list, tuple, set)):
        return [str(item).strip() for item in value]
    return [word.strip() for word in str(value).split(",")]


def is_compound(value: Any) -> bool:
    """Whether a value is a list or mapping, which no setting of a connection is."""
    return isinstance(value, (Map, Seq, dict, list, tuple, set))


TEMPLATE = re.compile(r"\{\{|\{%|\{#")


def is_template(value: Any) -> bool:
    """Whether Ansible would fill something in."""
    return isinstance(value, str) and not isinstance(value, Literal) and TEMPLATE.search(value) is not None
