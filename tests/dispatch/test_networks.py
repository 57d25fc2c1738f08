"""Sites in networks of their own: a host that only its own site's worker reaches has its result by it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.bench.bench_sites_networks import measured

pytestmark = [pytest.mark.xdist_group("own broker"), pytest.mark.wire, pytest.mark.timeout(240)]


def test_hosts_that_only_their_own_network_reaches_are_asked_there(tmp_path: Path) -> None:
    """Hub, workers and hosts in three networks, all by commands: each host is ok, and none from the hub."""
    try:
        found = measured(20, 5, tmp_path)
    except OSError as error:
        pytest.skip(f"no networks can be made here: {error}")
    assert Counter((site, verdict) for site, _, verdict in found.hosts) == {
        ("berlin", "ok"): 10,
        ("paris", "ok"): 10,
    }
    assert found.from_here == 0
