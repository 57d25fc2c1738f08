"""What an inventory without a mistake comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.load import load
from inventory.model import Credential, Fleet, Origin, SecretRef, Waiver
from inventory.resolving.layers import Origins
from inventory.resolving.waivers import expired
from tests.inventory import texts

Load = Callable[[str], Fleet]


def test_a_host_gets_what_defaults_groups_and_its_own_lines_say(sample: Path) -> None:
    """The sample's first host: address and tags of its own, pin and site of its group,
    the rest from the defaults.
    """
    host = load(sample).hosts["web1"]
    got = (
        host.address,
        host.port,
        host.tags,
        host.site,
        dict(host.desired),
        host.timeout,
        host.groups,
        host.credential,
    )
    assert got == (
        "web1.corp.example",
        5986,
        ("web", "prod"),
        "paris",
        {"primary": 443, "backup": 443},
        60.0,
        ("paris",),
        "ops",
    )


def test_a_child_group_gives_its_parents_settings_on(sample: Path) -> None:
    """A host of a nested group is in the parent, too, and has the parent's pin;
    a CA path begins at the inventory.
    """
    host = load(sample).hosts["web2"]
    got = (host.groups, dict(host.desired), host.ca, host.tls_pin, host.repin)
    pins = {"primary": 443, "backup": 443}
    assert got == (("paris-dmz", "paris"), pins, sample.parent / "certs/dmz.pem", texts.PIN, "forbid")


def test_subnets_come_from_the_nearest_layer(load_text: Callable[[str], Fleet]) -> None:
    """A group's networks are its hosts', in one spelling; an empty list on a host takes them away."""
    hosts = load_text(
        "groups: {paris: {hosts: [a, b], subnets: ['2001:DB8::/32', 10.1.2.0/24, 10.9.9.9]}}\n"
        "hosts: {a: {}, b: {subnets: []}}"
    ).hosts
    assert [hosts[name].subnets for name in "ab"] == [("2001:db8::/32", "10.1.2.0/24", "10.9.9.9/32"), ()]


def test_the_name_is_the_address_where_there_is_none(sample: Path) -> None:
    """A host without an `address` is reached by its name."""
    assert load(sample).hosts["db7"].address == "db7"


def test_each_value_says_where_it_came_from(sample: Path) -> None:
    """Host, group, defaults and built-in values each carry their layer, file and line."""
    origins = load(sample).hosts["web1"].origins
    keys = ("address", "pin", "timeout", "configuration")
    assert [str(origins[key]) for key in keys] == [
        f"{sample}:23 (host web1)",
        f"{sample}:19 (group paris)",
        f"{sample}:14 (defaults)",
        "built in",
    ]


def test_values_stand_in_the_order_of_the_file(load_text: Callable[[str], Fleet]) -> None:
    """Two runs list a host's values alike, so that what was written of them can be compared."""
    text = "hosts: {a: {timeout: 9, site: paris, pin: 443, port: 5985, address: a1}}"
    own = ["timeout", "site", "pin", "port", "address"]
    assert [key for key in load_text(text).hosts["a"].origins if key in own] == own


def test_a_nearer_origin_hides_a_farther_one() -> None:
    """Of a key that both say the host's own origin counts, once; the keys of its surroundings come first."""
    near, far = Origin("host web1", "fleet.yaml", 3), Origin("defaults", "fleet.yaml", 1)
    found = Origins({"pin": far, "ca": far}, {"port": near, "pin": near})
    assert (list(found.items()), len(found)) == ([("pin", near), ("ca", far), ("port", near)], 3)


def test_groups_hold_their_childrens_hosts_in_the_files_order(sample: Path) -> None:
    """A parent group contains the hosts of its children, in the order of the file."""
    groups = load(sample).groups
    assert {name: list(hosts) for name, hosts in groups.items()} == {
        "paris-dmz": ["web2"],
        "paris": ["web1", "web2", "db7"],
    }


def test_a_fleet_knows_the_digest_of_its_file(sample: Path) -> None:
    """The digest is the SHA-256 of the file's bytes, so that a changed inventory is noticed."""
    assert load(sample).digest == hashlib.sha256(sample.read_bytes()).hexdigest()


def test_a_waiver_names_its_hosts(sample: Path) -> None:
    """A waiver's selection is resolved when the inventory is loaded."""
    waiver = Waiver(hosts=("db7",), verdict="drifted", reason="change 4711", until=date(2027, 1, 31), line=27)
    assert load(sample).waivers == (waiver,)


def test_a_waiver_expires_after_its_last_day(sample: Path) -> None:
    """On its last day a waiver still counts, on the next it is expired."""
    fleet = load(sample)
    days = (date(2027, 1, 31), date(2027, 2, 1))
    assert [len(expired(fleet, day)) for day in days] == [0, 1]


def test_a_credential_is_a_reference(sample: Path) -> None:
    """A credential holds where the password is, never the password."""
    reference = SecretRef(source="env", fields={"name": "FC_PASSWORD"})
    expected = Credential(name="ops", username="CORP\\svc-fleetcheck", password=reference)
    assert load(sample).credentials == {"ops": expected}


def test_the_port_follows_the_transport(load_text: Load) -> None:
    """Without a `port` https means 5986 and http 5985."""
    hosts = load_text("hosts: {web1: {transport: http}, web2: {}}").hosts
    assert [hosts["web1"].port, hosts["web2"].port] == [5985, 5986]


def test_a_null_pin_means_no_desired_pin(load_text: Load) -> None:
    """`pin: null` on a host takes away the pin of its group."""
    fleet = load_text("groups: {a: {hosts: [web1], pin: 443}}\nhosts: {web1: {pin: null}}")
    assert fleet.hosts["web1"].desired == {}


def test_a_nearer_mapping_replaces_a_farther_one_whole(load_text: Load) -> None:
    """A host that names one gateway has only that one: mappings are not mixed."""
    text = "groups: {a: {hosts: [web1], gateways: {primary: 10.0.0.1, backup: 10.0.0.2}}}\n"
    fleet = load_text(text + "hosts: {web1: {gateways: {backup: 10.0.0.3}}}")
    assert fleet.hosts["web1"].gateways == {"backup": "10.0.0.3"}


def test_a_pin_can_differ_by_role(load_text: Load) -> None:
    """A pin given as a mapping holds for the roles that it names."""
    assert load_text("hosts: {web1: {pin: {backup: 443}}}").hosts["web1"].desired == {"backup": 443}


def test_two_parents_give_their_settings_to_a_shared_child(load_text: Load) -> None:
    """A group that two groups name as a child gets the settings of both."""
    fleet = load_text("""
groups:
  paris: {site: paris, children: {dmz: }}
  new: {pin: 443, children: {dmz: }}
  dmz: {hosts: [web1]}
hosts: {web1: }
""")
    host = fleet.hosts["web1"]
    assert (host.site, dict(host.desired), host.groups) == (
        "paris",
        {"primary": 443, "backup": 443},
        ("dmz", "paris", "new"),
    )


def test_a_child_group_overrules_its_parent(load_text: Load) -> None:
    """A host that a group and its child both name takes the child's value."""
    fleet = load_text("""
groups:
  paris: {hosts: [web1], pin: 443, children: {dmz: {hosts: [web1], pin: 80}}}
hosts: {web1: }
""")
    assert fleet.hosts["web1"].desired == {"primary": 80, "backup": 80}


def test_a_host_settles_what_its_groups_disagree_about(load_text: Load) -> None:
    """Two groups may disagree about a host that says the key itself."""
    fleet = load_text("groups: {a: {hosts: [w], pin: 1}, b: {hosts: [w], pin: 2}}\nhosts: {w: {pin: 3}}")
    assert fleet.hosts["w"].desired == {"primary": 3, "backup": 3}


def test_a_child_group_settles_what_two_parents_disagree_about(load_text: Load) -> None:
    """Two parents may disagree where the child that they share decides."""
    fleet = load_text(
        "groups: {a: {pin: 1, children: {c: }}, b: {pin: 2, children: {c: }}, c: {pin: 3, hosts: "
        "[w]}}\nhosts: {w: }"
    )
    assert fleet.hosts["w"].desired == {"primary": 3, "backup": 3}


def test_groups_that_agree_do_not_quarrel(load_text: Load) -> None:
    """Two groups that say the same about a host are no mistake."""
    fleet = load_text("groups: {a: {hosts: [w], pin: 1}, b: {hosts: [w], pin: 1}}\nhosts: {w: }")
    assert fleet.hosts["w"].desired == {"primary": 1, "backup": 1}


def test_words_that_yaml_makes_booleans_of_are_names_here(load_text: Load) -> None:
    """A host called `no`, a site called `on` and a tag called `yes` stay what was written."""
    host = load_text("hosts: {no: {site: on, tags: [yes]}}").hosts["no"]
    assert (host.name, host.site, host.tags) == ("no", "on", ("yes",))


def test_a_fingerprint_may_be_written_with_colons(load_text: Load) -> None:
    """A TLS pin in openssl's spelling is kept in ours."""
    spelt = ":".join(["AB"] * 32)
    host = load_text(f"hosts: {{web1: {{tls_pin: 'SHA256:{spelt}'}}}}").hosts["web1"]
    assert host.tls_pin == texts.PIN


def test_an_alias_stands_for_what_it_names(load_text: Load) -> None:
    """YAML's anchors and aliases may be used."""
    fleet = load_text("hosts: {web1: {tags: &t [a, b]}, web2: {tags: *t}}")
    assert fleet.hosts["web2"].tags == ("a", "b")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file that Windows Notepad saved as UTF-8 loads."""
    path = tmp_path / "fleet.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (texts.HEAD + "hosts: {web1: }").encode())
    assert list(load(path).hosts) == ["web1"]


def test_what_looks_wrong_but_may_be_meant_is_a_remark(load_text: Load) -> None:
    """Kerberos to an IP address and a port of the other transport are said, once for all hosts,
    and are no mistakes.
    """
    fleet = load_text("""
hosts:
  web1: {address: 10.0.0.1, auth: kerberos}
  web2: {address: 10.0.0.2, auth: kerberos}
  web3: {port: 5985}
""")
    path = fleet.path
    assert fleet.remarks == (
        f"{path}:5: an IP address where Kerberos needs a name: `web1`, `web2`",
        f"{path}:7: `web3`: port 5985 with `transport: https`; by custom that port is for http",
    )


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (r"'CORP\\svc'", "has two backslashes in a row; outside of double quotes one is written once"),
        ("'CORP\\'", "names a domain alone"),
        ("'@corp.example'", "names a domain alone"),
        (".Administrator", "begins with a dot, and no backslash is behind it"),
        ("'svc '", "begins or ends with a blank"),
    ],
)
def test_a_user_whom_no_host_knows_is_a_remark(load_text: Load, user: str, said: str) -> None:
    """Whoever wrote it meant another, and every logon would be refused."""
    fleet = load_text(
        f"credentials: {{c: {{username: {user}, password: {{from: env, name: X}}}}}}\n"
        "defaults: {credential: c}\nhosts: {web1: , web2: {address: b}}\n"
    )
    words = f"the user of credential `c` {said}: every logon to `web1`, `web2` would be refused"
    assert [remark.partition(": ")[2] for remark in fleet.remarks] == [words]


@pytest.mark.parametrize("user", [r"'CORP\svc'", r".\Administrator", "svc@corp.example", "svc"])
def test_a_user_as_windows_writes_it_is_none(load_text: Load, user: str) -> None:
    """Of a domain, of the host itself, by UPN, or a name alone."""
    fleet = load_text(
        f"credentials: {{c: {{username: {user}, password: {{from: env, name: X}}}}}}\n"
        "defaults: {credential: c}\nhosts: {web1: }\n"
    )
    assert fleet.remarks == ()


@pytest.mark.parametrize("address", ["0.0.0.0", "'::'", "224.0.0.1", "255.255.255.255", "'ff02::1'"])  # noqa: S104
def test_an_address_of_many_or_of_none_is_a_mistake(load_text: Load, address: str) -> None:
    """To 0.0.0.0 this machine itself would answer."""
    with pytest.raises(InventoryError, match="is no address of a single host"):
        load_text(f"hosts: {{web1: {{address: {address}}}}}")


def test_kerberos_needs_no_credential(load_text: Load) -> None:
    """With Kerberos the ticket cache may serve, so a host without a credential is fine."""
    fleet = load_text("credentials: {}\nhosts: {web1: {auth: kerberos}}")
    assert fleet.hosts["web1"].credential is None


def test_a_host_may_have_an_own_profile(load_text: Load, tmp_path: Path) -> None:
    """A profile's path begins at the inventory's folder."""
    (tmp_path / "mine.yaml").write_text("extends: livevault\ntunnel: on-demand\n", encoding="utf-8")
    host = load_text("hosts: {web1: {profile: ./mine.yaml}}").hosts["web1"]
    assert (host.profile.name, host.profile.tunnel, len(host.profile.ports)) == ("mine", "on-demand", 16)


def test_the_profiles_canary_is_the_hosts(load_text: Load, tmp_path: Path) -> None:
    """A host without a canary address of its own has its profile's."""
    (tmp_path / "mine.yaml").write_text(
        "extends: livevault\ncanary_address: 203.0.113.99\n", encoding="utf-8"
    )
    hosts = load_text(
        "defaults: {credential: ops, profile: mine.yaml}\ncredentials: {ops: {username: a, password: "
        "{from: prompt}}}\nhosts: {w: , x: {canary_address: 203.0.113.98}}"
    ).hosts
    assert [hosts[name].canary_address for name in "wx"] == ["203.0.113.99", "203.0.113.98"]
