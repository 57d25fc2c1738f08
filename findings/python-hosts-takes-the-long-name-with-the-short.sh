#!/usr/bin/env bash
# python-hosts 1.1.3: to move one name, or to remove it, takes away every other name and address that stood with it.
#
# One would think: `add([192.0.2.99 web1], force=True)` moves web1, and `remove_all_matching(name="web1")` removes web1: the
# long name beside it stays, as does the IPv6 address of the host that moves.
# What is: whole lines go. web1.example is at no address any more, and the IPv6 line of web1 is gone; the counts say that one
# entry was replaced. Without `force` nothing is added: an IPv6 address for a name that has an IPv4 one counts as a
# duplicate, so a host cannot have both.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'python-hosts==1.1.3'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from pathlib import Path

from python_hosts import Hosts, HostsEntry

TEXT = "127.0.0.1 localhost\n192.0.2.10 web1 web1.example\n192.0.2.11 web2\n2001:db8::10 web1\n"
file = Path("hosts")


def entry(kind, address, name):
    return HostsEntry(entry_type=kind, address=address, names=[name])


def after(what, change):
    """Say what a change of a fresh file told, and the lines that it left."""
    file.write_text(TEXT)
    hosts = Hosts(path=str(file))
    told = change(hosts) or {}
    hosts.write()
    lines = "; ".join(line.replace("\t", " ") for line in file.read_text().splitlines() if "localhost" not in line)
    print(f"{what}: {({key: value for key, value in told.items() if value})} {lines}")


after("nothing", lambda hosts: None)
after("moved", lambda hosts: hosts.add([entry("ipv4", "192.0.2.99", "web1")], force=True))
after("removed", lambda hosts: hosts.remove_all_matching(name="web1"))
after("IPv6 added", lambda hosts: hosts.add([entry("ipv6", "2001:db8::11", "web2")]))
PY
diff seen - <<'OUT'
nothing: {} 192.0.2.10 web1 web1.example; 192.0.2.11 web2; 2001:db8::10 web1
moved: {'ipv4_count': 1, 'replaced_count': 1} 192.0.2.11 web2; 192.0.2.99 web1
removed: {} 192.0.2.11 web2
IPv6 added: {'duplicate_count': 1} 192.0.2.10 web1 web1.example; 192.0.2.11 web2; 2001:db8::10 web1
OUT
