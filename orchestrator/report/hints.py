"""What the commands that a report suggests have to repeat of the command that was typed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.domain.record import ScanRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What suggested commands need, quoted for a shell: ` --db demo.db`, ` -i fleet.yaml`; empty where
    nothing.

    `can_scan`: the hosts are still there to be asked again. `waves_set`: a file or a variable says how a
    re-pin goes in waves, so that nobody has to type it.
    """

    database: str = ""
    inventory: str = ""
    can_scan: bool = True
    waves_set: bool = False


def over_sites(scan: ScanRecord) -> str:
    """Return what a command repeats that asks a scan's hosts again: ` --via-sites`, ` --hub FOLDER`.

    Empty for a scan of which all hosts were asked from here. Without it the hosts of the sites would be.
    """
    try:
        words = shlex.split(scan.command)
    except ValueError:  # no command of ours
        return ""
    if "--via-sites" not in words:
        return ""
    hubs = [after for word, after in pairwise(words) if word == "--hub"]
    hubs += [word.partition("=")[2] for word in words if word.startswith("--hub=")]
    return " --via-sites" + "".join(f" --hub {shlex.quote(hub)}" for hub in hubs[-1:])
