"""The write script on a real engine, situation by situation, against what was recorded there.

`python -m tests.remote.contract.test_repin_goldens` records afresh; look at the difference before you commit
it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import winhosts as kit
from tests.remote.repin_host import perform
from tests.remote.repins import Repin, repins

GOLDEN = Path(__file__).parents[1] / "golden" / "repin"
SCENES = {scene.name: scene for scene in repins()}


def written(found: object) -> str:
    """Return a golden file's text."""
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_real_engine_ends_as_recorded(winhosts: list[kit.Winhost], scene: Repin) -> None:
    """In each recorded situation the write script answers and leaves the registry as when it was recorded."""
    golden = (GOLDEN / f"{scene.name}.json").read_text("ascii")
    assert written(perform(winhosts[0], scene)) == golden


def test_every_recording_belongs_to_a_situation() -> None:
    """No recording stays behind when its situation is renamed."""
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == sorted(SCENES)


def main() -> None:
    """Record every situation."""
    GOLDEN.mkdir(exist_ok=True)
    with kit.claim_net() as net, kit.start(net) as (host,):
        for name, scene in SCENES.items():
            (GOLDEN / f"{name}.json").write_text(written(perform(host, scene)), "ascii")


if __name__ == "__main__":
    main()
