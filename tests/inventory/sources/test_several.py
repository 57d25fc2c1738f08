"""Several files as one inventory: what adds up, what is each file's own, and what cannot both be meant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.load import load
from inventory.model import Fleet
from inventory.selection.select import select
from inventory.sources.load import load_all
from inventory.sources.source import STDIN, Source, files

LOGON = "credentials: {ops: {username: ops, password: {from: env, name: FC}}}\n"
PARIS = (
    LOGON + "defaults: {credential: ops, auth: ntlm, port: 5986, gateways: {primary: gw1}}\n"
    "groups: {web: {site: paris, hosts: [web1]}}\nhosts: {web1: {address: 10.0.0.1}, db1: {}}\n"
)
LYON = (
    "defaults: {credential: ops, auth: ntlm, port: 6000, gateways: {primary: gw2}}\n"
    "groups: {web: {hosts: [web2]}}\nhosts: {web2: {}}\n"
)
Load = Callable[..., Fleet]


@pytest.fixture
def several(tmp_path: Path) -> Load:
    """Write texts as a.yaml, b.yaml, ... each in a folder of its own, and load them as one."""

    def of(*texts: str) -> Fleet:
        paths = []
        for name, text in zip("abcdef", texts, strict=False):
            (tmp_path / name).mkdir(exist_ok=True)
            path = tmp_path / name / f"{name}.yaml"
            path.write_text(text, "utf-8")
            paths.append(path)
        return load_all(files(*paths))

    return of


def said(load_them: Load, tmp_path: Path, *texts: str) -> list[str]:
    """Return what is wrong with files, without the folder that all are in."""
    with pytest.raises(InventoryError) as caught:
        load_them(*texts)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_hosts_come_in_the_files_order(several: Load) -> None:
    """And a selection goes over all of them."""
    fleet = several(PARIS, LYON)
    assert list(fleet.hosts) == ["web1", "db1", "web2"]
    assert [host.name for host in select(fleet, "web*", stdin=None)] == ["web1", "web2"]
    assert [(file.path.name, file.hosts) for file in fleet.inventories] == [("a.yaml", 2), ("b.yaml", 1)]


def test_defaults_hold_for_their_own_file(several: Load) -> None:
    """Each file was written by somebody who knows its hosts alone."""
    fleet = several(PARIS, LYON)
    assert [(host.port, host.gateways["primary"]) for host in fleet.hosts.values()] == [
        (5986, "gw1"),
        (5986, "gw1"),
        (6000, "gw2"),
    ]


def test_what_files_say_of_a_group_adds_up(several: Load) -> None:
    """Its hosts, its settings and its children; a host of one file may stand in a group of the other."""
    safe = "groups: {web: {repin: forbid, children: {old: }}, old: {hosts: [db1]}}\n"
    fleet = several(PARIS, LYON, safe)
    assert dict(fleet.groups) == {"web": ("web1", "db1", "web2"), "old": ("db1",)}
    assert {host.repin for host in fleet.hosts.values()} == {"forbid"}
    assert {host.site for host in fleet.hosts.values()} == {"paris"}


def test_a_credential_is_described_once_for_all(several: Load) -> None:
    """A file of credentials alone is fine beside one with hosts."""
    fleet = several(LYON, LOGON)
    assert fleet.hosts["web2"].credential == "ops"
    assert fleet.credentials["ops"].file.name == "b.yaml"


def test_origins_name_the_file(several: Load, tmp_path: Path) -> None:
    """And its own line."""
    host = several(PARIS, LYON).hosts["web2"]
    origins = {key: str(origin).replace(f"{tmp_path}/", "") for key, origin in host.origins.items()}
    assert origins["port"] == "b/b.yaml:1 (defaults)"
    assert origins["site"] == "a/a.yaml:3 (group web)"
    assert origins["address"] == "b/b.yaml:3 (host web2)"


def test_paths_begin_at_their_own_file(several: Load, tmp_path: Path) -> None:
    """Profiles, secret files and CA files."""
    for name, title in (("a", "first"), ("b", "second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.yaml").write_text(f"extends: livevault\ntitle: {title}\n")
    text = (
        "defaults: {{credential: {0}, auth: ntlm, gateways: {{primary: gw}}, profile: ./mine.yaml}}\n"
        "hosts: {{{0}: {{}}}}\n"
    )
    secret = "credentials: {{{0}: {{username: x, password: {{from: file, path: secret}}}}}}\n"
    fleet = several(*((secret + text).format(name) for name in ("one", "two")))
    assert [host.profile.title for host in fleet.hosts.values()] == ["first", "second"]
    assert [one.file.parent.name for one in fleet.credentials.values()] == ["a", "b"]


def test_the_same_said_twice_is_no_mistake(several: Load) -> None:
    """A host, a credential and a group that two files describe alike."""
    fleet = several(PARIS, PARIS)
    assert list(fleet.hosts) == ["web1", "db1"]
    assert fleet.hosts == several(PARIS).hosts


def test_a_host_that_two_files_describe_differently_is_a_mistake(several: Load, tmp_path: Path) -> None:
    """Both lines are named, and what differs; the defaults of its file are part of what a host is."""
    other = LYON.replace("{web2: {}}", "{web2: {}, db1: {site: lyon}}")
    assert said(several, tmp_path, PARIS, other) == [
        (
            "b/b.yaml:3: host `db1` is another one here than in a/a.yaml:4: `port` 6000 and 5986; `gateways` "
            "primary gw2 and primary gw1; `site` lyon and none; leave it out of one of the files, or say the "
            "same in both"
        )
    ]


def test_a_credential_that_two_files_describe_differently_is_a_mistake(several: Load, tmp_path: Path) -> None:
    """Both lines; neither user nor secret is shown."""
    other = LOGON.replace("FC", "OTHER")
    assert said(several, tmp_path, PARIS, LYON + other) == [
        "b/b.yaml:4: credential `ops` is another one here than in a/a.yaml:1; leave one of them out"
    ]


def test_a_secret_file_of_another_folder_is_another_secret(several: Load, tmp_path: Path) -> None:
    """The words are the same, and the file is not."""
    by_file = "credentials: {ops: {username: ops, password: {from: file, path: secret}}}\n"
    paris = PARIS.replace(LOGON, by_file)
    assert said(several, tmp_path, paris, by_file + LYON) == [
        "b/b.yaml:1: credential `ops` is another one here than in a/a.yaml:1; leave one of them out"
    ]


def test_a_groups_value_that_two_files_give_differently_is_a_mistake(several: Load, tmp_path: Path) -> None:
    """Both lines."""
    other = LYON.replace("{hosts: [web2]}", "{hosts: [web2], site: lyon}")
    assert said(several, tmp_path, PARIS, other) == [
        "b/b.yaml:2: group `web` has another `site` here than in a/a.yaml:3; say it in one of the files"
    ]


def test_one_address_in_two_files_is_a_mistake(several: Load, tmp_path: Path) -> None:
    """As in one file; the first host is named with its file."""
    other = LYON.replace("{web2: {}}", "{web2: {address: 10.0.0.1, port: 5986}}")
    (found,) = said(several, tmp_path, PARIS, other)
    assert found.startswith(
        "b/b.yaml:3: host `web2` has the address and port of host `web1` (a/a.yaml:4): 10.0.0.1 port 5986"
    )


def test_names_that_differ_in_case_alone_are_a_mistake(several: Load, tmp_path: Path) -> None:
    """In two files as in one."""
    (found,) = said(several, tmp_path, PARIS, LYON.replace("web2", "DB1"))
    assert found.startswith("b/b.yaml:3: the hosts `db1` (a/a.yaml:4) and `DB1` differ in case alone")


def test_all_mistakes_of_all_files_are_told_at_once(several: Load, tmp_path: Path) -> None:
    """Those of the schema, of YAML and of what hangs together."""
    wrong = ("hosts: {web1: {prot: 1}}", "hosts: [", "nonsense", "hosts: {}\nfleet: 3", "defaults: {port: x}")
    found = said(several, tmp_path, *wrong)
    assert [line.split(": ")[0] for line in found] == [
        "a/a.yaml:1",
        "b/b.yaml:2",
        "c/c.yaml:1",
        "d/d.yaml:2",
        "e/e.yaml:1",
    ]


def test_a_waiver_is_for_the_hosts_of_its_own_file(several: Load) -> None:
    """`all` in one file waives nothing in the other; a file without hosts speaks of all of them."""
    waiver = "waivers: [{hosts: all, verdict: drifted, reason: x, until: 2099-01-01}]\n"
    assert several(PARIS, LYON + waiver).waivers[0].hosts == ("web2",)
    (alone,) = several(PARIS, LYON, waiver).waivers
    assert (alone.hosts, alone.file.name, alone.line) == (("web1", "db1", "web2"), "c.yaml", 1)


def test_two_names_of_the_fleet_are_a_mistake(several: Load, tmp_path: Path) -> None:
    """One of them is fine."""
    assert several("fleet: emea\n" + PARIS, LYON).name == "emea"
    assert said(several, tmp_path, "fleet: emea\n" + PARIS, "fleet: us\n" + LYON) == [
        "b/b.yaml:1: `fleet` has another name here than in a/a.yaml:1; say it in one of the files"
    ]


def test_the_digest_of_one_file_is_its_own_and_of_several_changes_with_each(
    several: Load, tmp_path: Path
) -> None:
    """Scans and plans keep it."""
    alone = several(PARIS)
    assert alone.digest == hashlib.sha256(PARIS.encode()).hexdigest() == load(tmp_path / "a/a.yaml").digest
    both = several(PARIS, LYON)
    parts = "\n".join(file.digest for file in both.inventories)
    assert both.digest == hashlib.sha256(parts.encode()).hexdigest()
    assert several(PARIS, LYON + "# more\n").digest != both.digest


def test_a_file_named_twice_is_a_mistake(tmp_path: Path) -> None:
    """Its hosts would count once; more likely another file was meant."""
    (tmp_path / "a.yaml").write_text(PARIS)
    with pytest.raises(InventoryError, match="this inventory is named twice; name it once"):
        load_all(files(tmp_path / "a.yaml", tmp_path / "." / "a.yaml"))


@pytest.mark.parametrize("other", ["link.yaml", "folder/../a.yaml", "linked/a.yaml"])
def test_a_file_named_by_two_ways_to_it_is_a_mistake(tmp_path: Path, other: str) -> None:
    """Through links and folders; both ways are said."""
    (tmp_path / "a.yaml").write_text(PARIS)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    (tmp_path / "linked").symlink_to(".")
    with pytest.raises(InventoryError) as caught:
        load_all(files(tmp_path / "a.yaml", tmp_path / other))
    words = "this inventory is named twice, as {} too; name it once"
    assert {(problem.file, problem.message) for problem in caught.value.problems} == {
        (str(tmp_path / "a.yaml"), words.format(tmp_path / other)),
        (str(tmp_path / other), words.format(tmp_path / "a.yaml")),
    }


def test_files_without_a_host_are_a_mistake(several: Load, tmp_path: Path) -> None:
    """Each for itself may have none, all together have one."""
    assert said(several, tmp_path, LOGON, "groups: {}\n") == ["a/a.yaml, b/b.yaml: there is no host in it"]


def test_standard_input_is_read_as_a_file(tmp_path: Path) -> None:
    """Its mistakes are named after it; its lines are its own."""
    (tmp_path / "a.yaml").write_text(PARIS)
    mixed = (Source(tmp_path / "a.yaml"), Source(STDIN, data=LYON.encode()))
    assert list(load_all(mixed).hosts) == ["web1", "db1", "web2"]
    with pytest.raises(InventoryError) as caught:
        load_all((Source(STDIN, data=b"hosts:\n  web1: {prot: 3}\n"),))
    assert str(caught.value).startswith("standard input:2: ")


def test_standard_input_names_no_command_to_run(tmp_path: Path) -> None:
    """Nobody can tell who wrote it."""
    by_command = PARIS.replace("{from: env, name: FC}", "{from: command, argv: [id]}")
    with pytest.raises(InventoryError) as caught:
        load_all((Source(STDIN, data=by_command.encode()),))
    assert str(caught.value) == (
        "standard input: this names a command to run (credential `ops`), and nobody knows who wrote it; "
        "take a file, by -i FILE"
    )
    path = tmp_path / "a.yaml"
    path.write_text(by_command)
    path.chmod(0o666)
    with pytest.raises(InventoryError, match=r"this file names a command to run .* others can write it"):
        load_all((Source(path), Source(STDIN, data=LYON.encode())))
