"""How a re-pin goes over a fleet: waves that grow, and the limits that stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from inventory.errors import EXIT_USAGE, FleetcheckError
from orchestrator.domain.journal import CONFLICTS, FAILED, State

_SIZE = re.compile(r"([0-9]{1,6})(%?)\Z")


class BatchError(FleetcheckError, ValueError):
    """A `--batch` or a limit that says nothing usable; the message is for the user."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Size:
    """A number of hosts, or a percentage of the plan, rounded down but at least 1."""

    number: int
    percent: bool = False

    def of(self, total: int) -> int:
        """Return how many of `total` hosts that is, at least 1."""
        return max(1, self.number * total // 100 if self.percent else self.number)


def parse_size(text: str, option: str) -> Size:
    """Read `12` or `5%`. Raises BatchError naming `option`."""
    match = _SIZE.match(text.strip())
    if match is None or int(match[1]) < 1 or (match[2] and int(match[1]) > 100):  # noqa: PLR2004 - per cent
        raise BatchError(
            f"{option}: found {text!r}, expected a number of hosts (12) or a percentage (5%), at least 1"
        )
    return Size(int(match[1]), percent=bool(match[2]))


def parse_batch(text: str) -> tuple[Size, ...]:
    """Read `1,5%,25%`. Raises BatchError."""
    return tuple(parse_size(part, "--batch") for part in text.split(","))


def waves(total: int, sizes: tuple[Size, ...]) -> Iterator[range]:
    """Cut `total` hosts into waves, as index ranges; the last size repeats. No sizes: one wave."""
    start = number = 0
    while start < total:
        size = sizes[min(number, len(sizes) - 1)].of(total) if sizes else total
        yield range(start, min(start + size, total))
        start += size
        number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Stop at the Nth failed host, and at the Nth conflict; None: never."""

    max_failed: int | None = None
    max_conflicts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many hosts failed and how many were in conflict so far."""

    failed: int = 0
    conflicts: int = 0

    def plus(self, state: State) -> Count:
        """Count one more ended host."""
        if state in FAILED:
            return replace(self, failed=self.failed + 1)
        return replace(self, conflicts=self.conflicts + 1) if state in CONFLICTS else self

    def over(self, limits: Limits) -> str | None:
        """Say which limit is reached, or None: no further host may start where one is."""
        if limits.max_failed is not None and self.failed >= limits.max_failed:
            return f"{self.failed} failed, --max-failed {limits.max_failed}"
        if limits.max_conflicts is not None and self.conflicts >= limits.max_conflicts:
            return f"{self.conflicts} in conflict, --max-conflicts {limits.max_conflicts}"
        return None
