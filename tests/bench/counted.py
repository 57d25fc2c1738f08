"""What is counted, not timed: bytes and requests a host, statements a result, modules of ours imported.

The same on every machine, so it is held. Who raises a bar on purpose does it here, in the same commit.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from inventory.load import load
from orchestrator.remote.net.http import Answer, Idle
from orchestrator.remote.net.stream import Stream
from orchestrator.store import writer as writing
from orchestrator.store.writer import Writer
from tests.bench.bench_scan import scanned
from tests.bench.bench_store import record, store
from tests.bench.lean import ROOT, serving

BARS: Mapping[str, float] = {
    "requests a host, https-basic": 5,
    "requests a host, http-ntlm": 7,
    "bytes sent a host, https-basic": 72_000,
    "bytes sent a host, http-ntlm": 74_200,
    "statements a result, of 32 new hosts": 0.55,
    "modules of ours, --help": 60,
    "modules of ours, a scan's start": 154,
}
_HOSTS = 4
_MODULES = """
import sys
from orchestrator.cli.main import main
try:
    main()
except SystemExit:
    pass
own = [name for name in sys.modules if name.partition(".")[0] in ("inventory", "orchestrator")]
print(len(own), file=sys.stderr)
"""


def counted(folder: Path) -> dict[str, float]:
    """Count everything that has a bar."""
    found: dict[str, float] = {}
    for way in ("https-basic", "http-ntlm"):
        requests, sent = wire(way, folder / way)
        found[f"requests a host, {way}"] = requests
        found[f"bytes sent a host, {way}"] = sent
    found["statements a result, of 32 new hosts"] = statements(folder)
    found["modules of ours, --help"] = modules("--help")
    found["modules of ours, a scan's start"] = modules("scan", "-i", str(folder / "none.yaml"))
    return found


def wire(way: str, folder: Path) -> tuple[float, float]:
    """Count the requests of a host, and their bytes before TLS."""
    seen: Counter[str] = Counter()
    post = Stream.post

    async def counting(self: Stream, request: bytes) -> Answer:
        if not isinstance(request, Idle):
            seen.update(requests=1, sent=len(request))
        return await post(self, request)

    with serving(way, _HOSTS, folder) as lean, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stream, "post", counting)
        fleet = load(lean.inventory)
        assert scanned(fleet, tuple(fleet.hosts.values()), folder, _HOSTS).counts.ok == _HOSTS
    return seen["requests"] / _HOSTS, seen["sent"] / _HOSTS


def statements(folder: Path) -> float:
    """Count the statements by which a result is stored, among 32 that share a commit."""
    seen: Counter[str] = Counter()

    def count(*_: Any) -> None:
        seen.update(statements=1)

    with (
        pytest.MonkeyPatch.context() as patch,
        Writer.open(f"sqlite:///{folder / 'counted.db'}", command="bench", user="bench") as writer,
    ):
        patch.setattr(writing, "LINGER", 60.0)  # all 32 in one commit, however slow this machine is
        event.listen(Engine, "before_cursor_execute", count)
        try:
            store(writer, [record(number, 1, 8, 4) for number in range(32)])
        finally:
            event.remove(Engine, "before_cursor_execute", count)
    return seen["statements"] / 32


def modules(*words: str) -> int:
    """Count the modules of ours that a command imports."""
    said = subprocess.run(
        [sys.executable, "-c", _MODULES, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(said.stderr.split()[-1])


def main() -> int:
    """Print what is counted beside its bar; return 1 where one is passed."""
    with tempfile.TemporaryDirectory() as folder:
        found = counted(Path(folder))
    over = [name for name, count in found.items() if count > BARS[name]]
    for name, count in found.items():
        said = "over the bar: less, or a new bar in tests/bench/counted.py" if name in over else "held"
        sys.stdout.write(f"{name}: {count:.6g} of at most {BARS[name]:.6g}: {said}\n")
    return bool(over)


if __name__ == "__main__":
    sys.exit(main())
