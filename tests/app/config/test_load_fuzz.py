"""Whatever a configuration file holds is read, or told as mistakes with their lines."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InventoryError
from orchestrator.app.config.files import Place
from orchestrator.app.config.load import load
from orchestrator.app.config.show import shown
from orchestrator.domain.config.keys import KEYS
from orchestrator.domain.config.reading import EnvironReading, FileReading

NAMES = st.sampled_from([*KEYS, "repin", "report", "notify", "ops", "yes", "kind", "batch", "x"]) | st.text(
    max_size=4
)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.sampled_from(["5%", "1m", "full"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a file that each example writes anew."""
    return tmp_path_factory.mktemp("config") / "config.toml"


@given(st.dictionaries(NAMES, TREES, max_size=5), st.booleans())
def test_any_content_is_settings_or_mistakes(tree: Mapping[str, object], folder_file: bool) -> None:
    """Every value that is taken is one that its key takes."""
    reading = FileReading("config.toml", "/f", folder_file=folder_file)
    layer = reading.layer(tree)
    for name, setting in layer.values.items():
        assert KEYS[name].folder or not folder_file
        assert setting.value is not None
    assert all(mistake.message and mistake.path for mistake in reading.mistakes)


@given(
    st.binary(max_size=120)
    | st.lists(st.sampled_from(["jobs = 3", "[repin]", "batch = '1'", "a = [", "]", "'", "yes = 1"])).map(
        lambda lines: "\n".join(lines).encode()
    )
)
def test_any_bytes_are_settings_or_mistakes_with_a_line(path: Path, data: bytes) -> None:
    """And what is read can be shown, each origin with its line."""
    path.write_bytes(data)
    found, problems = None, ()
    with contextlib.suppress(InventoryError):
        found = load({}, [Place(path, "config.toml")])
    if found is None:
        with pytest.raises(InventoryError) as caught:
            load({}, [Place(path, "config.toml")])
        problems = caught.value.problems
    assert all(0 <= problem.line <= data.count(b"\n") + 2 for problem in problems)
    assert all(row.origin is None or row.origin.line for row in (shown(found).rows if found else ()))


@given(st.dictionaries(st.sampled_from([key.variable for key in KEYS.values()]), st.text(max_size=6)))
def test_any_text_of_a_variable_is_a_setting_or_a_mistake(environ: dict[str, str]) -> None:
    """Whatever somebody exported."""
    reading = EnvironReading(environ, ":")
    with contextlib.suppress(InventoryError):
        layer = reading.layer()
        given_ = {name for name, text in environ.items() if text}
        told = {variable for variable, _ in reading.mistakes}
        assert {KEYS[name].variable for name in layer.values} | told == given_
