#!/usr/bin/env bash
# python-nmap 0.7.1 on the XML of masscan 1.3.2 (Debian 12): of a host with three open ports it keeps one.
#
# One would think: `masscan -oX` writes nmap's format, as its manual says, so what reads nmap's reports has every open port.
# What is: masscan writes one <host> for each port, and python-nmap lets the next <host> of an address take the place of the
# one before. The port that answered last is left, another from scan to scan; nothing is raised. Its `uphosts` is 3 for the
# one host, as masscan counts it. A job that compares scans sees ports close and open.
#
# Output seen: as below
#
# Scans a listener of its own in network namespaces of its own; needs the rights to make them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v masscan > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends masscan iproute2 > /dev/null
}
python3 -m venv venv
venv/bin/pip install -q 'python-nmap==0.7.1'
cat > listen.py <<'PY'
import socket
import time

listeners = []
for port in (443, 2147, 5986):
    listener = socket.socket()
    listener.bind(("0.0.0.0", port))
    listener.listen()
    listeners.append(listener)
print("listening", flush=True)
time.sleep(60)
PY
cat > run <<'RUN'
set -euo pipefail
mkfifo ready
unshare -n python3 listen.py > ready &
host=$!
read -r < ready
ip link add name probe0 type veth peer name probe1 netns "$host"
ip address add 192.0.2.1/24 dev probe0
ip link set probe0 up
nsenter -n -t "$host" ip address add 192.0.2.10/24 dev probe1
nsenter -n -t "$host" ip link set probe1 up
mac=$(nsenter -n -t "$host" ip -o link show probe1 | grep -o 'ether [^ ]*' | cut -d' ' -f2)
masscan --adapter probe0 --adapter-ip 192.0.2.1 --adapter-port 61000 --router-mac "$mac" -p443,2147,5986 192.0.2.10 \
    --rate 100 --wait 2 -oX scan.xml > masscan 2>&1
kill "$host"
RUN
unshare -rn bash run
(masscan --version || true) | sed -n 's/^Masscan version \([^ ]*\).*/masscan \1/p' > seen
venv/bin/python - <<'PY' >> seen
import re

import nmap


class Reader(nmap.PortScanner):
    def __init__(self):
        """Read a report, without an nmap to run."""
        self._scan_result = {}
        self._nmap_last_output = ""


text = open("scan.xml").read()
last = re.findall(r'portid="(\d+)"', text)[-1]
print("open to masscan:", *sorted(map(int, re.findall(r'portid="(\d+)"><state state="open"', text))))
reader = Reader()
reader.analyse_nmap_xml_scan(text)
kept = list(reader["192.0.2.10"]["tcp"])
print("to python-nmap:", len(kept), "of them, the last:", kept == [int(last)])
print("hosts:", reader.all_hosts(), "up:", reader.scanstats()["uphosts"])
PY
cat seen
diff seen - <<'OUT'
masscan 1.3.2
open to masscan: 443 2147 5986
to python-nmap: 1 of them, the last: True
hosts: ['192.0.2.10'] up: 3
OUT
