#!/usr/bin/env bash
# nornir-ansible 2023.12.28 (nornir 3.6.0) reads an INI inventory by configparser, not as Ansible does.
#
# One would think: its AnsibleInventory has the hosts and variables that ansible-core has for the same file.
# What is: `web[1:3]` is one host of that name, and `web1:5986` one whose name has the port in it. Quotes are kept, also around
# a password. A variable under :vars gets a name in small letters, one on a host's line keeps its own. No error says so.
# YAML inventories, too, keep a range as one name.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'nornir-ansible==2023.12.28' 'nornir==3.6.0' 'ansible-core==2.19.14'
export HOME="$folder" LC_ALL=C.UTF-8
cat > "$folder/hosts.ini" <<'INI'
[web]
web[1:3]
[db]
db1:5986 ansible_password="secret" Rack=a
[db:vars]
Zone=dmz
INI
"$folder/venv/bin/python" - "$folder/hosts.ini" <<'PY' | tee "$folder/seen"
import sys

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from nornir_ansible.plugins.inventory.ansible import AnsibleInventory

theirs = InventoryManager(loader=DataLoader(), sources=[sys.argv[1]])
print("Ansible:", *sorted(host.name for host in theirs.get_hosts()))
db1 = theirs.get_host("db1").vars
print(" ", db1["ansible_port"], db1["ansible_password"], theirs.groups["db"].vars)
ours = AnsibleInventory(hostsfile=sys.argv[1]).load()
print("nornir:", *sorted(ours.hosts))
db1 = ours.hosts["db1:5986"]
print(" ", db1.port, db1.password, db1.data, ours.groups["db"].data)
PY
diff "$folder/seen" - <<'OUT'
Ansible: db1 web1 web2 web3
  5986 secret {'Zone': 'dmz'}
nornir: db1:5986 web[1:3]
  None "secret" {'Rack': 'a'} {'zone': 'dmz'}
OUT
