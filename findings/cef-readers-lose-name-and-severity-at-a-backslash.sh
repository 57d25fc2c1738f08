#!/usr/bin/env bash
# pycef 1.11 and jc 1.26.1: a backslash in an event's name costs its name and its severity, and a field gets another name.
#
# One would think: `CORP\\svc refused` and `2147\|2148 closed`, escaped as CEF asks for it in a header, come back as name, and the
# severity behind them as severity, since both readers know the escapes in the fields behind the header.
# What is: the name is empty, there is no severity at all, and the last word of the name and the severity become part of the
# first field's key: what asks for `src` finds none. Nothing is raised, and nothing is told. Without a backslash all is right.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pycef==1.11' 'jc==1.26.1'
cat > "$folder/read.py" <<'PY'
import jc
import pycef

for name in ("svc refused", r"CORP\\svc refused", r"2147\|2148 closed"):
    line = f"CEF:0|Example|scan|1.0|drift|{name}|8|src=192.0.2.7 msg=C:\\\\Temp a\\=b"
    by_pycef = pycef.parse(line)
    (by_jc,) = jc.parse("cef", line)
    print(name)
    print("  pycef:", [by_pycef.get(key) for key in ("Name", "Severity", "src")], [key for key in by_pycef if "src" in key])
    print("  jc:", [by_jc.get(key) for key in ("name", "agentSeverity", "src", "msg")], [key for key in by_jc if "src" in key])
PY
"$folder/venv/bin/python" "$folder/read.py" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
svc refused
  pycef: ['svc refused', '8', '192.0.2.7'] ['src']
  jc: ['svc refused', '8', '192.0.2.7', 'C:\\Temp a=b'] ['src']
CORP\\svc refused
  pycef: ['', None, None] ['refused|8|src']
  jc: ['', None, None, 'C:\\Temp a=b'] ['refused_8_src']
2147\|2148 closed
  pycef: ['', None, None] ['closed|8|src']
  jc: ['', None, None, 'C:\\Temp a=b'] ['closed_8_src']
OUT
