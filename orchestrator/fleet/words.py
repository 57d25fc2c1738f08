"""What an execution says of a host that it ends itself: a deadline, a cancelled logon, a fault of ours."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Fault

BUG_ADVICE = (
    "a fault in fleetcheck, not on the host: please report it with this line; "
    "the other hosts are not touched by it"
)
GIVEN_UP = "its account was given up while it waited for the right to log on: nothing was sent"
GIVEN_UP_ADVICE = "put the credential's password right first"
CLOSE_SLOW = "the session could not be closed in time; the host ends it by itself after its idle time-out"
SUSPECT = (
    "the same credential was accepted before in this run: a quota, or trouble with logons on this host "
    "alone; it counts toward the lock-out breaker like any rejection"
)

HUNG_ADVICE = MappingProxyType(
    {
        Phase.RESOLVE: "the resolver does not answer: give the host an `address:`, or look at the resolver",
        Phase.CONNECT: (
            "host down, or a firewall drops the packets without a word: check that the port is reachable"
        ),
        Phase.TLS: (
            "something took the connection and does not speak TLS: is this a WinRM https port (5986)? For "
            "5985 set `transport: http`"
        ),
        Phase.AUTH: (
            "the connection stands and the logon is not answered: WinRM or its domain controller hangs"
        ),
        Phase.OPEN: (
            "logged on, but no shell opens: the host is overloaded, or WinRM hangs (restart the service)"
        ),
        Phase.RUN: "the script does not come back: a slow host needs a longer `timeout:`",
        Phase.DECODE: "the answer could not be read in time: scan again with a longer `timeout:`",
    }
)


def refusers(rejected: Sequence[str], refused: str | None) -> str:
    """Return who refused an account: the hosts `rejected`, or a domain controller asked for `refused`."""
    if refused is not None:
        return f"a domain controller, asked for {refused}"
    return " and ".join(rejected) or "a host"


def hung(phase: Phase, *, deadline: float, tried: int, since: float, earlier: Fault | None) -> str:
    """Return the words for a passed deadline: phase, how long the last try took, how earlier ones ended."""
    told = f"no end within {deadline:g} s: hung in phase {phase}"
    if tried > 1:
        told += f", {since:.1f} s into try {tried}"
    return f"{told}; try {tried - 1} had ended with {earlier}" if earlier is not None else told


def place(error: BaseException) -> str:
    """Return an unforeseen error's type and the lines it came through, innermost first; never its message."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    lines = ", ".join(f"{_short(frame.filename)}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {lines or 'an unknown place'}"


def _short(filename: str) -> str:
    """Return a path's last three parts: enough to find the module, no user's folders."""
    return "/".join(Path(filename).parts[-3:])
