"""What the commands that a report suggests have to repeat of the command that was typed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What suggested commands need, quoted for a shell: ` --db demo.db`, ` -i fleet.yaml`; empty where
    nothing.

    `can_scan`: the hosts are still there to be asked again.
    """

    database: str = ""
    inventory: str = ""
    can_scan: bool = True
