#!/usr/bin/env bash
# netaddr 1.3.0: IPNetwork keeps a host's address and compares as if it did not.
#
# One would think: 192.0.2.11/24 and 192.0.2.12/24 are two, since both print as they were written and keep `.ip`; the
# standard library's ip_interface has them unequal.
# What is: only the first and the last address of the network are compared. A set or a dict of interface addresses keeps
# one host of each network, `in` of a list finds the wrong one, and `iprange_to_cidrs` begins at the network's first
# address and not at the one given. A mask of 0.0.0.0, with which Cisco's lists mean this one host, is a prefix of 0.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'netaddr==1.3.0'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
import ipaddress
from netaddr import IPNetwork, iprange_to_cidrs

hosts = ["192.0.2.11/24", "192.0.2.12/24"]
print("netaddr:", len({IPNetwork(host) for host in hosts}), IPNetwork(hosts[1]) in [IPNetwork(hosts[0])])
print("ipaddress:", len({ipaddress.ip_interface(host) for host in hosts}))
print("from .11 to .20:", *iprange_to_cidrs(hosts[0], "192.0.2.20"))
print("masks:", IPNetwork("192.0.2.11/0.0.0.255"), IPNetwork("192.0.2.11/0.0.0.0"))
PY
diff "$folder/seen" - <<'OUT'
netaddr: 1 True
ipaddress: 2
from .11 to .20: 192.0.2.0/28 192.0.2.16/30 192.0.2.20/32
masks: 192.0.2.11/24 192.0.2.11/0
OUT
