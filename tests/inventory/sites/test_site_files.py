"""The hub's file and a worker's: what is wrong in them is told with its line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.sites.files import Allowed, load_hub, load_worker
from inventory.sites.starter import hub_starter, worker_starter

URL = "amqps://fc-berlin@hub.corp.example/fleetcheck"
HUB = "ed25519:" + "A" * 43 + "="


def _worker(tmp_path: Path, text: str) -> str:
    """Return the mistakes of a worker's file, without the file's name."""
    file = tmp_path / "berlin.yaml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InventoryError) as found:
        load_worker(file)
    return str(found.value).replace(str(file), "berlin.yaml")


def test_the_starters_load_as_they_are(tmp_path: Path) -> None:
    """What `hub init` and `worker init` write has no mistake."""
    hub, worker = tmp_path / "hub.yaml", tmp_path / "berlin.yaml"
    hub.write_text(hub_starter(URL))
    worker.write_text(worker_starter("berlin", URL, "berlin.key", HUB))
    for file in (hub, worker):
        file.chmod(0o600)
    assert load_hub(hub).broker.place.port == 5671
    found = load_worker(worker)
    assert (found.site, found.jobs, set(found.credentials), set(found.allow)) == (
        "berlin",
        50,
        {"ops"},
        {"ops"},
    )
    assert found.key == tmp_path / "berlin.key"


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """A password in the URL, a prompt, a ticket, a credential without hosts, hosts without a credential."""
    text = f"""site: berlin
broker: amqp://user:sesame@hub/v
key: k
hub: {HUB}
jobs: 0
credentials:
  a: {{username: u, password: {{from: prompt}}}}
  b: {{from: ccache}}
allow:
  a: {{hosts: []}}
  c: {{hosts: ["*"], logons: [telnet]}}
"""
    said = _worker(tmp_path, text)
    assert "sesame" not in said
    assert "berlin.yaml:2: `broker`: a password does not belong here" in said
    assert "berlin.yaml:5: `jobs`" in said
    assert "berlin.yaml:10: `allow.a.hosts`" in said
    assert "berlin.yaml:11: `allow.c.logons.1`" in said


def test_what_needs_more_than_one_key_is_told_too(tmp_path: Path) -> None:
    """A prompt nobody answers, a ticket of nobody, and a credential that is for no hosts."""
    said = _worker(
        tmp_path,
        f"""site: berlin
broker: {URL}
key: k
hub: {HUB}
credentials:
  a: {{username: u, password: {{from: prompt}}}}
  b: {{from: ccache}}
allow:
  a: {{hosts: [10.0.0.0/8]}}
  c: {{hosts: ["*"]}}
""",
    )
    assert "berlin.yaml:6: credential `a`: `from: prompt` cannot be answered at a site" in said
    assert "berlin.yaml:7: credential `b`: nobody is logged on at a site" in said
    assert "berlin.yaml:7: credential `b`: `allow` does not say which hosts it may be used for" in said
    assert "berlin.yaml:10: `allow.c`: there is no credential `c`" in said


@pytest.mark.parametrize(
    ("reference", "fields"),
    [
        ("{from: keyring, service: rabbit}", {"service": "rabbit", "username": "fc-berlin"}),
        ("{from: keyring, service: rabbit, username: u}", {"service": "rabbit", "username": "u"}),
        ("{from: prompt}", {"text": "Password of fc-berlin (credential broker_password)"}),
    ],
)
def test_a_brokers_secret_is_read_as_a_credentials(
    tmp_path: Path, reference: str, fields: dict[str, str]
) -> None:
    """What is not said is the user's of the URL."""
    file = tmp_path / "hub.yaml"
    file.write_text(f"broker: {URL}\nbroker_password: {reference}\n")
    file.chmod(0o600)
    password = load_hub(file).broker.password
    assert password is not None
    assert dict(password.fields) == fields


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("10.1.0.0/33", "`10.1.0.0/33` is not a network such as 10.1.0.0/16"),
        ("10.1.2.3/8", "`10.1.2.3/8` has bits beyond its length: the network is 10.0.0.0/8"),
        ("2001:db8::/129", "`2001:db8::/129` is not a network"),
        ("10.1.*", "`10.1.*` fits names, and no address; write a network, such as 10.1.0.0/16"),
        ("10.1.2.10-20", "`10.1.2.10-20` fits names, and no address"),
        ("10.1.2.?", "`10.1.2.?` fits names, and no address"),
        ("berlin/24", "`berlin/24` is not a network such as 10.1.0.0/16, and no name has a `/` in it"),
        ("[2001:db8::1]", "write the IPv6 address without brackets"),
        ("db7:5986", "`db7:5986` has a port in it"),
        ("https://db7", "`https://db7` is a URL"),
        ("db[1-9]", "`db[1-9]` is not a host name, IPv4 or IPv6 address"),
        ("db*, web*", "`db*, web*` is not a network, nor a host name in which `*` and `?` stand for signs"),
        ("10.1.2.300", "`10.1.2.300` is not an IPv4 address"),
    ],
)
def test_what_can_fit_no_host_is_told(tmp_path: Path, pattern: str, said: str) -> None:
    """It would let nothing through, and its writer would look for the fault elsewhere."""
    text = worker_starter("berlin", URL, "berlin.key", HUB).replace('"*.corp.example"', f'"{pattern}"')
    line = text[: text.index(pattern)].count("\n") + 1
    assert f"berlin.yaml:{line}: `allow.ops.hosts.2`: {said}" in _worker(tmp_path, text)


@pytest.mark.parametrize(
    "pattern", ["*", "0.0.0.0/0", "10.1.2.3", "2001:db8::/32", "DB?.corp.example", "7*", "db7", "web-*.*"]
)
def test_what_fits_hosts_is_taken(tmp_path: Path, pattern: str) -> None:
    """Networks of any length, single addresses and names."""
    file = tmp_path / "berlin.yaml"
    file.write_text(worker_starter("berlin", URL, "b.key", HUB).replace('"*.corp.example"', f'"{pattern}"'))
    file.chmod(0o600)
    assert load_worker(file).allow["ops"].hosts[1] == pattern.casefold()


def test_a_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """Who can write it decides where passwords go."""
    file = tmp_path / "berlin.yaml"
    file.write_text(worker_starter("berlin", URL, "berlin.key", HUB))
    file.chmod(0o666)
    with pytest.raises(InventoryError, match="others can write it"):
        load_worker(file)


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("DB7.Berlin.corp.example", True),
        ("db7.paris.corp.example", False),
        ("2001:db8:1::7", True),
        ("2001:db8:2::7", False),
    ],
)
def test_a_credential_is_for_the_hosts_that_are_named(address: str, covered: bool) -> None:
    """Networks for addresses, names with * for names, in any case."""
    allowed = Allowed(hosts=("10.1.0.0/16", "2001:db8:1::/48", "*.berlin.corp.example"))
    assert allowed.covers(address) is covered
