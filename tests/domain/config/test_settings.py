"""Which of several places holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.config.settings import Entry, Layer, Origin, Setting, resolved

NAMES = ("variable", "folder", "user", "system")
KEYS = ("jobs", "pace", "probe")


def layer(name: str, keys: set[str]) -> Layer:
    """Make a layer in which each key has the layer's name for a value."""
    return Layer(values={key: Setting(name, Origin(name)) for key in keys})


@given(st.lists(st.sets(st.sampled_from(KEYS)), min_size=4, max_size=4))
def test_the_nearest_place_that_sets_a_key_holds(given_keys: list[set[str]]) -> None:
    """Variable, folder, user, system: for each key on its own."""
    found = resolved([layer(name, keys) for name, keys in zip(NAMES, given_keys, strict=True)])
    expected = {
        key: next(name for name, keys in zip(NAMES, given_keys, strict=True) if key in keys)
        for key in KEYS
        if any(key in keys for keys in given_keys)
    }
    assert {key: setting.value for key, setting in found.values.items()} == expected


def test_a_sections_entries_add_up_and_the_nearest_of_one_name_holds() -> None:
    """Whole: nothing of the farther one is mixed in."""
    near = Layer(sections={"send": {"ops": Entry("near", Origin("u", ("send", "ops")))}})
    far = Layer(
        sections={
            "send": {
                "ops": Entry("far", Origin("s", ("send", "ops"))),
                "boss": Entry("far", Origin("s", ("send", "boss"))),
            }
        }
    )
    found = resolved([near, far])
    assert {name: entry.content for name, entry in found.section("send").items()} == {
        "ops": "near",
        "boss": "far",
    }
    assert dict(found.section("other")) == {}
