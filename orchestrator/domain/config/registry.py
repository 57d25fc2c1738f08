"""Every section that a configuration file may have."""

from __future__ import annotations

from orchestrator.domain.config.notify import NOTIFY
from orchestrator.domain.config.sections import Section

SECTIONS: tuple[Section, ...] = (NOTIFY,)
"""In the order in which people look for them."""
