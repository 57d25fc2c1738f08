"""Fill in the templates that need no Ansible: `{{ inventory_hostname | lower }}.corp`, `{{ net.ip }}`.

Variables of the same host, parts of them (`net['ip']`, `inventory_hostname.split('.')[0]`), texts put
together (`~`, `+`), and the commonest filters.
"""

from __future__ import annotations

import re
from typing import Any

from inventory.importers.ansible.values import SECRET, Literal, TemplateError, is_template
from inventory.yamlfile.tree import Map

_OF_A_RUN = re.compile(r"ansible_|group|inventory_|play|role|hostvars|vars|omit|environment")  # Ansible's own


class Templates:
    """Fills in for one host. `used` collects the names of variables that were needed."""

    def __init__(self, host: str, variables: Map, used: set[str]) -> None:
        self._variables = variables
        self._magic = {"inventory_hostname": host, "inventory_hostname_short": host.partition(".")[0]}
        self._used = used

    def value(self, value: Any) -> Any:
        """Return a value with nothing left to fill in. Raises TemplateError."""
        if not is_template(value):
            return value
        from inventory.importers.ansible.templates.expressions import Expressions  # jinja2 takes its time

        try:
            filled = Expressions(self._variable).filled(value)
        except RecursionError:
            raise TemplateError from None
        if not isinstance(filled, (str, int, float)):
            raise TemplateError
        return filled

    def _variable(self, name: str) -> Any:
        """Return a variable as it stands, never one that may hold a secret. Raises KeyError for none."""
        if name in self._magic:
            return Literal(self._magic[name])
        if SECRET.search(name) or (name not in self._variables and _OF_A_RUN.match(name)):
            raise TemplateError
        value = self._variables[name]
        self._used.add(name)
        return value
