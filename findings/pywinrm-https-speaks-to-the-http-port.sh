#!/usr/bin/env bash
# pywinrm 0.5.0: `https://` in a Session's target does not choose the port, and what does not fit is cut off.
#
# One would think: `Session("https://web1", auth=..., transport="ntlm")` speaks TLS to 5986, since the scheme is said and
# 5986 is WinRM's port for it; a path is kept; a target that is no host is refused.
# What is: the port comes from `transport` alone, 5986 for "ssl" and 5985 for all others, so this one speaks TLS to 5985;
# `http://web1` with "ssl" is plain HTTP to 5986. The target is matched from its beginning only: of a path nothing but
# /wsman is known, a gateway's path becomes `/`; and the user of `svc@web1` becomes the host.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pywinrm==0.5.0'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from winrm import Session

for target, transport in (
    ("web1", "ssl"),
    ("https://web1", "ntlm"),
    ("http://web1", "ssl"),
    ("https://gate:443/hosts/web1/wsman", "ntlm"),
    ("svc@web1", "ntlm"),
):
    print(target, transport, "->", Session(target, auth=("svc", "secret"), transport=transport).url)
PY
diff "$folder/seen" - <<'OUT'
web1 ssl -> https://web1:5986/wsman
https://web1 ntlm -> https://web1:5985/wsman
http://web1 ssl -> http://web1:5986/wsman
https://gate:443/hosts/web1/wsman ntlm -> https://gate:443/
svc@web1 ntlm -> http://svc:5985/wsman
OUT
