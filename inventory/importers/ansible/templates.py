"""Fill in the templates that need no Ansible: `{{ inventory_hostname | lower }}.corp`, `{{ domain }}`."""

from __future__ import annotations

import re
from typing import Any

from inventory.importers.ansible.values import Literal, is_compound, is_template
from inventory.yamlfile.tree import Map

DEPTH = 8  # variables within variables
LONGEST = 4096  # characters that a value may come to
SECRET = re.compile(r"pass|secret|token|private_key|pwd", re.IGNORECASE)
_PLACE = re.compile(
    r"""\{\{\s*([A-Za-z_]\w*)\s*  # a variable
        (?:\|\s*(?:(lower|upper)|(?:default|d)\(\s*('[^'\\]*'|"[^"\\]*"|[1-9][0-9]{0,8})\s*\))\s*)?\}\}""",
    re.ASCII | re.VERBOSE,
)
_OF_A_RUN = re.compile(r"ansible_|group|inventory_|play|role|hostvars|vars|omit|environment")  # Ansible's own
_CASES = {"lower": str.lower, "upper": str.upper}


class TemplateError(ValueError):
    """A template needs more than plain variables of the same host."""


class Templates:
    """Fills in for one host. `used` collects the names of variables that were needed."""

    def __init__(self, host: str, variables: Map, used: set[str]) -> None:
        self._variables = variables
        self._magic = {"inventory_hostname": host, "inventory_hostname_short": host.partition(".")[0]}
        self._used = used

    def value(self, value: Any, depth: int = DEPTH) -> Any:
        """Return a value with nothing left to fill in. Raises TemplateError."""
        if not is_template(value):
            return value
        if not depth:
            raise TemplateError
        if whole := _PLACE.fullmatch(value):
            return self._place(whole, depth - 1)
        filled = _PLACE.sub(lambda found: self._text(found, depth - 1), value)
        if is_template(_PLACE.sub("", value)) or len(filled) > LONGEST:
            raise TemplateError
        return Literal(filled)

    def _place(self, found: re.Match[str], depth: int) -> Any:
        """Return what stands between braces: a variable's value, or what a filter makes of it."""
        name, case, default = found[1], found[2], found[3]
        if default and name not in self._magic and name not in self._variables:
            if SECRET.search(name) or _OF_A_RUN.match(name):
                raise TemplateError
            return int(default) if default.isdecimal() else Literal(default[1:-1])
        if not case:
            return self._variable(name, depth)
        value = self._variable(name, depth)
        if not isinstance(value, str):
            raise TemplateError
        return Literal(_CASES[case](value))

    def _text(self, found: re.Match[str], depth: int) -> str:
        value = self._place(found, depth)
        if value is None or is_compound(value):
            raise TemplateError
        return str(value)

    def _variable(self, name: str, depth: int) -> Any:
        """Return a variable's value; one that may hold a secret is not filled in anywhere."""
        if name in self._magic:
            return self._magic[name]
        value = self._variables.get(name)
        if name not in self._variables or SECRET.search(name) or not isinstance(value, (str, int, float)):
            raise TemplateError
        self._used.add(name)
        return self.value(value, depth)
