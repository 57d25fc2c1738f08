"""Random fleets as real readings, and what an assumption does to a reading, tried out attempt by attempt."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from inventory.model import Host, Profile, RoleValues, Rule
from orchestrator.domain.facts import Facts, facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.reading import Attempt, Canary, Identity, Reading, Result, Source, Target, View
from orchestrator.domain.repin.planner import Rules
from orchestrator.domain.repin.policy import parse_policy
from orchestrator.domain.standing import Standing
from orchestrator.domain.whatif.assumption import Assumption, Assumptions
from tests.domain import build
from tests.domain.repin.builders import plan_on

PORTS = (2147, 443, 80)
POOLS = {"primary": ("203.0.113.10", "203.0.113.11"), "backup": ("203.0.113.20", "203.0.113.10")}
ROLES = tuple(POOLS)
Spot = tuple[int, str]  # a port at an address


@dataclass
class Machine:
    """A host as it is: what its probe found, what the inventory says, and how firewalls before it were
    changed since.
    """

    name: str
    profile: Profile
    reading: Reading
    pins: dict[str, int | str]
    desired: dict[str, int]
    repin: str
    waived: str | None
    opened: set[Spot] = field(default_factory=set)
    closed: set[Spot] = field(default_factory=set)

    def facts(self, opened: Collection[Spot] = (), closed: Collection[Spot] = ()) -> Facts:
        """Return the facts once these are changed, too: by the real code, from a reading in which they are
        tried.
        """
        changed = tried(self.reading, self.opened | set(opened), self.closed | set(closed))
        return self._facts(replace(changed, views=self._views()))

    def _facts(self, reading: Reading) -> Facts:
        return facts(reading, profile=self.profile, desired=self.desired, gateways=build.GATEWAYS)

    def _views(self) -> tuple[View, ...]:
        return build.believed({}, self.pins).views

    def standing(self) -> Standing:
        """Return what a scan stores of it."""
        record = build.record(
            self.name,
            replace(self.reading, views=self._views()),
            product=self.profile,
            desired=self.desired,
            waived=self.waived,
        )
        gateways = {
            target.role: tuple(sorted(target.addresses)) for target in self.reading.targets if target.decides
        }
        return Standing(
            host=self.name,
            scan=1,
            at=build.NOON,
            address=self.name,
            profile=self.profile,
            judgement=record.judgement,
            waived=self.waived,
            gateways=gateways,
            repin=self.repin,
            desired=self.desired,
        )

    def planned(self, policy: str | None, pins: Mapping[str, int]) -> dict[str, int] | str:
        """Plan it now with the real planner, which reads what is so now; without a policy these pins are
        desired.
        """
        desired = self.desired if policy else dict(pins)
        now = replace(tried(self.reading, self.opened, self.closed), views=self._views())
        record = build.record(self.name, now, product=self.profile, desired=desired)
        host = Host(
            name=self.name,
            address=self.name,
            port=5986,
            profile=self.profile,
            gateways=build.GATEWAYS,
            desired=desired,
            repin=self.repin,
        )
        rules = Rules(policy=parse_policy(policy or "desired"), now=build.NOON)
        drafted = plan_on([(host, [(1, record)])], rules)
        if drafted.left_out:
            return drafted.left_out[0].reason
        kept = {role: pin for role, pin in self.pins.items() if isinstance(pin, int)}
        return kept | {role.role: role.new for role in drafted.hosts[0].roles if role.new is not None}


def tried(reading: Reading, opened: Collection[Spot], closed: Collection[Spot]) -> Reading:
    """Try a reading's attempts again after firewalls were changed: one at a time, at each address of each
    gateway.
    """
    attempts = [each for each in reading.attempts if (each.port, each.address) not in {*opened, *closed}]
    for target in reading.targets:
        for port, address in itertools.chain(opened, closed):
            if address in target.addresses:
                result = Result.CONNECTED if (port, address) in opened else Result.TIMED_OUT
                attempts += [build.attempt(target, port, result, number, address) for number in (1, 2)]
    return replace(reading, attempts=tuple(attempts))


def fleet(random: Random) -> list[Machine]:
    """Make up a few hosts behind the same gateways."""
    product = _profile(random)
    return [_machine(random, f"h{number}", product) for number in range(random.randint(1, 4))]


def assumptions(random: Random) -> Assumptions:
    """Make up one to four, none against another."""
    spots = [(port, address) for port in PORTS for address in sorted({*POOLS["primary"], *POOLS["backup"]})]
    chosen = random.sample(spots, random.randint(1, 4))
    states = (Belief.CLOSED, Belief.CLOSED, Belief.OPEN)
    return Assumptions(tuple(Assumption(random.choice(states), port, address) for port, address in chosen))


def _profile(random: Random) -> Profile:
    rule = random.choice(tuple(Rule))
    if random.random() < 0.15:
        values = tuple(RoleValues(role=role, port_value="PrimaryTunnelPort") for role in ROLES)
        return build.profile(rule=rule, roles=values)
    return build.profile(rule=rule)


def _machine(random: Random, name: str, product: Profile) -> Machine:
    hit = random.choice(PORTS) if random.random() < 0.1 else None
    targets = [_target(random, role) for role in ROLES]
    attempts = [each for target in targets for port in PORTS for each in _attempts(random, target, port, hit)]
    canaries = (
        [Canary(kind="address", address="192.0.2.1", port=hit, result=Result.CONNECTED, milliseconds=1)]
        if hit
        else []
    )
    pins: dict[str, int | str] = {role: random.choice(PORTS) for role in ROLES}
    if product.shared_value is not None:
        pins = dict.fromkeys(ROLES, pins["primary"])
    elif random.random() < 0.05:
        pins["backup"] = "none"
    desired = random.choice(PORTS)
    live = [build.live(target.addresses[0], 2147) for target in targets if random.random() < 0.6]
    return Machine(
        name=name,
        profile=product,
        reading=build.reading(
            targets=targets,
            attempts=attempts,
            canaries=canaries,
            connections=live,
            identity=Identity(computer=name, machine_id=name),
        ),
        pins=pins,
        desired={} if random.random() < 0.3 else dict.fromkeys(ROLES, desired),
        repin="forbid" if random.random() < 0.15 else "allow",
        waived="change 4711" if random.random() < 0.05 else None,
    )


def _target(random: Random, role: str) -> Target:
    addresses = (
        POOLS[role] if random.random() < 0.2 else (random.choice(POOLS[role][:1] * 3 + POOLS[role][1:]),)
    )
    return Target(
        role=role, source=Source.INVENTORY, name=f"{role}.example", addresses=addresses, decides=True
    )


def _attempts(random: Random, target: Target, port: int, hit: int | None) -> list[Attempt]:
    results = (Result.CONNECTED,) * 9 + (Result.TIMED_OUT,) * 9 + (Result.ERROR,)
    found = []
    for address in target.addresses:
        result = Result.CONNECTED if port == hit else random.choice(results)
        found += [build.attempt(target, port, result, number, address) for number in (1, 2)]
    return found
