"""What ansible-core itself makes of an inventory, in this process."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

OWN = ("inventory_", "group", "omit", "playbook_dir", "ansible_version", "ansible_playbook_python",
       "ansible_config_file", "ansible_facts", "ansible_check_mode", "ansible_diff_mode", "ansible_forks",
       "ansible_inventory_sources", "ansible_run_tags", "ansible_skip_tags", "ansible_verbosity", "ansible_limit",  # noqa: E501
       "environment")  # fmt: skip
"""Beginnings of variables that Ansible adds of itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Variables and groups by host, `all` and `ungrouped` left out of the groups."""

    variables: dict[str, dict[str, Any]]
    groups: dict[str, list[str]]


@cache
def _ready() -> None:
    from ansible import constants
    from ansible.plugins.loader import init_plugin_loader

    constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
    init_plugin_loader()


def ask(path: Path) -> Answer | None:
    """Return what `ansible-inventory -i PATH --list` says; None where Ansible cannot read all of it."""
    _ready()
    # Ansible reads values with Python's own parser, which warns of unknown escapes: as an error, that would
    # be an answer.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _asked(path)


def _asked(path: Path) -> Answer | None:
    from ansible.errors import AnsibleError
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.manager import VariableManager

    loader = DataLoader()
    try:
        inventory = InventoryManager(loader=loader, sources=[str(path)])
        manager = VariableManager(loader=loader, inventory=inventory)
        variables = {
            host.name: manager.get_vars(host=host, include_hostvars=False, stage="all")
            for host in inventory.get_hosts("all")
        }
    except AnsibleError:
        return None
    return Answer(
        {
            host: {key: plain(value) for key, value in said.items() if not key.startswith(OWN)}
            for host, said in variables.items()
        },
        {
            host: sorted(group.name for group in inventory.get_host(host).get_groups() if group.name != "all")
            for host in variables
        },
    )


def counted(path: Path, group: str) -> list[str]:
    """Return a group's hosts in the order in which a subscript counts them."""
    _ready()
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    inventory = InventoryManager(loader=DataLoader(), sources=[str(path)])
    return [host.name for host in inventory.get_hosts(group)]


def template(text: str, variables: dict[str, Any]) -> Any:
    """Return what Ansible fills in, None where it cannot."""
    _ready()
    from ansible.errors import AnsibleError
    from ansible.template import Templar, trust_as_template

    def trusted_in(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: trusted_in(item) for key, item in value.items()}
        if isinstance(value, list):
            return [trusted_in(item) for item in value]
        return trust_as_template(value) if isinstance(value, str) else value

    trusted = trusted_in(variables)
    trusted["hostvars"] = {variables["inventory_hostname"]: trusted_in(variables)}
    try:
        return plain(Templar(variables=trusted).template(trust_as_template(text)))
    except AnsibleError:
        return None


def plain(value: Any) -> Any:
    """Take Ansible's marks off a value."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
