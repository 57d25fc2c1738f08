"""Over the wire, by the commands that an administrator types: a whole re-pin, killed in the middle, resumed,
undone.

    python -m tests.bench.bench_repin_cli [--hosts 500] [--seed 1]

After the kill, after the resume and after the undo every host's registry is looked at from outside and held
against its row in the journal.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from orchestrator.demo.fleet import serve_in_thread
from orchestrator.demo.scenes.repin_scenario import repin_fleet
from orchestrator.domain.repin.journal import State
from tests.bench.bench_scan import say
from tests.cli.repin_story import Story, simulated_look, tell


def measure(count: int, seed: int, *, address: str = "127.0.0.1", batch: str = "1,5%,25%") -> bool:
    """Print the counts; True where every host is what the journal says each time."""
    began = time.monotonic()
    served = repin_fleet(count, seed=seed, address=address)
    with tempfile.TemporaryDirectory() as name, serve_in_thread(served) as fleet:
        folder = Path(name)
        story = Story(
            inventory=fleet.inventory(folder),
            folder=folder,
            look=lambda host, view, key: simulated_look(fleet, host, view, key),
        )
        planned = story.plan()
        tell(story, planned, batch=batch, done=max(2, count // 4))
        doubles = sum(host.machine.log.doubles for host in fleet.hosts.values())
        ends = list(story.states().values())
    good = not story.disagreements and not doubles
    say(
        f"a whole re-pin by its commands (over the wire): {len(planned.hosts)} of {count} hosts planned; "
        f"killed at {dict(story.killed_at)}; after resume {ends.count(State.VERIFIED)} verified; undone; "
        f"{len(story.disagreements)} disagreements of journal "
        f"and registry in 3 looks at each host, {doubles} double writes, {time.monotonic() - began:.0f} s: "
        f"{'passed' if good else 'FAILED'}"
    )
    for each in story.disagreements[:10]:
        say(f"  {each}")
    return good


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return not measure(given.hosts, given.seed)


if __name__ == "__main__":
    sys.exit(main())
