"""What the hosts of a served fleet hold, as a JSON file: a look at their registries that needs no WinRM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.demo.host import RunningHost
from orchestrator.demo.machine.model import Machine


def write_state(path: Path, hosts: Mapping[str, RunningHost]) -> None:
    """Write the state of every host, in one piece: who reads meanwhile sees the old file. Raises OSError."""
    text = json.dumps({name: _state(host.machine) for name, host in hosts.items()}, indent=1)
    beside = path.with_name(path.name + ".new")
    beside.write_text(text + "\n", "ascii")
    beside.replace(path)


def _state(machine: Machine) -> dict[str, Any]:
    return {
        "computer": machine.computer,
        "machine_id": machine.machine_id,
        "registry": {
            str(view): {
                key.path: {entry.name: [str(entry.kind), entry.data] for entry in key.values.values()}
                for key in machine.registry.keys(view)
            }
            for view in (64, 32)
        },
        "writes": len(machine.log.ours),
        "doubles": machine.log.doubles,
        "overwrites": machine.log.overwrites,
    }
