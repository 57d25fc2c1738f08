r"""A plan as a PowerShell script of its own, for hosts that WinRM cannot reach; and its answer taken back.

The script is `scripts/standalone.ps1` with two gaps filled: the write script's text as the body of a
function, and the plan's data as one base64 literal in single quotes. Nothing else is pasted. It answers

    {"fleetcheck": {"document": "repin-result", "v": 1}, "plan": id, "sha256": the plan's digest,
     "computer": "...", "machine_id": "...", "answers": [{"host": name, "answer": what repin.ps1 answered}]}

with one answer for each planned host that this machine is: none, as a rule one. The fresh reading that
`apply` makes before it writes, with its look at the new port, is not made there; all that the write script
compares is.
"""

from __future__ import annotations

import base64
import json
from importlib import resources
from typing import Any

from inventory.errors import FleetcheckError
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.domain.repin.planfile import digest
from orchestrator.remote.apply import repin_script
from orchestrator.remote.contract.repin import host_time
from orchestrator.remote.contract.repin_answer import RepinAnswer

MAX_BYTES = 4 * 1024 * 1024  # of a result; one machine's takes about 1 KB
_RECORD, _FIELD = "\x1e", "\x1f"
_LINE = 120
_RUN_AGAIN = "Take the file as the script wrote it, or scan the host to see what it holds: fleetcheck scan"


class StandaloneError(FleetcheckError):
    """A plan that cannot be exported, or a result that cannot be taken;
    the message says why and what to do.
    """


def standalone(plan: Plan) -> str:
    """Return the text of a script (pure ASCII) that does on its own machine what the plan says for it.

    Raises StandaloneError where the plan was made for another write script, or holds what cannot be carried.
    """
    script = repin_script()
    if plan.script != script.sha256:
        raise StandaloneError(
            f"the plan was made for another version of the write script ({plan.script[:12]}, here it is"
            f" {script.sha256[:12]}). Make a new one: fleetcheck repin plan"
        )
    literal = base64.b64encode(_data(plan)).decode("ascii")
    lines = "\n".join(literal[at : at + _LINE] for at in range(0, len(literal), _LINE))
    text = resources.files("orchestrator.remote.scripts").joinpath("standalone.ps1").read_text("ascii")
    before, after = text.split("'<planned>'")
    return f"{before}'{lines}'{after}".replace("# <repin.ps1>\n", script.text)


def parse_result(data: str | bytes, plan: Plan) -> tuple[tuple[str, RepinAnswer], ...]:
    """Read what the script answered: each planned host that it found itself to be, with its answer.

    `data` is the file's content; bytes may be UTF-16 too, which Windows PowerShell's `>` writes. An answer
    proves nothing: until a scan has read the values it is a report. Raises StandaloneError.
    """
    match _load(data):
        case {
            "fleetcheck": {"document": "repin-result", "v": 1},
            "plan": str(name),
            "sha256": str(written),
            "computer": str(computer),
            "machine_id": str(machine),
            "answers": list(answers),
        }:
            pass
        case _:
            raise StandaloneError(f"no result of an exported re-pin script. {_RUN_AGAIN}")
    if (name, written) != (plan.id, digest(plan)):
        raise StandaloneError(
            f"a result of another plan ({clean(name, limit=40)}), not of {plan.id}. Import it with its own "
            "plan."
        )
    if not answers:
        machine_there = clean(f"{computer}, machine id {machine}", limit=200)
        raise StandaloneError(
            f"the script ran on a machine that is not in the plan ({machine_there}), and did nothing there."
        )
    planned = {change.host: (change, operation_of(plan, number)) for number, change in enumerate(plan.hosts)}
    return tuple(_answered(answer, planned) for answer in answers)


def operation_of(plan: Plan, number: int) -> str:
    """Name the operation of the plan's host of that number (from 0), as its answer has to."""
    return f"{plan.id}/{number + 1}"


def _data(plan: Plan) -> bytes:
    records = [_fields(plan.id, digest(plan), host_time(plan.expires))]
    for number, change in enumerate(plan.hosts):
        fields = [json.dumps(change.host), change.computer, change.machine_id, operation_of(plan, number)]
        fields.append(change.key)
        for target in change.targets:
            fields += [str(target.view), target.value, target.kind, target.expected, target.new]
        records.append(_fields(*fields))
    try:
        return _RECORD.join(records).encode("utf-8")
    except UnicodeEncodeError as error:
        raise StandaloneError(
            "a name in the plan is no valid Unicode, and no script can carry it: apply the plan over WinRM"
        ) from error


def _fields(*fields: str) -> str:
    if any(separator in field for field in fields for separator in (_RECORD, _FIELD)):
        raise StandaloneError(
            "a name in the plan holds U+001E or U+001F, which no script can carry: apply the plan over WinRM"
        )
    return _FIELD.join(fields)


def _load(data: str | bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise StandaloneError(f"{len(data):,} bytes, more than any result has. {_RUN_AGAIN}")
    if isinstance(data, bytes):
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        data = data.decode(encoding, "replace")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise StandaloneError(f"no JSON document. {_RUN_AGAIN}") from None


def _answered(entry: object, planned: dict[str, tuple[PlannedHost, str]]) -> tuple[str, RepinAnswer]:
    from orchestrator.remote.contract.document import OddError, checked
    from orchestrator.remote.contract.repin_decode import answer
    from orchestrator.remote.contract.repin_schema import REPIN_DOCUMENT

    match entry:
        case {"host": str(host), "answer": dict(document)} if host in planned:
            pass
        case _:
            raise StandaloneError(f"an answer for a host that is not in the plan. {_RUN_AGAIN}")
    change, operation = planned[host]
    try:
        return host, answer(checked(REPIN_DOCUMENT, document), change, operation=operation)
    except OddError as error:
        said = clean(f"{error.place}: {error.what}", limit=200)
        raise StandaloneError(
            f"{host}: not what the write script answers, at {said}. {_RUN_AGAIN} --limit {host}"
        ) from None
