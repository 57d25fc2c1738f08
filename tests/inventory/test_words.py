"""The wording that messages share."""

from __future__ import annotations

from inventory.words import plural


def test_counts_have_their_plural() -> None:
    """One host, several hosts, thousands with a comma; a verb goes with them."""
    assert [plural(number, "host") for number in (0, 1, 2000)] == ["0 hosts", "1 host", "2,000 hosts"]
    assert [plural(number, "host is", "hosts are") for number in (1, 2)] == ["1 host is", "2 hosts are"]
