"""How long to wait before a host is tried again, and whether to try at all.

Chance comes in as an argument.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """How waits grow: a wait lies between `floor` and the ceiling of its turn, in seconds,
    anywhere (full jitter).
    """

    floor: float
    ceilings: tuple[float, ...]


SHORT = Curve(1.0, (6.0, 30.0))  # what mostly passes by itself: no answer, busy, cut
LONG = Curve(10.0, (30.0, 30.0))  # what needs time to clear: quotas, a reboot


def next_wait(
    tried: int,
    *,
    left: float,
    need: float,
    chance: random.Random,
    curve: Curve = SHORT,
    tries: int = MOST_TRIES,
) -> float | None:
    """Return the seconds to wait before the next try, or None where there is no next try.

    `tried` counts the tries so far (1 after the first). `left` is what remains of the host's deadline, `need`
    the least that a try takes: a wait after which nothing could be done is not begun, one that could be
    shorter is. `tries` is the most in all: 2 where a host may be tried once more only. Pure but for `chance`.
    """
    if not 0 < tried < min(tries, MOST_TRIES):
        return None
    room = left - need
    if room < curve.floor:
        return None
    return chance.uniform(curve.floor, min(curve.ceilings[tried - 1], room))
