"""A site's worker and its hub of two versions: which of them is behind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.sites.unit import PROTOCOL, Hello
from orchestrator.version import VERSION


@pytest.mark.parametrize(
    ("version", "script", "words"),
    [
        ("0.1.9", "1" * 64, "update fleetcheck at the site"),
        ("99.0", "1" * 64, "update fleetcheck on this machine"),
        (VERSION, "1" * 64, "install the same fleetcheck at the site and on this machine"),
        (VERSION, "", "update fleetcheck at the site"),
        ("", "1" * 64, "update fleetcheck at the site"),
    ],
)
def test_which_side_is_to_be_updated_is_said(version: str, script: str, words: str) -> None:
    """By the versions, which differ nearly always; of two alike one that does not say its probe is older."""
    now = datetime.now(UTC)
    hello = Hello(
        site="berlin",
        worker="1",
        version=version,
        protocol=PROTOCOL,
        sent=now,
        started=now,
        width=1,
        slots=1,
        in_flight=0,
        script=script,
    )
    said = hello.misfit("2" * 64)
    assert said is not None
    assert said.endswith(words)
