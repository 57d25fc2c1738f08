#!/usr/bin/env bash
# jc 1.26.1: of two persistent routes of Windows `jc --route` makes one row, with the address of the one and the mask of none.
#
# One would think: each line of `route print` is one object with destination, netmask and gateway, as for the active routes
# above it and as `jc --route-print` of the same release gives it.
# What is: the title of the persistent routes has two blanks more than columns, so each line counts as half of a wrapped
# one. One route has its mask as `address` and its gateway as `genmask`; of two the second is not there but for its address,
# which stands beside the gateway of the first. The exit code is 0.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'jc==1.26.1'
cd "$folder"
cat > routes <<'TEXT'
===========================================================================
Interface List
 12...00 50 56 aa bb cc ......vmxnet3 Ethernet Adapter
===========================================================================

IPv4 Route Table
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0        192.0.2.1       192.0.2.10    271
===========================================================================
Persistent Routes:
  Network Address          Netmask  Gateway Address  Metric
          0.0.0.0          0.0.0.0        192.0.2.1  Default 
     198.51.100.0    255.255.255.0      192.0.2.254       1
===========================================================================

IPv6 Route Table
===========================================================================
Active Routes:
  None
Persistent Routes:
  None
TEXT
{
    venv/bin/jc -q --route < routes | venv/bin/python -c '
import json, sys
for row in json.load(sys.stdin)[1:]:
    print("route:", row)'
    venv/bin/jc -q --route-print < routes | venv/bin/python -c '
import json, sys
for row in json.load(sys.stdin)["ipv4_route_table"]["persistent_routes"]:
    print("route-print:", *list(row.values())[:4])'
} | tee seen
diff seen - <<'OUT'
route: {'destination': '0.0.0.0', 'genmask': '0.0.0.0', 'gateway': '192.0.2.1', 'iface': '192.0.2.10', 'metric': 271}
route: {'network': '0.0.0.0', 'address': '198.51.100.0', 'genmask': '192.0.2.1', 'gateway': 'Default', 'metric': None}
route-print: 0.0.0.0 0.0.0.0 192.0.2.1 None
route-print: 198.51.100.0 255.255.255.0 192.0.2.254 1
OUT
