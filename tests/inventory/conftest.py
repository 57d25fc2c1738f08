"""Inventories on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.load import load
from inventory.model import Fleet
from tests.inventory import texts

Load = Callable[[str], Fleet]


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """Load text as `fleet.yaml`; without `credentials:` it gets some, in two lines of its own before it."""

    def loads(text: str) -> Fleet:
        path = tmp_path / "fleet.yaml"
        path.write_text(text if "credentials:" in text else texts.HEAD + text, encoding="utf-8")
        return load(path)

    return loads


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Write the design's sample inventory, and the CA file that it names."""
    (tmp_path / "certs").mkdir()
    pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    (tmp_path / "certs" / "dmz.pem").write_text(pem, encoding="ascii")
    path = tmp_path / "fleet.yaml"
    path.write_text(texts.SAMPLE, encoding="utf-8")
    return path
