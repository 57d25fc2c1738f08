#!/usr/bin/env bash
# impacket 0.13.1: the target of its tools reads a logon name of the form name@domain as a name and a password.
#
# One would think: `svc@corp.example@web1` is the account svc@corp.example on web1, to be asked for its password, as the
# last @ parts the host and as `parse_credentials` of the same module reads the name alone.
# What is: the name ends at the first @. Everything up to the last one counts as the rest of a password with an @ in it, so
# that the account is svc without a domain and its password `@corp.example`: nothing is asked, and a tool that goes on
# with it sends one wrong password of whichever svc there is.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'impacket==0.13.1'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from impacket.examples.utils import parse_credentials, parse_target

for text in ("corp.example/svc:p@ss@web1", "svc@corp.example@web1"):
    print("target", text, parse_target(text))
print("credentials", parse_credentials("svc@corp.example"))
PY
diff "$folder/seen" - <<'OUT'
target corp.example/svc:p@ss@web1 ('corp.example', 'svc', 'p@ss', 'web1')
target svc@corp.example@web1 ('', 'svc', '@corp.example', 'web1')
credentials ('', 'svc@corp.example', '')
OUT
