"""Ask Ansible which hosts patterns take: a program of its own, so that Ansible changes nothing in the tests'
process.

Reads JSON from standard input, {inventory's path: [pattern, ...]}; prints {path: {pattern: [host, ...] or
null}}, null where Ansible refuses the pattern.
"""

from __future__ import annotations

import json
import sys

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader


def answers(path: str, patterns: list[str]) -> dict[str, list[str] | None]:
    """Return the hosts of each pattern."""
    manager = InventoryManager(loader=DataLoader(), sources=[path])
    found: dict[str, list[str] | None] = {}
    for pattern in patterns:
        try:
            found[pattern] = [host.name for host in manager.get_hosts(pattern)]
        except AnsibleError:
            found[pattern] = None
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.write(json.dumps({path: answers(path, patterns) for path, patterns in asked.items()}))
