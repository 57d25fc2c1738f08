"""What every part's tests share: loopback addresses of their own, and real PowerShell hosts where the kit is there."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
from collections.abc import Iterator

import pytest

from tests import adlabs
from tests import winhosts as kit
from tests.quiet import QuietNetwork

# A job that a shell put into the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Fixtures that stand for real hosts on the quiet network; a test that asks for one runs there too.
QUIET = {"winhosts", "foreign"}
NEEDS_KIT = QUIET | {"winhost_kit"}
NEEDS_REALM = {"adlab_kit", "mit_realm", "samba_realm", "mit_hosts", "samba_hosts"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a kit, and keep it on one worker: a host takes seconds and 163 MB, a domain controller 8 s."""
    for item in items:
        for mark, fixtures in ((pytest.mark.winhost, NEEDS_KIT), (pytest.mark.adlab, NEEDS_REALM)):
            if fixtures.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(mark)
                if item.config.pluginmanager.hasplugin("xdist"):
                    item.add_marker(pytest.mark.xdist_group(mark.name))


@pytest.fixture(scope="session")
def net() -> Iterator[str]:
    """Claim a loopback /24 that belongs to this test process, such as "127.77.9"; hosts get .1 to .9."""
    with kit.claim_net() as claimed:
        yield claimed


@pytest.fixture(scope="session")
def quiet() -> Iterator[QuietNetwork]:
    """Make the network that real hosts of this process stand in."""
    network = QuietNetwork()
    yield network
    network.close()


@pytest.fixture(autouse=True)
def on_the_hosts_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test that uses real hosts where these are."""
    with contextlib.ExitStack() as stack:
        if QUIET.intersection(request.fixturenames):
            stack.enter_context(request.getfixturevalue("quiet").inside())
        yield


@pytest.fixture(scope="session")
def winhost_kit() -> None:
    """Skip where there is no kit; for tests that only need its command line or start hosts of their own."""
    if kit.kit() is None:
        pytest.skip("FLEETCHECK_WINHOST is not set: no real PowerShell hosts here")


@pytest.fixture(scope="session")
def adlab_kit() -> None:
    """Skip where there is no kit for realms, or no Kerberos on this side."""
    if adlabs.kit() is None:
        pytest.skip("FLEETCHECK_ADLAB is not set: no real Kerberos realm here")
    if importlib.util.find_spec("krb5") is None:
        pytest.skip("FLEETCHECK_ADLAB is set, and Kerberos is not installed: pip install '.[kerberos]'")


@pytest.fixture(scope="session")
def mit_realm(adlab_kit: None, net: str) -> Iterator[adlabs.Realm]:  # noqa: ARG001  # it only skips
    """Start a realm by MIT's KDC, with two hosts' names."""
    with adlabs.start("mit", net, hosts=2, first=61) as realm:
        yield realm


@pytest.fixture(scope="session")
def samba_realm(adlab_kit: None, net: str) -> Iterator[adlabs.Realm]:  # noqa: ARG001  # it only skips
    """Start a domain controller that locks accounts, with four hosts' names."""
    with adlabs.start("samba", net, hosts=4, first=71) as realm:
        yield realm


@pytest.fixture(scope="session")
def mit_hosts(
    winhost_kit: None,  # noqa: ARG001  # it only skips
    mit_realm: adlabs.Realm,
    net: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[kit.Winhost]]:
    """Start real PowerShell behind the names of MIT's realm; the second host has the first one's key."""
    keytabs = tmp_path_factory.mktemp("keytabs")
    first, second = sorted(mit_realm.keytabs.glob("WINHOST*.keytab"))
    for name in (first.name, second.name):
        shutil.copy(first, keytabs / name)
    with adlabs.hosts(mit_realm, net, hosts=2, first=61, keytabs=keytabs) as started:
        yield started


@pytest.fixture(scope="session")
def samba_hosts(
    winhost_kit: None,  # noqa: ARG001  # it only skips
    samba_realm: adlabs.Realm,
    net: str,
) -> Iterator[list[kit.Winhost]]:
    """Start real PowerShell behind the first name of Samba's domain; it takes channel bindings that fit alone."""
    with adlabs.hosts(samba_realm, net, "--cbt", "strict", hosts=1, first=71) as started:
        yield started


@pytest.fixture(scope="session")
def winhosts(winhost_kit: None, net: str, quiet: QuietNetwork) -> Iterator[list[kit.Winhost]]:  # noqa: ARG001  # it only skips
    """Two real hosts with registries of their own, in the invariant culture, on the quiet network."""
    with contextlib.ExitStack() as stack:
        with quiet.inside():
            hosts = stack.enter_context(kit.start(net, hosts=2))
        yield hosts
