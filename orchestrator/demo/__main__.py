"""Serve a simulated fleet until told to stop: `python -m orchestrator.demo --hosts 60 --folder DIR`.

Prints one JSON line when every port listens:
`{"ready": 60, "inventory": PATH, "address": "127.0.0.1", "pid": 4711}`.
Ends at SIGTERM or SIGINT, and when its standard input closes, so that it cannot outlive who started it.
`--lean WAY` serves healthy hosts that replay their answers: up to 10,000, for the measuring of clients;
SIGUSR1 and the end print a JSON line of what the process has used since it was ready. `--scenario repin`
serves a fleet to be re-pinned instead of the demo's. `--state FILE` is written at SIGUSR1 and at the end:
what every host's registry holds, and how often it was written.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.lean.fleet import LeanFleet
from orchestrator.demo.scenes.repin_scenario import repin_fleet
from orchestrator.demo.scenes.scenario import MIX_SIZE, demo_fleet
from orchestrator.demo.state import write_state

MOST_HOSTS = 5000
MOST_LEAN_HOSTS = 10_000
_LONGEST = 600  # seconds

Report = Callable[[], None]
"""Tell what there is to tell; called at SIGUSR1 and at the end."""


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and serve; 1 with one line on standard error where it cannot."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.lean is None and options.hosts > MOST_HOSTS:
        parser.error(
            f"argument --hosts: {options.hosts} is too many for a fleet that is not --lean: {MOST_HOSTS} "
            "at most"
        )
    try:
        asyncio.run(_serve(_fleet(options), options))
    except OSError as exc:
        sys.stderr.write(f"the simulated fleet cannot be served: {exc}\n")
        return 1
    return 0


def _fleet(options: argparse.Namespace) -> SimulatedFleet | LeanFleet:
    if options.lean is not None:
        from orchestrator.demo.lean.hosts import DEFAULTS, WAYS, healthy_hosts

        ways = WAYS if options.lean == "all" else (options.lean,)
        hosts = healthy_hosts(options.hosts, ways)
        return LeanFleet(hosts, address=options.address, defaults=DEFAULTS, delay=options.delay)
    if options.scenario == "repin":
        return repin_fleet(options.hosts, seed=options.seed, bad=options.bad / 100, address=options.address)
    return demo_fleet(options.hosts, seed=options.seed, address=options.address)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m orchestrator.demo", description="Serve simulated WinRM hosts on loopback."
    )
    parser.add_argument(
        "--hosts", type=_hosts, default=MIX_SIZE, help=f"how many, 1 to {MOST_HOSTS}; lean: {MOST_LEAN_HOSTS}"
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the inventory and its files are written"
    )
    parser.add_argument("--seed", type=int, default=1, help="another number makes another fleet")
    parser.add_argument("--address", type=_loopback, default="127.0.0.1", help="an address in 127.0.0.0/8")
    parser.add_argument(
        "--scenario",
        choices=("demo", "repin"),
        default="demo",
        help="the demo's fleet, or one to be re-pinned",
    )
    parser.add_argument(
        "--bad",
        type=_percent,
        default=0,
        metavar="PERCENT",
        help="repin: on so many hosts the write goes wrong",
    )
    parser.add_argument(
        "--lean",
        choices=("https-basic", "http-ntlm", "http-negotiate", "all"),
        metavar="WAY",
        help="healthy hosts that replay their answers, reached by %(choices)s (in turn)",
    )
    parser.add_argument(
        "--delay", type=_seconds, default=0.0, metavar="SECONDS", help="lean: how long a script takes"
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="write here what the registries hold")
    parser.add_argument("--detached", action="store_true", help="go on when standard input is closed")
    return parser


def _hosts(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_LEAN_HOSTS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number from 1 to {MOST_HOSTS} (lean: {MOST_LEAN_HOSTS})"
        )
    return int(text)


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:  # noqa: PLR2004  # percent
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST:  # false for NaN, too
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to {_LONGEST}")
    return seconds


def _loopback(text: str) -> str:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IPv4 address") from exc
    if not address.is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not on loopback (127.0.0.0/8)")
    return text


async def _serve(fleet: SimulatedFleet | LeanFleet, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows' loop has none; its default handler ends us
            loop.add_signal_handler(number, stop.set)
    async with fleet:
        inventory = fleet.inventory(options.folder)
        report = _report(fleet, options.state)
        if report is not None and hasattr(signal, "SIGUSR1"):
            loop.add_signal_handler(signal.SIGUSR1, report)
        ready = {
            "ready": len(fleet.hosts),
            "inventory": str(inventory),
            "address": fleet.address,
            "pid": os.getpid(),
        }
        _say(json.dumps(ready))
        if not options.detached:
            _watch_input(loop, stop)
        await stop.wait()
        if report is not None:
            report()


def _report(fleet: SimulatedFleet | LeanFleet, state: Path | None) -> Report | None:
    """Return what SIGUSR1 and the end ask for, None where that is nothing."""
    if isinstance(fleet, LeanFleet):
        from orchestrator.demo.lean.stats import Stats

        stats = Stats(fleet)
        return lambda: _say(stats.line())
    return None if state is None else lambda: write_state(state, fleet.hosts)


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # who started us has left
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _watch_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set `stop` when standard input ends: a daemon thread, since not every kind of input can be polled."""
    import threading

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="watch-input", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
