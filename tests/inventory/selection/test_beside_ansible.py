"""The grammar of `--limit` beside Ansible's own: 20 inventories, 60 patterns each,
every difference with its reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from inventory.errors import SelectionError
from inventory.load import loads
from inventory.model import Fleet
from inventory.selection.select import select
from tests.inventory import texts


@dataclass(frozen=True)
class Case:
    """One inventory, written shortly: "web: a1 a2" is a group, "top > web db" its parent, "- x" hosts in no
    group.

    `g`, `k` and `p` are a group, another one and their parent; `x` is what the names of some hosts begin
    with.
    """

    text: str
    g: str = "web"
    k: str = "db"
    p: str = "prod"
    x: str = "web"

    @property
    def groups(self) -> dict[str, tuple[list[str], list[str]]]:
        """Return each group's hosts and children, in order."""
        found = {}
        for line in map(str.strip, self.text.split("|")):
            name, sign, names = line.partition(" > ") if " > " in line else line.partition(": ")
            if sign:
                found[name] = ([], names.split()) if sign == " > " else (names.split(), [])
        return found

    @property
    def hosts(self) -> list[str]:
        """Return every host, those in no group first, as they stand in a file."""
        alone = [line.strip()[2:].split() for line in self.text.split("|") if line.strip().startswith("- ")]
        lists = [*alone, *(hosts for hosts, _ in self.groups.values())]
        return list(dict.fromkeys(host for names in lists for host in names))

    def ansible(self) -> str:
        """Write it for Ansible."""
        lines = [
            line.strip()[2:].replace(" ", "\n") for line in self.text.split("|") if line.strip()[:2] == "- "
        ]
        for name, (hosts, children) in self.groups.items():
            lines += [f"[{name}:children]", *children] if children else [f"[{name}]", *hosts]
        return "\n".join(lines) + "\n"

    def fleet(self) -> Fleet:
        """Load it as ours."""
        groups = {
            name: {"children": dict.fromkeys(children)} if children else {"hosts": hosts}
            for name, (hosts, children) in self.groups.items()
        }
        tree = yaml.safe_dump({"groups": groups, "hosts": dict.fromkeys(self.hosts)}, sort_keys=False)
        return loads((texts.HEAD + tree).encode(), Path("fleet.yaml"))

    def patterns(self) -> dict[str, str]:
        """Fill in the names: each template's pattern."""
        names = {"g": self.g, "k": self.k, "p": self.p, "x": self.x}
        names |= {"h": self.hosts[0], "l": self.hosts[-1]}
        return {
            template: "".join(names.get(part, part) for part in template.split("'")) for template in TEMPLATES
        }


CASES = (
    Case("web: web0 web1 web2 web3 | db: db0 db1 | prod > web db"),
    Case("web: web3 web1 web2 web0 | db: db1 db0 | prod > db web"),
    Case("- lone | web: web1 web2 | db: db1 db2 db3 | prod > web db"),
    Case("web: web1 | db: web1 db1 | prod > web db"),
    Case("db: db1 db2 | web: web1 web2 web3 | prod > web db"),
    Case("web: web1 web2 web3 | db: web3 web2 web1 | prod > db web"),
    Case("- a1 a2 a3 | web: web10 web11 web12 | db: db1 | prod > web db"),
    Case("web: web01.corp.example web02.corp.example | db: db.corp.example | prod > web db"),
    Case("web: 192.0.2.1 192.0.2.2 | db: 192.0.2.11 | prod > web db", x="192.0.2"),
    Case("paris: p1 p2 p3 p4 p5 | lyon: l1 l2 | france > paris lyon", g="paris", k="lyon", p="france", x="p"),
    Case("webs: web1 web2 web3 | webold: web9 web1 | web_all > webs webold", g="webs", k="webold", p="web_all"),  # noqa: E501
    Case("laptops: laptop1 laptop2 laptop3 laptop4 | db: db1 | prod > laptops", g="laptops", x="laptop"),
    Case("web: web-1 web-2 web-10 web-20 | db: db-1 | prod > web db"),
    Case("web: web_1 web_2 | db: db_1 db_2 | prod > web db"),
    Case("- web7 web8 | web: web1 web2 | db: db1 | prod > web db"),
    Case("web: web1 web2 web3 web4 web5 web6 web7 web8 web9 web10 web11 | db: db1 | prod > db"),
    Case("all_web: aweb1 aweb2 | ungrouped_db: db1 | both > all_web ungrouped_db", g="all_web", k="ungrouped_db",  # noqa: E501
         p="both", x="aweb"),
    Case("inner: web1 web2 | web > inner | db: db1 web2 | prod > db inner"),
    Case("web: web1a web1b web2a | db: db1a | prod > web db"),
    Case("web: 10web 11web | db: 10db | prod > web db", x="1"),
)  # fmt: skip

# Between quotes stands what a case fills in: 'g' and 'k' groups, 'p' their parent, 'h' and 'l' the first and
# last host.
TEMPLATES = (
    "'g'", "'p'", "'h'", "all", "*", "ungrouped",
    "'g':'k'", "'g','k'", "'h','l'", "'p':&'g'", "'p':!'g'", "'p',!'g',!'l'", "!'g'", "&'g'", "!'h'",
    "'x'*", "*1", "?'x'*", "*[12]*", "'x'[!1]*", "'x'?", "all:!'x'*",
    "~'x'", "~.*1$", "~('x'|'k')", "all:!~'x'", "'k':~'x'",
    "'g'[0]", "'g'[-1]", "'g'[0:1]", "'g'[1:]", "'g'[0-1]", "'g'[0-]", "'g'[1]", "'g'[0:99]", "'p'[0]", "'p'[-1]",  # noqa: E501
    "'p'[1:2]", "all:!'g'[0]", "'p':&'g'[0:1]", "'g'[0],'k'[0]", "'p':!'k'[-1]", "'g'[00:01]", "'h'[0]",
    "'g'[99]", "'k','g'[98:99]", "'k','g'[1:0]", "'k':'g'[:1]", "'k','g'[-2:]",
    "'x'*[0:1]", "'x'*[2:5]", "all[0]", "*[-1]", "a*", "ungr*",
    "'g',nobody", "'g':!nob*", "'g' 'k'", "'g','p':!'k'", "'k',~'x'.{1,9}",
)  # fmt: skip

DIFFERENCES = {
    "'g' 'k'": "to Ansible a blank separates where there is no comma; here a site's name may hold one, so "
    "it is refused",
    "'g','p':!'k'": "to Ansible the `:` in a list with commas is part of a name that nothing has; here it "
    "is refused",
    "'g',nobody": "Ansible warns of a name that nothing has; here it is an error",
    "'k','g'[-2:]": "to Ansible a class, which takes other hosts or none; here it is refused",
    "'k':'g'[:1]": "to Ansible a class, which takes other hosts or none; here it is refused",
    "'k','g'[1:0]": "Ansible reads an end of 0 as no end, and takes index 1; here it is refused",
    "'k','g'[98:99]": "Ansible takes nothing for a range that no host is in; here that is an error",
    "'k',~'x'.{1,9}": "Ansible cuts at the comma in the braces; here nothing separates in a regex's brackets",
    "'x'*[2:5]": "Ansible counts a host again for each group of its that the glob fits; here each host "
    "counts once",
    "all[0]": "Ansible counts all hosts group by group; here they stand as under `hosts`",
    "a*": "to Ansible a glob fits its group `all`, and so takes every host; here it fits names of the file "
    "alone",
    "ungr*": "to Ansible a glob fits its group `ungrouped`; here it fits names of the file alone",
}
"""Templates whose hosts are other than Ansible's, at least in one inventory, and why."""


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str] | None]]:
    """Ask Ansible once for all answers; each template's, by case."""
    folder = tmp_path_factory.mktemp("ansible")
    asked = {}
    for number, case in enumerate(CASES):
        (folder / f"{number:02}").write_text(case.ansible(), encoding="utf-8")
        asked[str(folder / f"{number:02}")] = list(case.patterns().values())
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("oracle.py"))],
        input=json.dumps(asked),
        capture_output=True,
        check=True,
        text=True,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    answers = json.loads(ended.stdout)
    return [answers[path] for path in sorted(answers)]


def ours(fleet: Fleet, pattern: str) -> list[str] | None:
    """Return the hosts that a pattern takes here; None where it is refused or takes none."""
    try:
        return sorted(
            host.name for host in select(fleet, pattern, stdin=None, unmatched=lambda _sentence: None)
        )
    except SelectionError:
        return None


def test_a_selection_takes_what_ansible_takes(oracle: list[dict[str, list[str] | None]]) -> None:
    """Every pattern takes Ansible's hosts, but for those that are listed with their reason;
    none is listed in vain.
    """
    differing: dict[str, list[str]] = {}
    for case, answers in zip(CASES, oracle, strict=True):
        fleet = case.fleet()
        for template, pattern in case.patterns().items():
            expected = sorted(set(answers[pattern] or ())) or None
            if (found := ours(fleet, pattern)) != expected:
                differing.setdefault(template, []).append(f"{pattern}: Ansible {expected}, here {found}")
    assert len(CASES) >= 20
    assert len(TEMPLATES) >= 60
    assert {key: value for key, value in differing.items() if key not in DIFFERENCES} == {}
    assert DIFFERENCES.keys() - differing.keys() == set()
