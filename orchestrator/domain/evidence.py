"""What speaks for a verdict, in words a person can check: tunnel first, then each role's pin, ports and
desired pin.

The words quote what the host said; they are cleaned where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inventory.model import Profile
from inventory.words import plural
from orchestrator.domain.beliefs import at
from orchestrator.domain.facts import Facts, RoleFacts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.pin import find_value, shown
from orchestrator.domain.reading import Attempt, Reading, Result, Target, Value, ViewState

_SECOND = 1000  # milliseconds
_WORDS = {
    Result.CONNECTED: "connects in",
    Result.REFUSED: "refused after",
    Result.TIMED_OUT: "timed out after",
    Result.UNREACHABLE: "unreachable after",
    Result.RESET: "reset after",
    Result.BLOCKED_LOCALLY: "blocked by the host itself after",
    Result.NAME_ERROR: "name not resolved after",
    Result.ERROR: "could not be tried after",
}
_TIMES = {1: "", 2: ", twice"}


def tunnel(facts: Facts) -> str:
    """Say whether a tunnel is up, and whether it will last: the first line of all evidence."""
    lasting = [f"{role.role} {numbers(role.live)}" for role in facts.roles if role.live and not _breaks(role)]
    breaking = [f"{role.role} {numbers(role.live)}" for role in facts.roles if role.live and _breaks(role)]
    lines = []
    if lasting:
        lines.append(f"tunnel up on {', '.join(lasting)}")
    if breaking:
        lines.append(f"tunnel still up on {', '.join(breaking)}, breaks at the next reconnect")
    return "; ".join(lines) or _no_tunnel(facts)


def role_lines(role: RoleFacts, *, reading: Reading, profile: Profile) -> tuple[str, ...]:
    """Say what is known of a role: its pin and the other ports, the desired pin,
    gateways that do not decide.
    """
    lines = [_pin_line(role, reading, profile)]
    if role.other_desired is not None and role.desired is not None:
        result = _result(role, role.desired, reading.attempts, role.target)
        lines.append(f"{role.role} {role.desired}, the desired pin: {result}")
    lines.extend(_aside(role, reading))
    if role.trying and not role.live:
        lines.append(f"{role.role}: a process on the host is trying to connect to {numbers(role.trying)}")
    return tuple(lines)


def split_lines(names: Iterable[str], reading: Reading) -> tuple[str, ...]:
    """Say for each value that two views do not agree on what each of them holds."""
    present = [view for view in reading.views if view.state is ViewState.PRESENT]
    return tuple(
        f"{name}: {', '.join(f'{view.view}-bit {_held(find_value(view.values, name))}' for view in present)}"
        for name in names
    )


def numbers(ports: Sequence[int]) -> str:
    """Write ports as `80`, `80 and 443`, `25, 80 and 443`."""
    *most, last = map(str, ports)
    return f"{', '.join(most)} and {last}" if most else last


def _held(value: Value | None) -> str:
    return "missing" if value is None else f'{value.kind} "{shown(value)}"'


def _breaks(role: RoleFacts) -> bool:
    return role.pin_belief is Belief.CLOSED


def _no_tunnel(facts: Facts) -> str:
    if not facts.connections_read:
        return "connections not looked at"
    if not facts.gateways_known:
        return "no tunnel is up to the gateway addresses that are known"
    return "no tunnel is up" if facts.permanent else "no tunnel is up: it is made on demand"


def _pin_line(role: RoleFacts, reading: Reading, profile: Profile) -> str:
    port = role.pin.port
    value = next(named.port_value for named in profile.roles if named.role == role.role)
    if port is not None:
        start = f"{role.role} {port}: {_result(role, port, reading.attempts, role.target)}"
    elif role.pin.kind is None:
        start = f"{role.role}: {value} is missing"
    else:
        start = f'{role.role}: {value} is {role.pin.kind} "{role.pin.shown}", not a port'
    return "; ".join((start, *_others(role)))


def _others(role: RoleFacts) -> Iterable[str]:
    """Say what became of the listed ports beside the pin, shortest words first;
    nothing where none was asked.
    """
    rest = {port: belief for port, belief in role.beliefs.items() if port != role.pin.port}
    tried = [port for port, belief in rest.items() if belief is not Belief.UNTRIED]
    for belief in (Belief.OPEN, Belief.INTERCEPTED):
        if ports := [port for port in tried if rest[port] is belief]:
            yield f"{numbers(ports)} {belief}"
    if not any(rest[port] is Belief.OPEN for port in tried) and role.pin_belief is not Belief.OPEN:
        if tried and len(tried) == len(rest):
            yield f"{_other_ports(len(rest))} tried, none open"
        elif role.target is not None and role.pin.port is not None:
            yield f"{_other_ports(len(rest) - len(tried))} not tried"


def _other_ports(count: int) -> str:
    return plural(count, "other port")


def _aside(role: RoleFacts, reading: Reading) -> Iterable[str]:
    """Say how the pin fares at gateways of the role that do not decide, such as the inventory's."""
    port = role.pin.port
    for target in reading.targets:
        if port is not None and target.role == role.role and not target.decides:
            result = _result(role, port, reading.attempts, target)
            if result != _NOT_TRIED:
                yield f"{role.role} {port} at {target.name} ({target.source}): {result}"


_NOT_TRIED = "not tried"


def _result(role: RoleFacts, port: int, attempts: Iterable[Attempt], target: Target | None) -> str:
    by_address: dict[str | None, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.port == port and at(attempt, target):
            by_address.setdefault(attempt.address, []).append(attempt)
    if not by_address:
        return "no gateway address is known" if target is None else _NOT_TRIED
    many = len(by_address) > 1
    words = [
        f"{_tries(tries)} at {address}" if many else _tries(tries) for address, tries in by_address.items()
    ]
    deciding = target is not None and target.decides
    if deciding and role.beliefs.get(port) is Belief.INTERCEPTED:
        words.append("but a canary connects too, so something else answers")
    return ", ".join(words)


def _tries(tries: Sequence[Attempt]) -> str:
    """Say how the tries at one address ended: the one that connected, else the last."""
    decisive = next((attempt for attempt in tries if attempt.result is Result.CONNECTED), tries[-1])
    alike = sum(attempt.result is decisive.result for attempt in tries)
    words = _WORDS[decisive.result]
    if decisive.milliseconds is None:
        words = words.removesuffix(" after").removesuffix(" in")
    else:
        words = f"{words} {_duration(decisive.milliseconds)}"
    error = f" ({decisive.error})" if decisive.error and decisive.result is Result.ERROR else ""
    return f"{words}{error}{_TIMES.get(alike, f', {alike} times')}"


def _duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < _SECOND else f"{milliseconds / _SECOND:.1f} s"
