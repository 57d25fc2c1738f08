#!/usr/bin/env bash
# jc 1.26.1: of `dir` on a server with a 24-hour clock no name, no size and no folder is left; `ipconfig` gives a wrong prefix.
#
# One would think: `dir | jc --dir` has the same names whatever the regional settings, and `epoch` alone may be null, or it fails.
# What is: the third column is taken for AM or PM. By a 24-hour clock it is <DIR> or the size: that becomes part of `time`, the
# name is empty or lacks its first word, each folder is a file, each size null. The exit code is 0, so that a check for the
# newest or the smallest backup file has nothing left to see. Beside it: of fe80::1%12 `--ipconfig` makes prefix_length 12,
# which is the number of the interface.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'jc==1.26.1'
cd "$folder"
listing() {
    printf ' Volume in drive C has no label.\n Volume Serial Number is 1234-ABCD\n\n Directory of C:\\Backup\n\n'
    printf '%s    <DIR>          logs\n' "$1"
    printf '%s             1,234 agent.log\n' "$2"
    printf '%s               512 full set.bak\n' "$2"
    printf '               2 File(s)          1,746 bytes\n               1 Dir(s)  10,000,000,000 bytes free\n'
}
cat > told.py <<'PY'
import json
import sys

for row in json.load(sys.stdin):
    print(f"{sys.argv[1]}: {row['filename']!r}, dir {row['dir']}, size {row['size']}, time {row['time']!r}")
PY
cat > addresses <<'TEXT'

Windows IP Configuration

   Host Name . . . . . . . . . . . . : WEB1

Ethernet adapter Ethernet0:

   Link-local IPv6 Address . . . . . : fe80::1%12(Preferred) 
TEXT
{
    listing '11/30/2026  02:30 PM' '11/29/2026  01:05 AM' | venv/bin/jc -q --dir | python3 told.py 12
    listing '30/11/2026  14:30' '29/11/2026  01:05' | venv/bin/jc -q --dir | python3 told.py 24
    venv/bin/jc -q --ipconfig < addresses | python3 -c '
import json, sys
print("ipconfig:", json.load(sys.stdin)["adapters"][0]["link_local_ipv6_addresses"][0])'
} | tee seen
diff seen - <<'OUT'
12: 'logs', dir True, size None, time '02:30 PM'
12: 'agent.log', dir False, size 1234, time '01:05 AM'
12: 'full set.bak', dir False, size 512, time '01:05 AM'
24: '', dir False, size None, time '14:30 <DIR>'
24: '', dir False, size None, time '01:05 1,234'
24: 'set.bak', dir False, size None, time '01:05 512'
ipconfig: {'address': 'fe80::1', 'prefix_length': 12, 'status': 'Preferred'}
OUT
