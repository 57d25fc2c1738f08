"""Hosts behind a SOCKS5 proxy or an SSH jump host: how they are reached,
and what is said where they are not.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from inventory.model import Host
from inventory.schema.via import parse_via
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.trouble import ViaTrouble
from orchestrator.remote.net.via.ssh import JumpHost
from orchestrator.remote.session import Logon, Reply, Transport
from orchestrator.remote.transports import transport as made_by
from tests.remote.net.via.far import SILENT, Jump, SocksServer
from tests.remote.wired import LOGON, WIRE, ask, fleet_of, plain, raw_server, run, script, simulated

BOTH_WIRES = True
PASSWORDS = {"jump": Logon(username="ops", password="s3cret"), "wrong": Logon(username="ops", password="no")}


async def no_lookup(name: str) -> Sequence[str]:
    """Stand in for DNS: nothing is to be looked up here."""
    raise AssertionError(f"{name} was looked up")


@contextlib.asynccontextmanager
async def reaching() -> AsyncIterator[Transport]:
    """Make the transport of a run that has logons for proxies and jump hosts."""
    made = made_by(WIRE.get(), jobs=4, resolver=no_lookup, via_logons=PASSWORDS.__getitem__)
    try:
        yield made
    finally:
        await made.aclose()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home for the user, without an SSH agent."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return tmp_path


async def outcome(
    made: Transport, via: str, credential: str | None = None, port: int = 5985
) -> Fault | Reply:
    """Try one host behind `via`."""
    session = made.session(
        plain(port, address="web1.site", via=via, via_credential=credential), LOGON, deadline=5.0
    )
    try:
        return await session.run(script(), {})
    except Fault as fault:
        return fault
    finally:
        await session.close()


def named(host: Host, via: str, credential: str | None = None, **more: object) -> Host:
    """Return a host as it is called at a far end."""
    return replace(host, via=via, via_credential=credential, **more)  # type: ignore[arg-type]


def machine(found: object) -> str:
    """Return the computer's name that answered."""
    assert isinstance(found, tuple), found
    return str(found[0].identity.computer)


@pytest.mark.parametrize("transport", ["http", "https"])
def test_a_name_is_given_to_the_proxy_and_looked_up_nowhere_else(tmp_path: Path, transport: str) -> None:
    """The proxy gets the name as it is, and what comes back is the host's own answer, over TLS too."""

    async def body() -> tuple[str, list[tuple[str, int]], list[int]]:
        async with fleet_of(tmp_path, simulated("web1", transport=transport)) as (fleet, (host,)):
            table = {("web1", 5985): ("127.0.0.1", fleet.host("web1").port)}
            async with SocksServer(table).serving() as proxy, reaching() as made:
                found = await ask(made, named(host, proxy.url, address="web1", port=5985))
                return machine(found), proxy.asked, proxy.kinds

    found, asked, kinds = run(body())
    assert (found, set(asked), set(kinds)) == ("WEB1", {("web1", 5985)}, {3})


@pytest.mark.parametrize("transport", ["http", "https"])
def test_a_jump_host_gives_one_channel_a_host_over_one_connection(tmp_path: Path, transport: str) -> None:
    """Several hosts behind one jump host share its connection and its logon."""

    async def body() -> tuple[list[str], int, list[tuple[str, str]]]:
        hosts = [simulated(name, transport=transport) for name in ("web1", "web2")]
        async with fleet_of(tmp_path, *hosts) as (_, found), Jump().serving() as jump, reaching() as made:
            jump.known(tmp_path)
            answers = [machine(await ask(made, named(host, jump.url, "jump"))) for host in found]
            return answers, len(jump.connections), jump.logons

    assert run(body()) == (["WEB1", "WEB2"], 1, [("ops", "s3cret")])


def test_one_address_behind_two_ways_is_two_hosts(tmp_path: Path) -> None:
    """What answers at 10.0.0.5 behind each proxy and jump host is that network's host."""

    async def body() -> list[str]:
        hosts = [simulated(name, transport="http") for name in ("web1", "web2")]
        async with fleet_of(tmp_path, *hosts) as (fleet, (one, other)), reaching() as made:
            here = ("10.0.0.5", 5985)
            first, second = ({here: ("127.0.0.1", fleet.host(name).port)} for name in ("web1", "web2"))
            async with SocksServer(first).serving() as proxy, Jump(second).serving() as jump:
                jump.known(tmp_path)
                by_proxy = named(one, proxy.url, address=here[0], port=here[1])
                by_jump = named(other, jump.url, "jump", address=here[0], port=here[1])
                return [machine(await ask(made, host)) for host in (by_proxy, by_jump)]

    assert run(body()) == ["WEB1", "WEB2"]


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (1, Cause.VIA_REFUSED),
        (2, Cause.VIA_NOT_ALLOWED),
        (3, Cause.VIA_HOST_UNREACHABLE),
        (4, Cause.VIA_HOST_UNREACHABLE),
        (5, Cause.VIA_HOST_REFUSED),
        (8, Cause.VIA_REFUSED),
    ],
)
def test_each_refusal_of_a_proxy_is_a_cause_of_its_own(reply: int, cause: Cause) -> None:
    """SOCKS tells by a number what is in the way; the detail names the proxy."""

    async def body() -> Fault | Reply:
        async with SocksServer({("web1.site", 5985): reply}).serving() as proxy, reaching() as made:
            return await outcome(made, proxy.url)

    found = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, found.phase) == (cause, "connect")
    assert f"SOCKS reply {reply}" in found.detail
    assert "socks5h://127.0.0.1:" in found.detail
    assert found.advice
    assert "{" not in found.advice


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (1, Cause.VIA_NOT_ALLOWED),
        (2, Cause.VIA_HOST_UNREACHABLE),
        (3, Cause.VIA_REFUSED),
        (4, Cause.VIA_REFUSED),
    ],
)
def test_each_refusal_of_a_channel_is_a_cause_of_its_own(tmp_path: Path, code: int, cause: Cause) -> None:
    """SSH tells by a number why it opens no channel; the next host's channel is not touched by it."""

    async def body() -> Fault | Reply:
        async with Jump({("web1.site", 5985): code}).serving() as jump, reaching() as made:
            jump.known(tmp_path)
            return await outcome(made, jump.url, "jump")

    found = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, f"code {code}" in found.detail) == (cause, True)


def test_a_jump_host_that_nobody_knows_is_refused_before_a_logon(tmp_path: Path) -> None:
    """Its fingerprint is told, no name and no password was sent,
    and every host behind it ends the same way.
    """

    async def body() -> tuple[Fault | Reply, Fault | Reply, Jump]:
        async with Jump().serving() as jump, reaching() as made:
            return await outcome(made, jump.url, "jump"), await outcome(made, jump.url, "jump"), jump

    one, other, jump = run(body())
    assert isinstance(one, Fault)
    assert isinstance(other, Fault)
    assert [one.cause, other.cause] == [Cause.VIA_KEY_UNKNOWN] * 2
    assert jump.key.get_fingerprint() in one.detail
    assert (len(jump.connections), jump.users) == (1, [])
    assert not (tmp_path / ".ssh").exists()


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_jump_host_with_another_key_than_before_is_told_from_a_new_one(tmp_path: Path, kind: str) -> None:
    """A changed key, of the same kind or of another, is no unknown one: somebody may sit in between."""

    async def body() -> tuple[Fault | Reply, list[str]]:
        async with Jump().serving() as jump, reaching() as made:
            jump.known(tmp_path, key=asyncssh.generate_private_key(kind))
            return await outcome(made, jump.url, "jump"), jump.users

    found, users = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, users) == (Cause.VIA_KEY_CHANGED, [])
    assert "ssh-keygen -R '[127.0.0.1]:" in found.advice


@pytest.mark.parametrize("scheme", ["ssh", "socks"])
def test_a_refused_password_is_tried_once_a_run(tmp_path: Path, scheme: str) -> None:
    """However many hosts lie behind it, a wrong password counts once there."""

    async def body() -> tuple[list[Cause], list[tuple[str, str]]]:
        async with Jump().serving() as jump, SocksServer(account=("ops", "s3cret")).serving() as proxy:
            jump.known(tmp_path)
            far = jump if scheme == "ssh" else proxy
            async with reaching() as made:
                found = [await outcome(made, far.url, "wrong") for _ in range(3)]
            return [fault.cause for fault in found if isinstance(fault, Fault)], far.logons

    assert run(body()) == ([Cause.VIA_LOGON_REFUSED] * 3, [("ops", "no")])


def test_a_proxy_takes_the_logon_that_is_named(tmp_path: Path) -> None:
    """`via_credential` is shown to the proxy, and a host behind it answers."""

    async def body() -> tuple[str, set[tuple[str, str]]]:
        web1, server = simulated("web1", transport="http"), SocksServer(account=("ops", "s3cret"))
        async with fleet_of(tmp_path, web1) as (_, (host,)), server.serving() as proxy, reaching() as made:
            return machine(await ask(made, named(host, proxy.url, "jump"))), set(proxy.logons)

    assert run(body()) == ("WEB1", {("ops", "s3cret")})


def test_a_key_of_the_user_opens_a_jump_host(tmp_path: Path) -> None:
    """Without `via_credential` the user's own key that needs no passphrase is shown; nothing is asked for."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / ".ssh").mkdir()
    key.write_private_key(str(tmp_path / ".ssh" / "id_ed25519"))

    async def body() -> tuple[str, list[tuple[str, str]]]:
        web1, keys = simulated("web1", transport="http"), key.export_public_key().decode()
        async with (
            fleet_of(tmp_path, web1) as (_, (host,)),
            Jump().serving(keys=keys) as jump,
            reaching() as made,
        ):
            jump.known(tmp_path)
            return machine(await ask(made, named(host, jump.url))), jump.logons

    assert run(body()) == ("WEB1", [])


@pytest.mark.parametrize("scheme", ["ssh", "socks5h"])
def test_a_way_that_does_not_answer_is_told_as_such(tmp_path: Path, scheme: str) -> None:
    """Nothing listens at the proxy's or jump host's port: the host itself is not blamed."""
    del tmp_path
    user = "ops@" if scheme == "ssh" else ""

    async def body() -> Fault | Reply:
        async with SocksServer().serving() as gone:
            port = gone.port
        async with reaching() as made:
            return await outcome(made, f"{scheme}://{user}127.0.0.1:{port}")

    found = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, "Is the host up" in found.advice) == (Cause.VIA_UNREACHABLE, False)


def test_a_proxy_that_says_yes_first_is_named_where_the_connection_ends_at_once() -> None:
    """Some say yes before they have tried: a lost connection is not blamed on the host alone then."""

    async def body() -> Fault | Reply:
        async with SocksServer().serving() as gone:
            port = gone.port
        table = {("web1.site", 5985): ("127.0.0.1", port)}
        async with SocksServer(table, yes_first=True).serving() as proxy, reaching() as made:
            return await outcome(made, proxy.url)

    found = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, "before they have tried" in found.advice) == (Cause.SESSION_LOST, True)


def test_a_proxy_that_ends_the_connection_without_a_reply_may_be_ssh() -> None:
    """`ssh -D` gives no reply where its server does not reach the host: that is what the user is told."""

    async def body() -> Fault | Reply:
        async with SocksServer({("web1.site", 5985): SILENT}).serving() as proxy, reaching() as made:
            return await outcome(made, proxy.url)

    found = run(body())
    assert isinstance(found, Fault)
    assert (found.cause, "`ssh -D` does so" in found.advice) == (Cause.VIA_HOST_UNREACHABLE, True)


def test_a_jump_host_that_says_nothing_is_not_taken_for_a_silent_host() -> None:
    """It lets us connect and never speaks SSH: the host behind it was not even asked for."""

    async def body(port: int) -> Cause:
        jump = JumpHost(parse_via(f"ssh://ops@127.0.0.1:{port}"), None, no_lookup)
        try:
            await jump.connect(plain(5985), 0.1)
        except ViaTrouble as trouble:
            return trouble.kind
        finally:
            await jump.close()
        raise AssertionError("it gave a way")

    with raw_server(lambda sock: (sock.recv(1000), sock.recv(1000))) as port:  # type: ignore[arg-type, return-value]
        assert run(body(port)) is Cause.VIA_UNREACHABLE


def test_a_jump_host_that_is_lost_is_connected_with_again(tmp_path: Path) -> None:
    """A connection that ended between two hosts is made anew for the second one."""

    async def body() -> tuple[list[str], int]:
        hosts = [simulated(name, transport="http") for name in ("web1", "web2")]
        async with (
            fleet_of(tmp_path, *hosts) as (_, (one, other)),
            Jump().serving() as jump,
            reaching() as made,
        ):
            jump.known(tmp_path)
            first = machine(await ask(made, named(one, jump.url, "jump")))
            jump.connections[0].close()
            await jump.connections[0].wait_closed()
            found = await ask(made, named(other, jump.url, "jump"))
            if isinstance(found, Fault):  # its end had not been heard of yet
                assert found.cause is Cause.VIA_REFUSED
                found = await ask(made, named(other, jump.url, "jump"))
            return [first, machine(found)], len(jump.connections)

    assert run(body()) == (["WEB1", "WEB2"], 2)
