"""An authority of the tests' own, a letter, and targets with their secrets in files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from inventory.model import SecretRef
from orchestrator.demo.wire.certificates import Authority
from orchestrator.notify.letter import Letter
from tests.notify.servers import HOST, write_ca


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Make a CA whose certificates are for loopback."""
    return Authority(["localhost"], [HOST], title="Notices' CA")


@pytest.fixture
def ca(authority: Authority, tmp_path: Path) -> str:
    """Write the CA's certificate to a file."""
    return write_ca(authority, tmp_path)


@pytest.fixture
def letter() -> Letter:
    """Make a letter about two hosts."""
    return Letter(
        id="0b6f1c5e-6a39-4f0e-9e0a-0d8f8f0f6a01",
        at=datetime(2026, 3, 1, 6, 0, tzinfo=UTC),
        source="urn:fleetcheck:emea",
        about="scan/12",
        subject="emea: 2 hosts blocked",
        text="2 hosts: ok -> blocked\n  web1, web2\n",
        data={"document": "notice", "hosts": ["web1", "web2"]},
    )


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[str, str], SecretRef]:
    """Return a way to keep a secret in a file that only its owner reads."""

    def keep(name: str, text: str) -> SecretRef:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        return SecretRef(source="file", fields=MappingProxyType({"path": str(path)}))

    return keep
