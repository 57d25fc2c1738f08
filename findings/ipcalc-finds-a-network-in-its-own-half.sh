#!/usr/bin/env bash
# ipcalc 1.99.0 (PyPI): 192.0.2.0/24 is in 192.0.2.0/25, and the last host of a /31 is outside of it.
#
# One would think: a network is in another where all its addresses are, and a host of a network is one of its addresses.
# What is: `in` looks at the first address alone: a network is in its own first half, and the whole Internet is in 0.0.0.0/8.
# `host_first` and `host_last` of a /31 count from the address that was given: for 192.0.2.7/31 the last one is 192.0.2.8,
# the neighbour's, though the loop over the same network gives the right two. An inventory made of either asks a stranger.
#
# Output seen: as below; the last column is the standard library's answer
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ipcalc==1.99.0' 'six==1.17.0'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from ipaddress import IPv4Network

from ipcalc import Network

for inner, outer in (("192.0.2.0/25", "192.0.2.0/24"), ("192.0.2.0/24", "192.0.2.0/25"), ("0.0.0.0/0", "0.0.0.0/8")):
    print(inner, "in", outer, Network(inner) in Network(outer), IPv4Network(inner).subnet_of(IPv4Network(outer)))
for text in ("192.0.2.7/30", "192.0.2.6/31", "192.0.2.7/31"):
    own, hosts = Network(text), list(IPv4Network(text, strict=False).hosts())
    print(text, "hosts from", str(own.host_first()).partition("/")[0], "to", str(own.host_last()).partition("/")[0],
          "loop", *(str(address).partition("/")[0] for address in own), "ipaddress", hosts[0], hosts[-1])
PY
diff seen - <<'OUT'
192.0.2.0/25 in 192.0.2.0/24 True True
192.0.2.0/24 in 192.0.2.0/25 True False
0.0.0.0/0 in 0.0.0.0/8 True False
192.0.2.7/30 hosts from 192.0.2.5 to 192.0.2.6 loop 192.0.2.5 192.0.2.6 ipaddress 192.0.2.5 192.0.2.6
192.0.2.6/31 hosts from 192.0.2.6 to 192.0.2.7 loop 192.0.2.6 192.0.2.7 ipaddress 192.0.2.6 192.0.2.7
192.0.2.7/31 hosts from 192.0.2.7 to 192.0.2.8 loop 192.0.2.7 192.0.2.8 ipaddress 192.0.2.6 192.0.2.7
OUT
