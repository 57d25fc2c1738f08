#!/usr/bin/env bash
# Aerleon 1.18.0: a policy that ends with a deny becomes, for Windows, a set of rules that denies all of it.
#
# One would think: a policy is read from the top for every target: what a term accepts is let through, and the deny at the
# end takes the rest, as the output for iptables, nftables and Cisco does.
# What is: for windows_advfirewall each term is a netsh rule, and the deny a rule that blocks every address and every port.
# Windows knows no order: a block rule wins over every allow rule (so Microsoft documents it; no Windows ran here). The same
# terms in any order give the same rules, so nothing of the order is left, and nothing is said. A term with `option:
# tcp-established` is left out, also without a word; the outputs for nftables and Cisco warn of it or have it.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q 'aerleon==1.18.0'
mkdir def
echo 'GATEWAYS = 198.51.100.0/24' > def/hosts.net
echo 'TUNNEL = 2147/tcp' > def/ports.svc
cat > render.py <<'PY'
import sys

from absl import logging
from aerleon import api
from aerleon.lib import naming

TERMS = [
    {"name": "answers", "protocol": "tcp", "option": "tcp-established", "action": "accept"},
    {"name": "tunnel", "destination-address": "GATEWAYS", "destination-port": "TUNNEL", "protocol": "tcp", "action": "accept"},
    {"name": "rest", "action": "deny"},
]
logging.use_absl_handler()
definitions = naming.Naming("def")


def rules(target, options, terms, begin):
    """Return the lines of the rendered policy that are rules."""
    header = {"targets": {target: options}}
    policy = {"filename": "policy", "filters": [{"header": header, "terms": [dict(term) for term in terms]}]}
    text = "\n".join(api.Generate([policy], definitions).values())
    return [line.strip() for line in text.splitlines() if line.strip().startswith(begin)]


print("cisco:", *rules("cisco", "policy extended", TERMS, ("permit", "deny")), sep="\n  ")
windows = rules("windows_advfirewall", "out inet", TERMS, "netsh")
print("windows:", *(line.removeprefix("netsh advfirewall firewall add rule ") for line in windows), sep="\n  ")
print("with the deny first:", sorted(rules("windows_advfirewall", "out inet", TERMS[::-1], "netsh")) == sorted(windows))
PY
{
    venv/bin/python render.py 2> warnings
    echo "warnings: $(grep -c . warnings || true)"
} | tee seen
diff seen - <<'OUT'
cisco:
  permit tcp any any established
  permit tcp any 198.51.100.0 0.0.0.255 eq 2147
  deny ip any any
windows:
  name=o_tunnel enable=yes interfacetype=any dir=out localip=any remoteip=198.51.100.0/24 remoteport=2147 protocol=tcp action=allow
  name=o_rest enable=yes interfacetype=any dir=out localip=any remoteip=any protocol=any action=block
with the deny first: True
warnings: 0
OUT
