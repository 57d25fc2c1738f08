"""A fleet to be re-pinned: nearly every host is drifted, its new port open. Deterministic, as the demo's
fleet.

Most hosts are plain; the rest differ in what a write has to get right: clocks, kinds, views, slowness, agents
that do not reconnect. Three of a hundred are none of a plan's business. `bad` puts a share of hosts among
them on which the write goes wrong, each way of `repin_recipes.TROUBLES` in turn.
"""

from __future__ import annotations

import random

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.scenes import recipes, repin_recipes
from orchestrator.demo.scenes.recipes import Recipe
from orchestrator.demo.scenes.repin_recipes import TROUBLES, kept_as
from orchestrator.demo.scenes.scenario import GATEWAYS, PORT, finished, new_draft
from orchestrator.domain.reading import Kind

_MIX: tuple[tuple[Recipe, int], ...] = (
    (repin_recipes.drifted, 50),
    (repin_recipes.skewed, 12),
    (kept_as(Kind.SZ), 8),
    (repin_recipes.both_views, 8),
    (repin_recipes.over_http, 5),
    (repin_recipes.small_view, 4),
    (kept_as(Kind.QWORD), 2),
    (kept_as(Kind.EXPAND_SZ), 2),
    (repin_recipes.one_role, 2),
    (repin_recipes.slow, 2),
    (repin_recipes.never_reconnects, 2),
    (repin_recipes.forbidden, 1),
    (recipes.ok, 1),
    (recipes.drift_blocked, 1),
)
_RECIPES = tuple(recipe for recipe, count in _MIX for _ in range(count))


def repin_hosts(count: int = 500, *, seed: int = 1, bad: float = 0.0) -> tuple[SimulatedHost, ...]:
    """Make up `count` hosts, a share of `bad` (0 to 1) of them with trouble;
    these have a tag `trouble-HOW`.
    """
    chance = random.Random(seed)  # noqa: S311  # a made-up fleet, no secret
    order = list(range(count))
    chance.shuffle(order)
    ways = tuple(TROUBLES)
    unlucky = {
        number: ways[turn % len(ways)]
        for turn, number in enumerate(chance.sample(range(count), round(count * bad)))
    }
    hosts = []
    for place, number in enumerate(order):
        draft, site = new_draft(place, number, chance, turn=number)
        if number in unlucky:
            repin_recipes.drifted(draft)
            TROUBLES[unlucky[number]](draft)
            draft.tags.append(f"trouble-{unlucky[number]}")
        else:
            _RECIPES[number % len(_RECIPES)](draft)
        hosts.append(finished(draft, site))
    return tuple(hosts)


def repin_fleet(
    count: int = 500, *, seed: int = 1, bad: float = 0.0, address: str = "127.0.0.1"
) -> SimulatedFleet:
    """Make the fleet, not yet served."""
    return SimulatedFleet(
        repin_hosts(count, seed=seed, bad=bad),
        address=address,
        defaults={"profile": "livevault", "gateways": GATEWAYS, "pin": PORT, "timeout": 30},
    )
