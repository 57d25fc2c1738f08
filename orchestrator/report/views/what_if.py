"""What a change of firewalls would do, and the steps that save hosts first: on the screen, as rows, as a
document.

What is assumed stands in the title, in the first rows and in the document: nobody shall take an answer for a
reading.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.whatif.outlook import Outlook
from orchestrator.domain.whatif.what_if import Step, StepKind, WhatIf
from orchestrator.report.document import envelope, plain
from orchestrator.report.hints import Hints
from orchestrator.report.parts import INDENT, command, heading, hosts_named, next_section
from orchestrator.report.words import NAMES_SHOWN, folded, listed, moment, shown

_MEANING = {
    Outlook.TUNNEL_ONLY: "On a live tunnel only: the pin is closed, the next reconnect ends the backup",
    Outlook.LOSES: "Lose the backup at the next reconnect",
    Outlook.LOST: "Cut off already, and still then",
    Outlook.UNSURE: "Nobody can say",
    Outlook.RETURNS: "Come back",
}
_TYPED = {
    StepKind.SCAN: "scan all ports of {hosts}, of which only some were tried, and ask again",
    StepKind.REPIN: "re-pin {hosts} to {pins}",
    StepKind.SCAN_AND_REPIN: "scan {hosts}, then re-pin to {pins}",
}


def what_if_screen(found: WhatIf, hints: Hints) -> RenderableType:
    """Draw who loses the backup, and the steps in their order; fits 80 columns."""
    return Group(
        *_title(found),
        *_groups(found),
        *_steps(found, hints),
        *_unsaved(found),
        *_next(found, hints),
    )


def _title(found: WhatIf) -> Iterator[RenderableType]:
    said = ", ".join(map(str, found.assumptions))
    yield Text("What if  ", style="bold").append(shown(f"{said}?"))
    since = f", the oldest of {moment(found.oldest)}" if found.oldest else ""
    yield shown(
        f"Assumed, not measured, and not stored; by the last readings of {_hosts(found.hosts)}{since}."
    )
    keep = found.counts[Outlook.KEEPS]
    yield shown(f"{_hosts(keep)} {'keeps' if keep == 1 else 'keep'} the tunnel as it is.")


def _groups(found: WhatIf) -> Iterator[RenderableType]:
    for outlook, meaning in _MEANING.items():
        if found.counts[outlook]:
            yield from heading(f"{meaning}: {_hosts(found.counts[outlook])}")
            for group in (each for each in found.groups if each.outlook is outlook):
                yield from hosts_named(shown(group.reason or ", ".join(group.places)), group.hosts)


def _steps(found: WhatIf, hints: Hints) -> Iterator[RenderableType]:
    if not any(step.hosts for step in found.steps):
        return
    yield from heading("Save them in this order")
    yield from _written_down(found, hints)
    for number, step in enumerate(found.steps, 1):
        yield shown(f"{number}. {_what(step, found)}", "bold")
        if step.hosts:
            yield Padding(shown(listed(step.hosts)), INDENT)
        if step.kind in _TYPED:
            yield from _commands(number, step, hints)


def _written_down(found: WhatIf, hints: Hints) -> Iterator[RenderableType]:
    """Write what keeps the hosts of long steps in files, before the first step is taken: it changes the
    answer, and with it the numbers.
    """
    typed = [number for number, step in enumerate(found.steps, 1) if step.kind in _TYPED and _is_long(step)]
    if typed:
        yield shown(
            "First write down which hosts: the numbers are of this moment, and each step changes them."
        )
    for number in typed:
        where = f"{hints.inventory}{hints.database}"
        yield command(f"fleetcheck unblock {_options(found)} --step {number}{where} > step-{number}.txt")


def _is_long(step: Step) -> bool:
    """Tell whether a step has more hosts than are typed one by one."""
    return len(step.hosts) > NAMES_SHOWN + 1


def step_words(found: WhatIf, number: int) -> str:
    """Say in a line what the step of this number does."""
    return _what(found.steps[number - 1], found)


def _what(step: Step, found: WhatIf) -> str:
    """Say a step in a line."""
    match step.kind:
        case StepKind.PERMIT:
            label = f" ({step.label})" if step.label else ""
            where = ", ".join(step.gateway)
            return f"ask for: permit TCP {step.port}{label} to {where} from {_hosts(len(step.hosts))}"
        case StepKind.OPEN | StepKind.CLOSE:
            word = step.kind.removeprefix("assumed-")
            of = [each for each in found.assumptions if each.state == word]
            done = "open" if step.kind is StepKind.OPEN else "only then close"
            return f"{done} {', '.join(f'{each.port} to {each.address}' for each in of)}"
        case StepKind.SCAN | StepKind.REPIN | StepKind.SCAN_AND_REPIN:
            urgent = ", at once: their tunnel may end at any time" if step.urgent else ""
            pins = ", ".join(f"{role} {port}" for role, port in step.pins.items())
            return _TYPED[step.kind].format(hosts=_hosts(len(step.hosts)), pins=pins) + urgent


def _commands(number: int, step: Step, hints: Hints) -> Iterator[RenderableType]:
    """Write what to type: names where they are few, else the file that they were written to."""
    where = f"{hints.inventory}{hints.database}"
    limit = f"@step-{number}.txt" if _is_long(step) else shlex.quote(",".join(step.hosts))
    if step.policy is None and step.pins:
        pins = ", ".join(f"{role}: {port}" for role, port in step.pins.items())
        yield Padding(
            shown(f"no policy plans this: say `pin: {{{pins}}}` for them in the inventory, then"), INDENT
        )
    if step.kind is not StepKind.REPIN:
        yield command(f"fleetcheck scan --probe full --limit {limit}{where}")
    if step.kind is StepKind.SCAN:
        return
    policy = step.policy or "desired"
    out = f"-o step-{number}.json"
    yield command(f"fleetcheck repin plan --policy {policy} --limit {limit} {out}{where}")


def _unsaved(found: WhatIf) -> Iterator[RenderableType]:
    if found.unsaved:
        count = sum(len(each.hosts) for each in found.unsaved)
        yield from heading(f"No step saves these: {_hosts(count)}")
        for each in found.unsaved:
            yield from hosts_named(shown(each.reason), each.hosts)


def _next(found: WhatIf, hints: Hints) -> Iterator[RenderableType]:
    where = f"{hints.inventory}{hints.database}"
    typed = []
    if found.counts[Outlook.LOST]:
        typed.append((f"fleetcheck unblock{where}", "rules for what is cut off already"))
    named = [each.hosts for shares in (found.groups, found.unsaved, found.steps) for each in shares]
    if any(folded(names)[1] for names in named):
        typed.append((f"fleetcheck unblock {_options(found)} --json{where}", "see every host by name"))
    if typed:
        yield from next_section(typed)


def _options(found: WhatIf) -> str:
    return " ".join(shlex.quote(word) for each in found.assumptions for word in each.option.split())


def _hosts(count: int) -> str:
    return plural(count, "host")


WHAT_IF_COLUMNS = ("record", "kind", "what", "hosts", "names")


def what_if_rows(found: WhatIf) -> Iterator[tuple[object, ...]]:
    """Yield a row per assumption, then per group of hosts, step and reason: record, kind, what,
    hosts, names.
    """
    for each in found.assumptions:
        yield "assumed", each.state, f"{each.port}@{each.address}", "", ""
    for group in found.groups:
        what = group.reason or ",".join(group.places)
        yield "outlook", group.outlook, what, len(group.hosts), ",".join(group.hosts)
    for step in found.steps:
        yield "step", step.kind, _row(step), len(step.hosts), ",".join(step.hosts)
    for left in found.unsaved:
        yield "unsaved", "", left.reason, len(left.hosts), ",".join(left.hosts)


def _row(step: Step) -> str:
    if step.kind is StepKind.PERMIT:
        return f"{step.port}@{','.join(step.gateway)}"
    return ",".join(f"{role} {port}" for role, port in step.pins.items())


def what_if_document(found: WhatIf) -> dict[str, Any]:
    """Say the whole answer; what is assumed comes first."""
    return envelope(
        "what-if",
        assumed=[_assumed(each.state, each.port, each.address) for each in found.assumptions],
        hosts=found.hosts,
        oldest=plain(found.oldest),
        counts={outlook.value: number for outlook, number in found.counts.items()},
        groups=plain(found.groups),
        steps=[_step(number, step) for number, step in enumerate(found.steps, 1)],
        unsaved=plain(found.unsaved),
        fewest=found.fewest,
    )


def _assumed(state: str, port: int, address: str) -> dict[str, Any]:
    return {"state": plain(state), "port": port, "address": address}


def _step(number: int, step: Step) -> Mapping[str, Any]:
    return {"step": number, **plain(step)}
