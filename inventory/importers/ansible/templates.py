"""Fill in the templates that need no Ansible: `{{ inventory_hostname }}.corp.example`, `{{ domain }}`."""

from __future__ import annotations

import re
from typing import Any

from inventory.importers.ansible.values import Literal, is_compound, is_template
from inventory.tree import Map

DEPTH = 8  # variables within variables
LONGEST = 4096  # characters that a value may come to
SECRET = re.compile(r"pass|secret|token|private_key|pwd", re.IGNORECASE)
_PLACE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}", re.ASCII)


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
            return self._variable(whole[1], depth - 1)
        filled = _PLACE.sub(lambda found: self._text(found[1], depth - 1), value)
        if is_template(_PLACE.sub("", value)) or len(filled) > LONGEST:
            raise TemplateError
        return Literal(filled)

    def _text(self, name: str, depth: int) -> str:
        value = self._variable(name, depth)
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
