"""A worker whose clock is ten minutes off, over a real broker: it is heard, told, and works."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.record import ScanState
from tests.dispatch.conftest import Hub, MakeSite
from tests.dispatch.test_over_broker import at, over_broker

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.wire]


@pytest.mark.parametrize(("offset", "side"), [("+10m", "ahead of"), ("-10m", "behind")])
def test_a_worker_ten_minutes_off_is_told_and_works(
    hub: Hub, make_site: MakeSite, offset: str, side: str
) -> None:
    """Signed messages, hellos and batches all bear times: none is refused, and the clock is said once."""
    libraries = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        pytest.skip("libfaketime is not installed here")
    site = make_site()
    site.environ = {"LD_PRELOAD": str(libraries[0]), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
    site.start()
    done = over_broker(hub, at(site, 6, credential=None))
    assert (done.summary.state, set(done.causes.values()), len(done.causes)) == (ScanState.FINISHED, {""}, 6)
    (remark,) = done.summary.remarks
    assert side in remark
    assert remark.endswith("this machine's: set both by NTP")
    assert 590 <= int(remark.partition("its clock is ")[2].partition(" s")[0]) <= 610
