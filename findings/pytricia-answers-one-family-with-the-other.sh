#!/usr/bin/env bash
# pytricia 1.3.0: a table of both families answers an address of the one with a network of the other, or with nothing.
#
# One would think: a table takes an IPv6 network and finds it again, or refuses it; an IPv4 address is answered by an IPv4
# network, as in py-radix 1.1.0.
# What is: a table knows no family, and keeps the first bits alone. `PyTricia()` takes IPv6 networks, counts and lists them; one
# /48 is found, and once there are two of one /32 neither is: the addresses are nowhere, or at the site of a wider network.
# With `PyTricia(128)` all are found, but 32.1.13.184 is at the site of 2001:db8::/32, and 2a00::1 at that of the IPv4 default
# route. Nothing is raised.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pytricia==1.3.0' 'py-radix==1.1.0'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from pytricia import PyTricia
from radix import Radix

SITES = {"0.0.0.0/0": "central", "10.1.0.0/16": "berlin", "2001:db8::/32": "paris", "2001:db8:7::/48": "rome", "2001:db8:8::/48": "oslo"}
ASKED = ["10.1.2.3", "192.0.2.1", "32.1.13.184", "2001:db8::1", "2001:db8:7::1", "2a00::1"]
for name, table in {"PyTricia()": PyTricia(), "PyTricia(128)": PyTricia(128)}.items():
    for network, site in SITES.items():
        table[network] = site
    print(name, len(table), *(f"{address}={table.get(address)}" for address in ASKED))
for count in (1, 2):
    table = PyTricia()
    for number in range(count):
        table[f"2001:db8:{number}::/48"] = number
    print(count, "of /48:", len(table), table.get("2001:db8:0::1"))
radix = Radix()
for network, site in SITES.items():
    radix.add(network).data["site"] = site
found = {address: radix.search_best(address) for address in ASKED}
print("py-radix", len(SITES), *(f"{address}={node and node.data['site']}" for address, node in found.items()))
PY
diff seen - <<'OUT'
PyTricia() 5 10.1.2.3=berlin 192.0.2.1=central 32.1.13.184=paris 2001:db8::1=paris 2001:db8:7::1=paris 2a00::1=central
PyTricia(128) 5 10.1.2.3=berlin 192.0.2.1=central 32.1.13.184=paris 2001:db8::1=paris 2001:db8:7::1=rome 2a00::1=central
1 of /48: 1 0
2 of /48: 2 None
py-radix 5 10.1.2.3=berlin 192.0.2.1=central 32.1.13.184=central 2001:db8::1=paris 2001:db8:7::1=rome 2a00::1=None
OUT
