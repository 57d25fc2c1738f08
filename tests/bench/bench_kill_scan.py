"""Kill a scan (-9) many times at random moments, resume it each time: what was acknowledged has to be there.

    python -m tests.bench.bench_kill_scan [--kills 200] [--hosts 120] [--seed 1]

One after the other, scans of a fleet of simulated hosts over the wire; each is killed and resumed until it
completes. Acknowledged is a result whose event came after its commit. Checked after each kill: every
acknowledged result is stored, as a whole record, and after the end: every host has one, none was asked again
after it had one.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from orchestrator.demo.scenes.rows import slow
from orchestrator.domain.record import ScanState
from orchestrator.store.errors import NoDatabaseError, UnknownScanError
from orchestrator.store.reader import Reader
from tests.bench.bench_scan import say
from tests.fleet.wire import Served, served, simulated


def stored(place: Served, scan_id: int) -> set[str]:
    """Return the hosts that have a whole record; reading it takes every row of it."""
    try:
        return set(place.records(scan_id))
    except (NoDatabaseError, UnknownScanError):
        return set()


def until_killed(process: subprocess.Popen[str], acks: int, wait: float) -> tuple[set[str], set[str], bool]:
    """Read acknowledgements until there are enough, then kill. Gives those, the hosts started,
    and whether it ended.
    """
    told: set[str] = set()
    begun: set[str] = set()
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "HostFinished":
            told.add(event["host"])
        elif event["event"] == "HostStarted":
            begun.add(event["host"])
        elif event["event"] == "end":
            return told, begun, True
        if len(told) >= acks:
            break
    time.sleep(wait)
    process.kill()
    for line in process.stdout:  # what was acknowledged in the last moment counts too
        if line.endswith("\n") and (event := json.loads(line))["event"] == "HostFinished":
            told.add(event["host"])
    return told, begun, False


def measure(kills: int, count: int, seed: int, folder: Path) -> bool:
    """Print the counts; True where nothing was lost."""
    chance = random.Random(seed)  # noqa: S311  # moments
    done = lost = again = scans = 0
    with served([simulated(f"h{n}", slow(0.05)) for n in range(count)], folder, "127.0.0.1") as place:
        while done < kills:
            scans += 1
            told: set[str] = set()
            resume: tuple[str, ...] = ()
            complete = False
            while not complete:
                had = stored(place, scans)
                acks = chance.randint(0, count // 4) if done < kills else count + 1
                with place.driver("--jobs=8", "--pace=0", *resume) as process:
                    now, begun, complete = until_killed(process, acks, chance.random() / 10)
                done += not complete
                again += len(begun & had)
                told |= now
                lost += len(told - stored(place, scans))
                if not resume and not _begun(place, scans):
                    continue  # killed before the scan had a row: there is nothing to resume
                resume = (f"--resume={scans}",)
            lost += count - len(stored(place, scans))
        with Reader.open(place.database) as reader:
            finished = sum(one.state is ScanState.FINISHED for one in reader.scans(limit=scans))
    good = not lost and not again and finished == scans
    say(
        f"{done} kills over {scans} scans of {count} hosts: {lost} acknowledged results lost, {again} "
        f"hosts asked again though they had one, {finished} of {scans} scans completed by --resume: "
        f"{'passed' if good else 'FAILED'}"
    )
    return good


def _begun(place: Served, scan_id: int) -> bool:
    try:
        with Reader.open(place.database) as reader:
            reader.scan(scan_id)
    except (NoDatabaseError, UnknownScanError):
        return False
    return True


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return not measure(given.kills, given.hosts, given.seed, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
