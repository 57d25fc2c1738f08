"""What is told of hosts that a site's worker was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.cause_words import CauseWords

SITE_ROWS: Mapping[Cause, CauseWords] = MappingProxyType(
    {
        Cause.REFUSED_BY_SITE: CauseWords(
            "the site's worker may not ask this host so",
            "Nothing was sent. The worker's own file says which credentials are for which hosts, with which "
            "transports and logons: `allow`, at the site.",
            phase=Phase.AUTH,
        ),
        Cause.LOST_BY_SITE: CauseWords(
            "the site's worker brought no result of this host, however often it was asked",
            "Look into the worker's log, at the site, for why; ask for this host alone from a "
            "machine that reaches it.",
            phase=Phase.RUN,
        ),
    }
)
