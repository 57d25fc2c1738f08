#!/usr/bin/env bash
# ansible-core 2.19.0: in an INI inventory quotes make a number text under [group:vars], and not on a host's line.
#
# One would think that '5986' is text in both places, and that 443,2147 is text in both. On a host's line the quotes are
# the shell's and are gone before the value is read as Python: '5986' is a number there and text under :vars; 443,2147
# without quotes is a list of two numbers in both, while 443-2147 stays text.
# Seen:
#   host line: quoted=5986 (a number), ports=[443, 2147], range='443-2147'
#   :vars:     quoted='5986' (text),   ports=[443, 2147], range='443-2147'
# Exits 0 while it is so, 1 when it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ansible-core==2.19.0'
cat > "$folder/hosts" <<'INI'
[line]
web1 quoted='5986' ports=443,2147 range=443-2147
[win]
web2
[win:vars]
quoted='5986'
ports=443,2147
range=443-2147
INI
"$folder/venv/bin/ansible-inventory" -i "$folder/hosts" --list > "$folder/list.json"
"$folder/venv/bin/python" - "$folder/list.json" <<'PY'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    found = json.load(file)["_meta"]["hostvars"]
print(found)
ports = {"ports": [443, 2147], "range": "443-2147"}
sys.exit(0 if found == {"web1": {"quoted": 5986, **ports}, "web2": {"quoted": "5986", **ports}} else 1)
PY
