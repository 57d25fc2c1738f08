"""Kill scans that are told (-9) at random moments: no edge may be lost, and none come twice but with the same
id.

python -m tests.bench.bench_notices [--kills 200] [--seed 1]

Each scan stores results, commits its end with the notice, posts it to a real server and marks it; it is
killed somewhere on the way, and the next night goes on. A receiver that drops equal ids replays what arrived:
every host has to end at what is so, and each edge to begin where the one before ended.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from orchestrator.store.place import database_url
from tests.notify.servers import webhook
from tests.store.notices.kills import kill


def main() -> None:
    """Kill, and say what came of it; AssertionError where a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, webhook(None) as hook:
        folder = Path(name)
        started = time.monotonic()
        found = kill(
            database_url(str(folder / "fleet.db"), {}), hook, folder, kills=chosen.kills, seed=chosen.seed
        )
    print(  # noqa: T201  # what it is there for
        f"{found.kills} kills, {found.whole} scans to their end in {time.monotonic() - started:.0f} s: "
        f"{found.arrived} notices arrived, {found.doubles} of them twice with the same id, 0 edges lost"
    )


if __name__ == "__main__":
    main()
