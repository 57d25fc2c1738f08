"""fleetcheck as it is installed, but that a host which failed is tried again at once.

    python -m tests.impatient WORDS...

A host's second and third try come after 1 to 30 s, by chance (tests/domain/execution and tests/fleet are
about that). The demo's fleet has hosts that take all three: a test of what is printed need not wait for them.
"""

from __future__ import annotations

import pytest

from orchestrator.domain.execution import backoff

_AT_ONCE = backoff.Curve(0.01, (0.1, 0.1))


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Let this process try again at once, until the patch is undone."""
    for curve in ("SHORT", "LONG"):
        patch.setattr(backoff, curve, _AT_ONCE)


if __name__ == "__main__":
    from orchestrator.cli.main import main

    with pytest.MonkeyPatch.context() as patched:
        hurry(patched)
        main()
