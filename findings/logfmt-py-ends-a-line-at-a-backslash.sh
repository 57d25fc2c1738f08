#!/usr/bin/env bash
# logfmt 0.4 (PyPI): a backslash in a quoted value makes it True, and whatever stands behind it on the line is gone.
#
# One would think: `account="CORP\\svc" port=2147`, as writers of logfmt escape it, gives the account and the port, and an empty
# value is an empty text.
# What is: account is True, and there is no port at all; the same with "C:\temp" and with `\n`. Only `\"` is read as it should
# be. `cause=` is True as well, as a flag is, so that a host without a cause has one. Nothing is raised.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'logfmt==0.4' 2> /dev/null
cat > "$folder/read.py" <<'PY'
from logfmt.parser import parse_line

for line in (
    r'host=web1 note="say \"no\"" port=2147',
    r'host=web1 account="CORP\\svc" port=2147',
    r'host=web1 folder="C:\temp" port=2147',
    r'host=web1 cause="refused\nretried" port=2147',
    'host=web1 cause= port=2147',
    'host=web1 cause="" port=2147',
):
    print(line, parse_line(line))
PY
"$folder/venv/bin/python" "$folder/read.py" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
host=web1 note="say \"no\"" port=2147 {'host': 'web1', 'note': 'say "no"', 'port': '2147'}
host=web1 account="CORP\\svc" port=2147 {'host': 'web1', 'account': True}
host=web1 folder="C:\temp" port=2147 {'host': 'web1', 'folder': True}
host=web1 cause="refused\nretried" port=2147 {'host': 'web1', 'cause': True}
host=web1 cause= port=2147 {'host': 'web1', 'cause': True, 'port': '2147'}
host=web1 cause="" port=2147 {'host': 'web1', 'cause': '', 'port': '2147'}
OUT
