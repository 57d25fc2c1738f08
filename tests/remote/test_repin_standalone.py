"""A plan as a script of its own: what is in it, what it does on a real engine,
and which of its results are taken.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.domain.repin.planfile import digest
from orchestrator.remote.apply import repin_script
from orchestrator.remote.contract.repin_answer import RepinResult
from orchestrator.remote.standalone import StandaloneError, operation_of, parse_result, standalone
from tests import winhosts as kit
from tests.remote.repin_host import machine, outside
from tests.remote.repins import as_seen, both, pins, planned
from tests.remote.scenarios import KEY

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
WEB1 = planned(both(), computer="WEB1", machine_id="9f4b9d9e-1111-4222-8333-123456789abc")
GOLDEN = Path(__file__).parent / "golden" / "repin" / "dword.json"

# Runs a script from its file, as an administrator would: a script block made of it would have no folder.
_RUN_FILE = r"""
param([string]$Path, [string]$Result)
[void][Environment]::SetEnvironmentVariable('PSExecutionPolicyPreference', 'Bypass')
if ($Result) { & $Path -OutFile $Result } else { & $Path }
"""


def plan(*hosts: PlannedHost, **changes: object) -> Plan:
    """Make a plan of these hosts."""
    made = Plan(
        id="p-20261101-7",
        created=NOW,
        expires=NOW + timedelta(days=36500),
        policy="prefer:443",
        selection="all",
        inventory="fleet.yaml",
        inventory_digest="0" * 64,
        script=repin_script().sha256,
        version="1",
        user="ops",
        hosts=hosts or (WEB1,),
        left_out=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # what a test wants different


def result(made: Plan, **changes: object) -> str:
    """Answer that the plan's first host was written, but for what a test wants different."""
    golden = json.loads(GOLDEN.read_text("ascii"))["answer"]
    change = made.hosts[0]
    answer = golden | {
        "clock": "2026-11-22T23:09:02Z",
        "computer": change.computer,
        "machine_id": change.machine_id,
        "operation": operation_of(made, 0),
    }
    document: dict[str, object] = {
        "fleetcheck": {"document": "repin-result", "v": 1},
        "plan": made.id,
        "sha256": digest(made),
        "computer": change.computer,
        "machine_id": change.machine_id,
        "answers": [{"host": change.host, "answer": answer}],
    }
    return json.dumps(document | changes)


def test_script_holds_the_write_script_to_the_letter() -> None:
    """What runs by hand is what runs over WinRM, byte for byte."""
    assert repin_script().text in standalone(plan())


def test_nothing_but_one_literal_differs_between_plans() -> None:
    """Whatever a plan says, names with quotes and all, stands in one base64 literal and nowhere else."""
    odd = replace(WEB1, host="web'; exit #", computer="$(calc)", key="SOFTWARE\\'@\n'\"`$x")
    texts = [standalone(made) for made in (plan(), plan(odd, WEB1, id="'+$x+'"))]
    literal = re.compile(r"^\$planned = '([A-Za-z0-9+/=\n]*)'$", re.MULTILINE)
    assert literal.sub("", texts[0]) == literal.sub("", texts[1])
    assert all(text.isascii() for text in texts)
    (data,) = literal.findall(texts[1])
    assert odd.key in base64.b64decode(data).decode()


def test_plan_for_another_script_is_not_exported() -> None:
    """A plan made for another version of the write script is refused, with what to do."""
    with pytest.raises(StandaloneError, match="fleetcheck repin plan"):
        standalone(plan(script="0" * 64))


@pytest.mark.parametrize("text", ["a\x1eb", "a\x1fb", "a\ud800b"], ids=["record", "field", "surrogate"])
def test_plan_that_no_script_can_carry_is_not_exported(text: str) -> None:
    """Names that would fall apart on the way are refused, not bent."""
    with pytest.raises(StandaloneError, match="over WinRM"):
        standalone(plan(replace(WEB1, key=text)))


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16"])
def test_result_is_taken_back(encoding: str) -> None:
    """A result names its host and what happened, however Windows wrote the file."""
    made = plan()
    ((host, answer),) = parse_result(result(made).encode(encoding), made)
    assert (host, answer.result) == ("web1", RepinResult.WRITTEN)


BROKEN = {
    "no JSON": ("", "no JSON document"),
    "too deep": ("[" * 100_000, "no JSON document"),
    "too long": (" " * 5_000_000, "more than any result has"),
    "something else": ('{"fleetcheck": {"document": "plan", "v": 1}}', "no result"),
    "another plan": (result(plan(), plan="p-8"), r"another plan \(p-8\)"),
    "a changed plan": (result(plan(), sha256="0" * 64), "another plan"),
    "another machine": (result(plan(), answers=[], computer="DB\x1b7"), r"not in the plan \(DB\\x1b7"),
    "another host": (result(plan(), answers=[{"host": "db7", "answer": {}}]), "not in the plan"),
    "no answer": (
        result(plan(), answers=[{"host": "web1", "answer": {}}]),
        "web1: not what the write script",
    ),
    "no entry": (result(plan(), answers=["web1"]), "not in the plan"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_result_that_does_not_fit_is_refused(text: str, said: str) -> None:
    """A file that is not this plan's result is refused, saying what was found."""
    with pytest.raises(StandaloneError, match=said):
        parse_result(text, plan())


def test_script_writes_and_answers_on_a_real_host(winhosts: list[kit.Winhost], tmp_path: Path) -> None:
    """Run from its file, the script finds its machine among others, writes there,
    and leaves its answer beside it.
    """
    host = winhosts[0]
    made = _arranged(host)
    path = tmp_path / "repin.ps1"
    path.write_text(standalone(made), "ascii")
    first = host.run(_RUN_FILE, {"Path": f"Z:{path}", "Result": ""})
    second = host.run(_RUN_FILE, {"Path": f"Z:{path}", "Result": f"Z:{tmp_path}/again.json"})
    assert (first.noise, second.noise) == ((), ())
    (file,) = tmp_path.glob("fleetcheck-*.json")
    assert [
        parse_result(text, made)[0][1].result for text in (file.read_bytes(), first.text, second.text)
    ] == [
        RepinResult.WRITTEN,
        RepinResult.WRITTEN,
        RepinResult.ALREADY,
    ]
    assert (tmp_path / "again.json").read_text("ascii") == second.text
    assert outside(host) == as_seen(pins(primary=443, backup=443))


def test_script_does_nothing_where_its_answer_has_no_place(
    winhosts: list[kit.Winhost], tmp_path: Path
) -> None:
    """Where the file for the answer is there already, nothing is written, in it or in the registry."""
    host = winhosts[0]
    made = _arranged(host)
    taken = tmp_path / "taken.json"
    taken.write_text("mine", "ascii")
    answer = host.run(standalone(made), {"OutFile": f"Z:{taken}"})
    assert answer.output == ()
    assert "Nothing was written" in "".join(answer.noise)
    assert (taken.read_text("ascii"), outside(host)) == ("mine", as_seen(pins()))


def test_script_does_nothing_on_a_machine_that_is_not_planned(winhosts: list[kit.Winhost]) -> None:
    """A machine with a planned name or a planned id, but not both, is not the planned one."""
    host = winhosts[0]
    _arranged(host)
    me = machine(host)
    made = plan(
        planned(both(), computer=me.computer, machine_id=WEB1.machine_id),
        planned(both(), computer="OTHER", machine_id=me.machine_id, host="web2"),
    )
    answer = host.run(standalone(made), {})
    with pytest.raises(StandaloneError, match=f"not in the plan .{me.computer}, machine id {me.machine_id}"):
        parse_result(answer.text, made)
    assert outside(host) == as_seen(pins())


def test_script_does_nothing_once_the_plan_has_expired(winhosts: list[kit.Winhost]) -> None:
    """An expired plan is answered as expired, by the host's own clock."""
    host = winhosts[0]
    made = replace(_arranged(host), expires=NOW - timedelta(days=9000))
    ((_, answer),) = parse_result(host.run(standalone(made), {}).text, made)
    assert answer.result is RepinResult.EXPIRED
    assert outside(host) == as_seen(pins())


def _arranged(host: kit.Winhost) -> Plan:
    host.clear()
    host.arrange(64, KEY, pins())
    me = machine(host)
    return plan(
        WEB1, planned(both(), computer=me.computer.lower(), machine_id=me.machine_id.upper(), host="web2")
    )
