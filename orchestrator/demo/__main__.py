"""Serve a simulated fleet until told to stop: `python -m orchestrator.demo --hosts 60 --folder DIR`.

Prints one JSON line when every port listens: `{"ready": 60, "inventory": PATH, "address": "127.0.0.1", "pid": 4711}`.
Ends at SIGTERM or SIGINT, and when its standard input closes, so that it cannot outlive who started it.
`--scenario repin` serves a fleet to be re-pinned instead of the demo's. `--state FILE` is written at SIGUSR1 and at the
end: what every host's registry holds, and how often it was written.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import os
import signal
import sys
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.repin_scenario import repin_fleet
from orchestrator.demo.scenario import MIX_SIZE, demo_fleet
from orchestrator.demo.state import write_state

MOST_HOSTS = 5000


def main(argv: list[str] | None = None) -> int:
    """Parse the command line and serve; 1 with one line on standard error where it cannot."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(_fleet(options), options.folder, options.state, watch=not options.detached))
    except OSError as exc:
        sys.stderr.write(f"the simulated fleet cannot be served: {exc}\n")
        return 1
    return 0


def _fleet(options: argparse.Namespace) -> SimulatedFleet:
    if options.scenario == "repin":
        return repin_fleet(options.hosts, seed=options.seed, bad=options.bad / 100, address=options.address)
    return demo_fleet(options.hosts, seed=options.seed, address=options.address)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m orchestrator.demo", description="Serve simulated WinRM hosts on loopback."
    )
    parser.add_argument("--hosts", type=_hosts, default=MIX_SIZE, help=f"how many, 1 to {MOST_HOSTS}")
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
    parser.add_argument("--state", type=Path, metavar="FILE", help="write here what the registries hold")
    parser.add_argument("--detached", action="store_true", help="go on when standard input is closed")
    return parser


def _hosts(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_HOSTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_HOSTS}")
    return int(text)


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:  # noqa: PLR2004  # percent
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    return int(text)


def _loopback(text: str) -> str:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IPv4 address") from exc
    if not address.is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not on loopback (127.0.0.0/8)")
    return text


async def _serve(fleet: SimulatedFleet, folder: Path, state: Path | None, *, watch: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows' loop has none; its default handler ends us
            loop.add_signal_handler(number, stop.set)

    def look() -> None:
        if state is not None:
            write_state(state, fleet.hosts)

    if state is not None and hasattr(signal, "SIGUSR1"):
        loop.add_signal_handler(signal.SIGUSR1, look)
    async with fleet:
        ready = {
            "ready": len(fleet.hosts),
            "inventory": str(fleet.inventory(folder)),
            "address": fleet.address,
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        if watch:
            _watch_input(loop, stop)
        await stop.wait()
        look()


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
