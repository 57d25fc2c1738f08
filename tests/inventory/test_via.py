"""How hosts behind proxies and jump hosts are described, and who a host is by that."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.explain import explain
from inventory.load import load
from inventory.resolving import reachchecks
from inventory.schema.via import Via, network, parse_via

FLEET = """\
credentials:
  ops: {username: svc, password: {from: env, name: FC_PASSWORD}}
  jump: {username: ops, password: {from: env, name: FC_JUMP}}
defaults: {credential: ops, via: "socks5h://127.0.0.1"}
groups:
  one: {hosts: [a, b], via: "ssh://ops@One.Site", via_credential: jump}
hosts:
  a: {address: 10.0.0.5}
  b: {address: 10.0.0.5, via: "ssh://ops@two.site:2222"}
  c: {address: 10.0.0.5}
  d: {address: 10.0.0.5, via: null}
"""


def written(folder: Path, text: str = FLEET) -> Path:
    """Write an inventory."""
    path = folder / "fleet.yaml"
    path.write_text(text)
    return path


def test_a_via_holds_for_a_group_and_a_host_may_have_another_or_none(tmp_path: Path) -> None:
    """It is inherited as every setting is, in one spelling; the same address by four ways is four hosts."""
    hosts = load(written(tmp_path)).hosts
    assert [(host.via, host.via_credential) for host in hosts.values()] == [
        ("ssh://ops@one.site:22", "jump"),
        ("ssh://ops@two.site:2222", "jump"),
        ("socks5h://127.0.0.1:1080", None),
        (None, None),
    ]
    shown = {item.key: f"{item.value} {item.origin.layer}" for item in explain(hosts["a"])}
    assert (shown["via"], shown["via_credential"]) == ("ssh://ops@one.site:22 group one", "jump group one")


def test_a_missing_package_is_a_mistake_of_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told before the first host, once for each kind of way, with the command that mends it."""
    monkeypatch.setattr(reachchecks, "is_there", lambda _: False)
    with pytest.raises(InventoryError) as caught:
        load(written(tmp_path))
    said = [problem.message for problem in caught.value.problems]
    need = "needs the package {0}, which is not installed: pip install 'fleetcheck[{1}]'"
    assert said == [
        f"`via: socks5h://...` (`c`) {need.format('python-socks', 'socks')}",
        f"`via: ssh://...` (`a`, `b`) {need.format('asyncssh', 'ssh')}",
    ]


@pytest.mark.parametrize(
    ("text", "spelt", "lies_in"),
    [
        ("SOCKS5H://Proxy.Site./", "socks5h://proxy.site:1080", "socks5h://proxy.site:1080"),
        ("ssh://CORP\\ops@[2001:DB8::0:1]", "ssh://CORP\\ops@[2001:db8::1]:22", "ssh://[2001:db8::1]:22"),
        ("ssh://ops@corp@jump", "ssh://ops@corp@jump:22", "ssh://jump:22"),
    ],
)
def test_two_spellings_of_a_way_are_one(text: str, spelt: str, lies_in: str) -> None:
    """Case, a dot or slash at the end and the usual port make no difference,
    nor does the user to the network.
    """
    assert (str(parse_via(text)), network(text)) == (spelt, lies_in)


@given(st.text(max_size=60) | st.from_regex(r"(ssh|socks5h)://[a-z@:\[\]/.?#0-9]{0,20}", fullmatch=True))
def test_whatever_is_written_is_a_way_or_a_mistake(text: str) -> None:
    """What is taken reads back as the same, and nothing else is raised than words for the user."""
    with contextlib.suppress(ValueError):
        found = parse_via(text)
        assert parse_via(str(found)) == found


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=8))
def test_no_message_repeats_a_password(secret: str) -> None:
    """Whatever else is wrong with it."""
    for text in (
        f"ssh://ops:{secret}x9@",
        f"http://ops:{secret}x9@h",
        f"ops:{secret}x9@jump",
        f"ssh//o:{secret}x9@h",
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - any words, but those
            parse_via(text)
        assert f"{secret}x9" not in str(caught.value)


def test_a_user_is_no_part_of_the_network() -> None:
    """Two users of one jump host reach the same hosts."""
    one, other = (Via("ssh", "jump.site", 22, user) for user in ("a", "b"))
    assert (one.network == other.network, str(one) == str(other)) == (True, False)
