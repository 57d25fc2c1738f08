"""How much CPU an inventory of 10,000 hosts costs to load, against a bare libyaml load of the same text.

    python tests/bench/bench_inventory.py [HOSTS]

Each measurement is a process of its own, so that imports count and nothing is warm. Passes at under 2 s.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 2.0  # seconds of CPU for 10,000 hosts of five keys
RUNS = 3

_HEAD = """\
credentials: {ops: {username: svc, password: {from: env, name: FC_PASSWORD}}}
defaults: {transport: https, credential: ops, gateways: {primary: 203.0.113.10, backup: 203.0.113.20}}
"""
_OURS = "from pathlib import Path; from inventory.load import load; load(Path(sys.argv[1]))"
_BARE = "import yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), Loader=yaml.CSafeLoader)"


def inventory(hosts: int) -> str:
    """Write hosts of five keys in ten groups."""
    groups = "".join(
        f"  site{group}:\n    site: site{group}\n    hosts:\n"
        + "".join(f"      - web{number}\n" for number in range(group, hosts, 10))
        for group in range(10)
    )
    entries = "".join(
        f"  web{number}:\n    address: web{number}.corp.example\n    port: 5986\n    pin: 2147\n"
        f"    tags: [web, prod]\n    repin: allow\n"
        for number in range(hosts)
    )
    return f"{_HEAD}groups:\n{groups}hosts:\n{entries}"


def cpu(code: str, path: Path) -> float:
    """Return the CPU seconds of one process that runs `code`, the best of some."""
    program = f"import sys, time\n{code}\nprint(time.process_time())"
    root = Path(__file__).parents[2]
    runs = [
        subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, cwd=root)
        for _ in range(RUNS)
    ]
    return min(float(run.stdout) for run in runs)


def main() -> int:
    """Print seconds and ratio; the exit status says whether the limit is kept."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.yaml"
        path.write_text(inventory(hosts), encoding="utf-8")
        ours, bare = cpu(_OURS, path), cpu(_BARE, path)
    limit = LIMIT * hosts / 10_000
    ratio = f"load {ours:.2f} s of CPU, bare CSafeLoader {bare:.2f} s: {ours / bare:.2f} x"
    sys.stdout.write(f"{hosts:,} hosts: {ratio} (limit {limit:.1f} s)\n")
    return 0 if ours < limit else 1


if __name__ == "__main__":
    sys.exit(main())
