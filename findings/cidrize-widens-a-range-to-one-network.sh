#!/usr/bin/env bash
# cidrize 3.1.0: a range of four addresses becomes 33 million.
#
# One would think: `cidr 10.255.255.254-11.0.0.1` prints the networks that make up the range, as netaddr, which it rests on,
# and ipaddress do.
# What is: unless `--strict` is said, a range becomes the one network that holds it, without a word: 192.0.2.1-10 is a /28, a
# range over a boundary its whole neighbourhood. Who makes a firewall's list or a scan's targets of ranges opens, or scans,
# what nobody named. Addresses and globs are exact both ways, so that a trial with these shows nothing.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'cidrize==3.1.0' 'netaddr==1.3.0'
cd "$folder"
for range in 192.0.2.7 '192.0.2.*' 192.0.2.1-10 192.0.2.120-192.0.2.130 10.255.255.254-11.0.0.1; do
    echo "$range: $(venv/bin/cidr "$range" | xargs); strict: $(venv/bin/cidr --strict "$range" | tr -d ',' | xargs)"
done | tee seen
diff seen - <<'OUT'
192.0.2.7: 192.0.2.7/32; strict: 192.0.2.7/32
192.0.2.*: 192.0.2.0/24; strict: 192.0.2.0/24
192.0.2.1-10: 192.0.2.0/28; strict: 192.0.2.1/32 192.0.2.2/31 192.0.2.4/30 192.0.2.8/31 192.0.2.10/32
192.0.2.120-192.0.2.130: 192.0.2.0/24; strict: 192.0.2.120/29 192.0.2.128/31 192.0.2.130/32
10.255.255.254-11.0.0.1: 10.0.0.0/7; strict: 10.255.255.254/31 11.0.0.0/31
OUT
