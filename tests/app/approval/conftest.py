"""People who may sign, for the tests of approvals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signers import Signers, make_signers


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """Make three people; ann and bob may sign."""
    made = make_signers(tmp_path)
    made.allow("ann", "bob")
    return made
