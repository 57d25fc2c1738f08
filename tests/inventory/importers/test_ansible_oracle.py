"""Ansible inventories are read as ansible-core itself reads them, which is asked here."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.importers import convert
from inventory.importers.ansible.merge import Merging
from inventory.importers.ansible.sources import read_source
from inventory.importers.ansible.templates import Templates
from inventory.importers.ansible.values import TemplateError, ini_value, yaml_word
from inventory.load import loads
from inventory.selection.select import select
from inventory.yamlfile.tree import Map, Seq
from tests.inventory.importers import ansible_oracle as oracle


def ours(path: Path) -> oracle.Answer:
    """Return what we read, in the oracle's form."""
    source = read_source(path, None if path.is_dir() else path.read_bytes())
    merging = Merging(source)
    return oracle.Answer(
        {host: oracle.plain(dict(merging.variables(host))) for host in source.hosts},
        {host: sorted(merging.groups(host)) for host in source.hosts},
    )


def agreed(path: Path) -> None:
    """Hold our reading against Ansible's, where Ansible can read it."""
    answer = oracle.ask(path)
    if answer is not None:
        found = ours(path)
        assert found.variables == answer.variables
        assert found.groups == answer.groups


VALUES = [
    r'"CORP\\svc"', r"'CORP\\svc'", r"CORP\svc", r"CORP\\svc", r'"CORP\svc"',
    "5986", "05986", "0x10", "1e3", "1_000", "1+2j", "-1", "+7", "1 2",
    "5986 # tls", "text # tail", "'a' # tail", "a#b", "'a#b'",
    "None", "True", "true", "yes", "[1, 'x']", "{'a': 1}", "(1, 2)", "...",
    "b'x'", "u'x'", r"r'a\b'", r"'\x41'", "'a' 'b'", '"two words"', "two words", "'", '"a', "", "''",
    "a=b", "a;b", ";", "{{ x }}", "é", "- x", "ab: c",
]  # fmt: skip


@pytest.mark.parametrize(
    "place", ["[g:vars]\nv = {}\n[g]\nh\n", "h v={}\n", "h v='{}'\n", 'h "v={}" w=1 # {}\n']
)
@pytest.mark.parametrize("text", VALUES)
def test_an_ini_value_is_what_ansible_makes_of_it(tmp_path: Path, place: str, text: str) -> None:
    """On a host's line shlex takes quotes and comments first;
    below `:vars` the value is a Python literal or a text.
    """
    path = tmp_path / "hosts.ini"
    path.write_text(place.format(text, text), encoding="utf-8")
    answer = oracle.ask(path)
    if answer is None:
        with pytest.raises(InventoryError):
            ours(path)
    else:
        assert ours(path).variables == answer.variables


PIECES = st.text(alphabet="ab0159'\"\\#[](){},.:=-+_ jxTrueNon", max_size=12)


@settings(deadline=None)  # a busy machine is no mistake
@given(PIECES)
def test_any_ini_value_is_what_ansible_makes_of_it(text: str) -> None:
    """The same for any text."""
    from ansible._internal._datatag._tags import Origin
    from ansible.plugins.inventory.ini import InventoryModule

    module = InventoryModule()
    module._origin = Origin(path="/hosts.ini", line_num=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = oracle.plain(module._parse_value(text))
        except TypeError:  # Ansible gives the whole file up for `{[]}`; here the text stays
            expected = text
    assert oracle.plain(ini_value(text)) == expected


HOSTS = ["h1", "h2", "g1", "x[1:3]", "10.0.0.1:5986", "[2001:db8::1]:77", "q[:2]", "p[x:C]", "w[01:03:2]", "h1:81", "q[:1]:5", "a.b:x",  # noqa: E501
         "n[08:10]", "n[8:010]", "r[5:1]", "m[1:2]-[a:b]:5986", "2001:db8::2", "2001:db8::[1:3]", "-x", "_y", "y_:5"]  # fmt: skip  # noqa: E501
GROUPS = ["g1", "g2", "g3", "all", "ungrouped"]
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["v", "w", "ansible_port", "ansible_group_priority"]),
        st.sampled_from(["1", "2", "10", '"x y"', "z", "None"]),
    ),
    max_size=2,
).map(lambda pairs: [f"{key}={value}" for key, value in pairs if value.isdecimal() or "priority" not in key])
SECTIONS = st.one_of(
    st.tuples(
        st.sampled_from(GROUPS[:3]), st.lists(st.tuples(st.sampled_from(HOSTS), PAIRS), max_size=3)
    ).map(lambda part: [f"[{part[0]}]", *(" ".join([host, *pairs]) for host, pairs in part[1])]),
    st.tuples(st.sampled_from(GROUPS), PAIRS).map(lambda part: [f"[{part[0]}:vars]", *part[1]]),
    st.sampled_from([["[g1:children]", "g2"], ["[g1:children]", "g3 # c"], ["[g2:children]", "g3"]]),
)
BESIDE = st.dictionaries(
    st.sampled_from(
        ["group_vars/all.yml", "group_vars/all/b.yml", "group_vars/all/a.json", "group_vars/all/c.txt", "group_vars/ungrouped",  # noqa: E501
         "group_vars/g1", "group_vars/g1.yml", "group_vars/g2.yaml", "group_vars/g2.yml", "group_vars/g3/x.yml", "group_vars/g3/sub/y.yml",  # noqa: E501
         "host_vars/h1.yml", "host_vars/h1/one", "host_vars/x1.json", "host_vars/10.0.0.1.yml"]
    ),
    st.sampled_from(['{"v": 7, "w": yes}', '{"v": 0o7}', '{"ansible_port": 9, "ansible_group_priority": 5}', '{"w": 010}']),  # noqa: E501
    max_size=4,
)  # fmt: skip


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder; one that stands in another's way is left out."""
    for name, text in files.items():
        path = folder / name
        if not any(above.is_file() for above in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


@settings(deadline=None)  # a busy machine is no mistake
@given(st.lists(SECTIONS, min_size=1, max_size=6), BESIDE, st.booleans())
def test_every_host_gets_ansibles_variables(
    tmp_path_factory: pytest.TempPathFactory,
    sections: list[list[str]],
    beside: dict[str, str],
    folder: bool,
) -> None:
    """Ranges, groups, priorities, `group_vars` and `host_vars` come to the same variables and groups."""
    base = tmp_path_factory.mktemp("prod")
    lines = "\n".join(line for section in sections for line in section)
    written(base, {"hosts": f"h0 v=0\n{lines}\n[g1]\n[g2]\n[g3]\n", **beside})
    agreed(base if folder else base / "hosts")


ORDERS = [
    "b\na\n[web]\nw2\nw1\nb\n[all:vars]\nv=1\n",
    "[db]\nd1\n[paris:children]\nweb\ndb\n[web]\nw1\nd1\n",
    "x\n[paris:children]\ndb\nweb\n[lyon]\nl1\nx\n[web]\nw2\nw1\n[db]\nd1\nw1\n",
    "[app]\na1\n[paris:children]\nweb\n[web]\nw1\n[db]\nd1\n",
]


@pytest.mark.parametrize(
    ("text", "group"),
    [(text, group) for text in ORDERS for group in ("all", "paris", "web") if f"[{group}" in text + "[all"],
)
def test_an_imported_group_is_counted_as_by_ansible(tmp_path: Path, text: str, group: str) -> None:
    """So that `all[0:2]` and `paris[0]` take the same hosts before and after an import."""
    path = tmp_path / "hosts.ini"
    path.write_text(text)
    fleet = loads(convert(path).text.encode(), tmp_path / "fleet.yaml")
    expected = oracle.counted(path, group)
    taken = [
        host.name
        for number in range(len(expected))
        for host in select(fleet, f"{group}[{number}]", stdin=None)
    ]
    assert taken == expected


YAML = r"""
all:
  vars: &shared {port: 5986, flag: yes, octal: 0755, hex: 0x1F, sexagesimal: 22:30, long: 1_000, day: 2024-02-03, nil: ~, empty: , text: "0755"}
  hosts:
    h1: &h {v: 1, w: {a: 1}}
    h2: {<<: *h, v: 2}
    "h[3:4]": {<<: [*h, {v: 9, x: 9}], y: !!str 5}
    "h5:5985":
    "[2001:db8::1]:5985": {v: 3, v: 4}
  children:
    g1:
      hosts: one
      vars: {<<: *shared, port: 1}
      children:
        g2: {hosts: {one: , h1: {v: 5}}, vars: {ansible_group_priority: 10, port: 2}}
        g3: {hosts: {one: {port: 3}}}
        ungrouped:
    g4:
      children: {g3: {vars: {port: 4, z: 1}}}
  strange: {a: 1}
g3: {vars: {port: 5}}
"""  # noqa: E501


JSON = """\
{"all": {"vars": {"v": 1}, "children": {"web": {"hosts": {"web[1:2]": {"v": 2}, "x:5985": null}, "children": {"old": {"hosts": "o1"}}}}}}
"""  # noqa: E501


@pytest.mark.parametrize(("name", "text"), [("hosts.yml", YAML), ("hosts.json", JSON), ("hosts", JSON)])
def test_a_yaml_inventory_is_read_as_by_ansible(tmp_path: Path, name: str, text: str) -> None:
    """Words of YAML 1.1, merge keys, ports and ranges in names, groups described twice:
    as Ansible has them.
    """
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    answer = oracle.ask(path)
    assert answer is not None
    assert ours(path) == answer


WORDS = st.text(alphabet="0123456789abcdefxoOyesnoNOYES~._-+:TZ", min_size=1, max_size=11)


@settings(deadline=None)  # a busy machine is no mistake
@given(WORDS)
def test_any_yaml_word_is_what_ansible_makes_of_it(text: str) -> None:
    """An unquoted word is what PyYAML makes of it, of which Ansible's loader is one."""
    import yaml

    try:
        expected = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    if not isinstance(expected, (dict, list)):
        assert repr(yaml_word(text)) == repr(expected)


TEMPLATES = [
    "{{ inventory_hostname }}.corp.example", "{{inventory_hostname}}",
    "{{ inventory_hostname_short }}.x", "{{ domain }}", "{{ port }}", "a{{ port }}b", "{{ deep }}",
    "{{ deeper }}-{{ domain }}", "{{ nothing }}", "x{{ nothing }}", "{{ domain | upper }}",
    "{{ missing }}", "{{ ring }}", "{% if 1 %}a{% endif %}", "{# c #}a", "{{ domain }", "{ { domain } }",
    "{{ flag }}", "{{ half }}", "{{ domain.upper() }}", "{{ 'x' }}", "plain",
    "{{ inventory_hostname|lower }}.x", "{{ port | lower }}", "{{ missing | default(5986) }}",
    "a{{ missing|d('b') }}.{{ domain | default(\"c\") }}", "{{ nothing | default('x') }}",
    "{{ missing | default('{{ domain }}') }}", "{{ missing | default(domain) }}",
    "{{ domain | lower | upper }}", "{{ group_names | default('x') }}", "{{ deep | upper }}",
    "{{ missing | default(007) }}", "{{ missing | default('') }}",
    "{{ inventory_hostname ~ '.x' }}", "{{ inventory_hostname + '.' + domain }}", "{{ port + 1 }}", "{{ port ~ 1 }}",  # noqa: E501
    "{{ 'a' + port }}", "{{ 'a' + 'b' ~ port }}", "{{ net.ip }}", "{{ net['ip'] }}", "{{ net.ips[1] }}", "{{ net.ips | first }}",  # noqa: E501
    "{{ net.ips[7] | default('x') }}", "{{ net.none.x | default('x') }}", "{{ net.templated }}", "{{ net.items }}", "{{ net['items'] }}",  # noqa: E501
    "{{ net[which] }}", "{{ net.ips[flag] }}", "{{ net[missing] | default('x') }}", "{{ net }}", "{{ net.ips }}", "a{{ net.ips }}", "{{ inventory_hostname.split('.')[0] }}.x", "{{ inventory_hostname.split('.') | last }}",  # noqa: E501
    "{{ inventory_hostname | replace('.', '-') }}", "{{ inventory_hostname | replace('.old', '') | upper }}",
    "{{ empty | default('x') }}", "{{ empty | default('x', true) }}", "{{ empty | default('x', True) | upper }}",  # noqa: E501
    "{{ missing | default(inventory_hostname ~ '.x') }}", "{{ missing | default(absent) }}", "{{ missing | default(absent) | default('z') }}",  # noqa: E501
    "{{ (missing | default('a')) ~ '.x' }}", "{{ missing | default('a') ~ '.x' }}", "{{ domain | trim }}", "{{ 'a' 'b' }}", "{{ domain.x }}",  # noqa: E501
    "{{ hostvars[inventory_hostname].domain }}", "{{ hostvars[inventory_hostname]['domain'] }}", "{{ hostvars['other'].domain }}",  # noqa: E501
    "{{ domain.upper() }}.x", "{{ domain[0] }}", "{{ nothing ~ 'x' }}", "{{ flag ~ 'x' }}", "{{ half ~ 'x' }}", "{{ 0 ~ 'x' }}",  # noqa: E501
    "{{ '}}' }}", "{{ \"it's\" }}", "{{ domain | replace('corp', \"'\") }}", "{{ (((domain))) }}", "{{ }}", "{{ () }}", "{{ domain | }}",  # noqa: E501
    "{# c #}", "{# c #}{{ domain }}", "{% raw %}{{ x }}{% endraw %}", "{{- domain -}} x", "a {{- domain }}",
    "{{ domain }}\r\nx", "{{ net.templated ~ 'x' }}", "{{ net['templated'].split('.')[0] }}",
    "{{ net.ips.1 }}", "{{ net.ips[-1] }}", "{{ 1_000 }}", "{{ 0x10 }}", "{{ 0xfffffffffffffffffffffffff }}",
    "{{ 1e3 }}", "{{ 'CORP\\svc' }}", "{{ 'a\\'b' }}", "{{ '\\' }}", "{{ 'a\\' ~ 'b' }}",
    "CORP\\{{ domain }}", "{{ true }}", "{{ none }}", "{{ 'a' + port ~ 'x' }}",
    "{{ missing | default('x', false) }}", "{{ port + 1 }}", "{{ domain if flag else 'x' }}",
    "{{ ['a'] | first }}", "{{ 'a', 'b' }}", "{{ domain.lower }}",
    "{{ inventory_hostname.split('.', 1)[0] }}",
]  # fmt: skip
KNOWN = {
    "inventory_hostname": "web1.old", "inventory_hostname_short": "web1", "domain": "corp.example", "port": 5986, "nothing": None, "flag": True,  # noqa: E501
    "net": {"ip": "192.0.2.9", "ips": ["192.0.2.8", "192.0.2.9"], "templated": "{{ domain }}.x", "items": "i"}, "empty": "", "which": "ip",  # noqa: E501
    "half": 0.5, "deep": "{{ domain }}", "deeper": "{{ deep }}.{{ port }}", "ring": "{{ ring }}",
}  # fmt: skip


def lined(value: Any) -> Any:
    """Return a value as a tree with lines."""
    if isinstance(value, dict):
        tree = Map(1)
        for key, item in value.items():
            tree.put(key, lined(item), 1)
        return tree
    if isinstance(value, list):
        items = Seq(1)
        for item in value:
            items.put(lined(item), 1)
        return items
    return value


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_is_filled_in_is_what_ansible_fills_in(text: str) -> None:
    """Plain variables of the same host are filled in as Ansible does it;
    every other template is left alone.
    """
    own = lined(KNOWN)
    try:
        filled = Templates("web1.old", own, set()).value(text)
    except TemplateError:
        assert "{{" in text or "{%" in text or "{#" in text
    else:
        assert oracle.plain(filled) == oracle.template(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "{{ inventory_hostname }}.corp",
        "{{ deeper }}",
        "a{{ port }}b",
        "{{ inventory_hostname | upper }}",
        "{{ missing | default(5986) }}",
        "{{ inventory_hostname ~ '.corp.example' }}",
        "{{ inventory_hostname.split('.')[0] + '.' + domain }}",
        "{{ net.ip }}",
        "{{ net['ips'] | first }}",
        "{{ missing | default(inventory_hostname) | replace('_', '-') }}",
        "{{ hostvars[inventory_hostname].domain }}",
    ],
)
def test_the_common_templates_are_filled_in(text: str) -> None:
    """The name with a domain behind it, and plain variables, need no Ansible."""
    own = lined(KNOWN)
    assert "{{" not in str(Templates("web1.old", own, set()).value(text))


FOLDER = {
    "01-web": "[web]\nweb1 v=1\nweb2\n",
    "02-db.yml": "all: {children: {db: {hosts: {db1: , web1: }}, web: {vars: {v: 2, z: 1}}}}\n",
    "sub/more.json": '{"web": {"hosts": {"web3": {"v": 5}}}}',
    "old.ini": "[web]\nweb4\n[web:vars]\nv=3\n",
    "group_vars/all": "v: 0\nw: 0\n",
    "group_vars/web/a.yml": "z: 2\n",
    "group_vars/web/b": "z: 3\n",
    "group_vars/web.yml": "z: 4\n",
    "host_vars/web1.yaml": "z: 5\n",
    "sub/group_vars/web.yml": "z: 9\n",
    "notes.md": "not an inventory\n",
    "hosts.bak": "gone\n",
    ".hidden": "hidden\n",
}


def test_a_folder_is_read_as_by_ansible(tmp_path: Path) -> None:
    """Every source of a folder in the order of names, subfolders too, and the variables beside them."""
    folder = written(tmp_path / "prod", FOLDER)
    answer = oracle.ask(folder)
    assert answer is not None
    assert sorted(answer.variables) == ["db1", "web1", "web2", "web3", "web4"]
    assert ours(folder) == answer
