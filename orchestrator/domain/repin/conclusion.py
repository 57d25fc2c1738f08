"""What stored results come to for a plan: conclusions, and of who is planned machine and registry.

Most of a fleet is left out for what was concluded alone, so that no attempt and no registry value of it is
looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.model import Host, Profile
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.reading import Reading, View
from orchestrator.domain.verdict import judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """One stored result of a host. `result` is its id in the database, `read` when the host was asked.

    `judgement` is None where there is no reading; `cause` then says why. `profile`, `desired` and
    `gateways` are those that were judged by, `version` is the program's that judged. The judgement may be
    without its sentences.
    """

    result: int
    scan: int
    read: datetime
    cause: str
    judgement: Judgement | None
    profile: Profile
    desired: Mapping[str, int]
    gateways: Mapping[str, str]
    version: str

    def holds(self, host: Host, version: str) -> bool:
        """Tell whether this program, by the host's settings of today, would conclude the same."""
        return self.judgement is None or (
            self.version == version
            and self.desired == host.desired
            and self.gateways == host.gateways
            and self.profile == host.profile
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Who answered, and what its registry holds; of the values those at least that the profile names."""

    computer: str | None
    machine_id: str | None
    views: tuple[View, ...]


def judged_anew(conclusion: Conclusion, reading: Reading, host: Host, version: str) -> Conclusion:
    """Conclude from the whole reading by the host's settings of today."""
    found = judge(reading, profile=host.profile, desired=host.desired, gateways=host.gateways)
    return replace(
        conclusion,
        judgement=found,
        profile=host.profile,
        desired=host.desired,
        gateways=host.gateways,
        version=version,
    )
