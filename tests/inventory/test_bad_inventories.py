"""Every mistake of an inventory is told at its line, all of a file at once:
one file in `bad/` for each kind.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.load import load

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_inventory_is_refused_with_every_mistake_at_its_line(path: Path) -> None:
    """The messages are exactly the `#!` lines at the end of the file, in order,
    and nothing else is raised.
    """
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix("#! ") for line in text.splitlines() if line.startswith("#! ")]
    with pytest.raises(InventoryError) as caught:
        load(path)
    assert str(caught.value).replace(f"{BAD}/", "").splitlines() == expected


def test_no_message_repeats_a_secret() -> None:
    """Wherever a slip of the pen put a password below `credentials`, no message shows it."""
    shown = []
    for path in BAD.glob("*secret*.yaml"):
        with pytest.raises(InventoryError) as caught:
            load(path)
        shown.append("hunter2" in str(caught.value))
    assert shown == [False, False]
