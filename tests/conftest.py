"""What every part's tests share: loopback addresses of their own,
and real PowerShell hosts where the kit is there.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion import rewrite
from hypothesis import settings

from tests import adlabs
from tests import winhosts as kit
from tests.layers import layer_of, watched
from tests.quiet import QuietNetwork

# A job in the background of a shell ignores Ctrl-C, one under nohup the end of its terminal, and so would all
# that the tests start.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on how fast a machine is: an example may take its time.
settings.register_profile("fleetcheck", deadline=None)
settings.load_profile("fleetcheck")

# Fixtures that stand for real hosts on the quiet network; a test that asks for one runs there too.
QUIET = {"winhosts", "foreign"}
HERE = Path(__file__).parent

# Programs that tests start would compile fleetcheck anew each time, a seventh of what a command takes; each
# worker would give all tests their asserts, 10 s of a core.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Give a whole run two workers for each core: whoever has brokers, realms and real hosts mostly waits.

    A part runs in this process, which is quicker, unless -n says else.
    """
    option = config.option
    is_worker = hasattr(config, "workerinput")
    if config.pluginmanager.hasplugin("xdist") and option.numprocesses is None:
        option.numprocesses = 2 * (os.cpu_count() or 1) if _is_whole(config) and not is_worker else None


def _is_whole(config: pytest.Config) -> bool:
    """Whether all tests are to run."""
    named = any(Path(arg).resolve() in {config.rootpath, HERE} for arg in config.args)
    return named and not (config.option.keyword or config.option.markexpr)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test with its layer, before `-m` chooses; keep together what shares something dear."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        path = item.path.relative_to(config.rootpath)
        layer = layer_of(path, getattr(item, "fixturenames", ()), marks)
        if layer not in marks:
            item.add_marker(layer)
        if config.pluginmanager.hasplugin("xdist") and (group := _group(item, layer)):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item, layer: str) -> str | None:
    """Return which tests share a worker with this one, beside what it says itself; None: those that it says.

    A domain controller takes 8 s: one worker has them all. Two real hosts take 4 s of a core and 180 MB, so a
    module of theirs may have its own, or a long one would keep a worker busy when all others have ended. What
    a module makes once would be made once a worker, if its tests were spread over all.
    """
    if layer == "adlab":
        return layer
    if layer == "winhost":
        named = getattr(item, "fixturenames", ())
        alike = ["third_winhost"] if "third_winhost" in named else []
        alike += [item.callspec.params["foreign"]] if "foreign" in named else []  # type: ignore[attr-defined]
        return " ".join([layer, *alike]) if alike else f"{layer} {item.path.stem}"
    if item.get_closest_marker("xdist_group") is not None:
        return None
    # What pytest knows of a test's fixtures has no public name.
    known = getattr(item, "_fixtureinfo", None)
    found = known.name2fixturedefs.values() if known is not None else ()
    return item.nodeid.partition("::")[0] if any(each[-1].scope == "module" for each in found) else None


def _rewrite_a_share(config: pytest.Config) -> None:
    """Give this worker's share of the tests their asserts, and keep what comes out for all workers.

    Each reads all of them, at the same pace: in a fresh clone every one would do the work for itself, half of
    what collecting takes. Pytest has no public name for it.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or not _is_whole(config):
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(HERE.rglob("test_*.py"))[number::count]:
        kept = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite._read_pyc(path, kept) is None and rewrite.try_makedirs(kept.parent):
            stat, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, stat, kept)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect no garbage while tests are collected, a quarter of that time, nor look at them again later.

    They are 8,000, and stay to the end.
    """
    gc.disable()
    _rewrite_a_share(session.config)
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def pure_is_pure(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test of the pure layer that opens a socket or a database, or starts a program."""
    if request.node.get_closest_marker("pure") is None:
        yield
        return
    with watched() as seen:
        yield
    assert seen == [], "not pure: mark it with the layer that it belongs to (tests/layers.py)"


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
    """Start real PowerShell behind the first name of Samba's domain;
    it takes channel bindings that fit alone.
    """
    with adlabs.hosts(samba_realm, net, "--cbt", "strict", hosts=1, first=71) as started:
        yield started


@pytest.fixture(scope="session")
def winhosts(winhost_kit: None, net: str, quiet: QuietNetwork) -> Iterator[list[kit.Winhost]]:  # noqa: ARG001  # it only skips
    """Two real hosts with registries of their own, in the invariant culture, on the quiet network."""
    with contextlib.ExitStack() as stack:
        with quiet.inside():
            hosts = stack.enter_context(kit.start(net, hosts=2, warm=2))
        yield hosts
