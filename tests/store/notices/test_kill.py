"""A scan that is killed between any two of its steps loses no notice, and tells none twice but by the same
id.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notify.servers import webhook
from tests.store.notices.kills import kill

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_loses_no_edge(sqlite_url: str, tmp_path: Path, seed: int) -> None:
    """Killed before the end, between the end and the sending, between the sending and the mark: every edge
    arrives.
    """
    with webhook(None) as hook:
        found = kill(sqlite_url, hook, tmp_path, kills=4, seed=seed)
    assert (found.kills, found.arrived > 0) == (4, True)
