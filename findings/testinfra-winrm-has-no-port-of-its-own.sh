#!/usr/bin/env bash
# pytest-testinfra 10.2.2 (pywinrm 0.5.0): `winrm://host` without a port asks 443, or 80, and no WinRM listener.
#
# One would think: 5986 for https and 5985 with `no_ssl`, as pywinrm's Session and Ansible have it, and that the flag
# `?no_ssl` counts without a value.
# What is: the endpoint is written without a port, so the HTTP library takes the scheme's. `?no_ssl` is dropped without a
# word and https stays; `no_ssl=true` counts. A bracketed IPv6 address loses its brackets, and the URL is none any more.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pytest-testinfra==10.2.2' 'pywinrm==0.5.0'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
import testinfra

for spec in (
    "winrm://svc:pw@web1",
    "winrm://svc:pw@web1?no_ssl=true",
    "winrm://svc:pw@web1:5985?no_ssl",
    "winrm://svc:pw@[2001:db8::1]:5986",
):
    print(spec, "->", testinfra.get_host(spec).backend.conn_args["endpoint"])
PY
diff "$folder/seen" - <<'OUT'
winrm://svc:pw@web1 -> https://web1/wsman
winrm://svc:pw@web1?no_ssl=true -> http://web1/wsman
winrm://svc:pw@web1:5985?no_ssl -> https://web1:5985/wsman
winrm://svc:pw@[2001:db8::1]:5986 -> https://2001:db8::1:5986/wsman
OUT
