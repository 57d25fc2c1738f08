"""What the tests of one host share: real hosts in the cultures that break scripts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from orchestrator.remote.transport_name import TransportName
from tests import winhosts as kit
from tests.quiet import QuietNetwork
from tests.remote.wired import WIRE

CULTURES = {"de-DE": 11, "tr-TR": 12, "th-TH": 13, "da-DK": 14}  # culture -> last byte of its host's address


@pytest.fixture(scope="session", params=CULTURES)
def foreign(
    request: pytest.FixtureRequest,
    winhost_kit: None,  # noqa: ARG001  # it only skips
    net: str,
    quiet: QuietNetwork,
) -> Iterator[kit.Winhost]:
    """Start one real host in a culture; the one before has ended by then."""
    with contextlib.ExitStack() as stack:
        with quiet.inside():
            (host,) = stack.enter_context(
                kit.start(net, first=CULTURES[request.param], culture=request.param)
            )
        yield host


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of a module that says `BOTH_WIRES = True` over each transport:
    they keep one contract.
    """
    if getattr(metafunc.module, "BOTH_WIRES", False):
        metafunc.parametrize("wire", list(TransportName), indirect=True)


# Autouse, since a fixture that a hook adds to a test's names is parametrised, and never set up.
@pytest.fixture(autouse=True)
def wire(request: pytest.FixtureRequest) -> Iterator[TransportName]:
    """Talk over this transport; over our own where a module says nothing."""
    chosen: TransportName = getattr(request, "param", TransportName.NATIVE)
    before = WIRE.set(chosen)
    yield chosen
    WIRE.reset(before)
