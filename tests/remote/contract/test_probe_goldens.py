"""The probe on a real engine, situation by situation, against what was recorded there.

`python -m tests.remote.contract.test_probe_goldens` records afresh; look at the difference before you commit
it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.remote.contract.probe import decode_probe
from orchestrator.remote.session import Script
from tests import winhosts as kit
from tests.quiet import QuietNetwork
from tests.remote.scenarios import Scenario, normalise, scenarios

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = [scenario.name for scenario in scenarios()]


@contextmanager
def arranged(host: kit.Winhost, scenario: Scenario) -> Iterator[None]:
    """Bring a real host and the loopback ports around it into the scenario's state."""
    host.clear()
    denied = [key for keys in scenario.views.values() for key, values in keys.items() if values is None]
    for view, keys in scenario.views.items():
        for key, values in keys.items():
            host.arrange(view, key, values or (), deny=values is None)
    try:
        with kit.network(opened=scenario.opened, silent=scenario.silent, live=scenario.live):
            yield
    finally:
        if denied:  # what nobody may read nobody else can clear
            host.clear(denied)


def record(host: kit.Winhost, net: str, name: str) -> str:
    """Return what the probe answers in the scenario."""
    scenario = {one.name: one for one in scenarios(net)}[name]
    with arranged(host, scenario):
        answer = host.run(Script.load("probe").text, scenario.parameters())
    assert answer.noise == ()
    decode_probe(answer.text, scenario.host(), mode=scenario.mode)
    return answer.text


def written(document: dict[str, Any]) -> str:
    """Return a golden file's text."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_real_engine_answers_what_is_on_record(winhosts: list[kit.Winhost], net: str, name: str) -> None:
    """In each recorded situation the probe reads, tries and answers as it did when it was recorded."""
    text = record(winhosts[0], net, name)
    golden = (GOLDEN / f"{name}.json").read_text("ascii")
    assert written(normalise(json.loads(text), net)) == golden


@pytest.mark.parametrize("name", NAMES)
def test_nothing_on_record_leaves_loopback(name: str) -> None:
    """No recorded situation tries an address outside 127.0.0.0/8."""
    document = json.loads((GOLDEN / f"{name}.json").read_text("ascii"))
    tried = {row["a"] for row in (*document["attempts"], *document["canaries"])} - {None}
    assert {address.split(".")[0] for address in tried} <= {"127"}


def test_every_golden_file_belongs_to_a_situation() -> None:
    """No recording stays behind when its situation is renamed."""
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == sorted(NAMES)


def main() -> None:
    """Record every scenario."""
    with QuietNetwork().inside(), kit.claim_net() as net, kit.start(net) as (host,):
        for name in NAMES:
            document = normalise(json.loads(record(host, net, name)), net)
            (GOLDEN / f"{name}.json").write_text(written(document), "ascii")


if __name__ == "__main__":
    main()
