"""What an import's notes say of a file that is one line with several hosts."""

from __future__ import annotations

from contextlib import suppress

from inventory.files.places import Places
from inventory.importers.ansible.notes import Notes


def test_what_is_said_after_a_host_that_was_left_out_is_not_said_of_it() -> None:
    """A host is the place of what is said while it is looked at, however that ends."""
    places = Places("hosts.json", "")
    places.add("hosts.json", "{}")
    notes = Notes(places)
    notes.crowded = frozenset({1})
    with suppress(ValueError), notes.about("web1"):
        notes.say("Its port is left.", 1)
        raise ValueError("left out")
    notes.say("A group has no hosts.", 1)
    assert notes.sentences() == ["`web1`: Its port is left.", "hosts.json:1: A group has no hosts."]
