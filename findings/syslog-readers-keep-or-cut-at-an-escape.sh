#!/usr/bin/env bash
# syslog-rfc5424-parser 0.3.2 and jc 1.26.1: an escaped character in structured data comes back with its backslash, or cuts it.
#
# One would think: `account="CORP\\svc"` is CORP\svc, and `note="say \"no\" now"` is say "no" now: RFC 5424 (6.3.3) has the
# backslash before a quote, a backslash and a closing bracket, so that a reader takes it away again.
# What is: syslog-rfc5424-parser keeps the backslashes, so an account from the log is none of the directory; jc takes them away,
# but ends the value at an escaped quote and drops what is behind it. Neither raises anything.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'syslog-rfc5424-parser==0.3.2' 'jc==1.26.1' 2> /dev/null
cat > "$folder/read.py" <<'PY'
import jc
from syslog_rfc5424_parser import SyslogMessage

for value in (r"CORP\svc", 'say "no" now', "[paris]"):
    written = value.replace("\\", r"\\").replace('"', r"\"").replace("]", r"\]")
    line = f'<134>1 2026-11-30T02:00:00Z web1 scan 12 drift [host@32473 value="{written}" port="2147"] closed'
    by_parser = SyslogMessage.parse(line).sd["host@32473"]
    by_jc = jc.parse("syslog", line)[0]["structured_data"][0]["parameters"]
    print(value, "| syslog-rfc5424-parser:", by_parser["value"], "| jc:", by_jc["value"])
PY
"$folder/venv/bin/python" "$folder/read.py" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
CORP\svc | syslog-rfc5424-parser: CORP\\svc | jc: CORP\svc
say "no" now | syslog-rfc5424-parser: say \"no\" now | jc: say 
[paris] | syslog-rfc5424-parser: [paris\] | jc: [paris]
OUT
