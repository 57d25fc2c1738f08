#!/usr/bin/env bash
# ntc-templates 9.3.0: of a Cisco access list the destination's port becomes the source's, and some entries are not there.
#
# One would think: `permit tcp any host 198.51.100.7 eq 2147` is read with destination_port 2147, since the template has that
# field; each entry is a row, and what a template cannot read ends in an error, as with other templates of the package.
# What is: where an entry has one port it is the source's, so that this entry and `permit tcp any eq 2147 host 198.51.100.7`,
# its opposite, are one. `established` is lost: the row permits all of TCP. Entries with an object-group have no row. A check
# of who may reach a gateway finds nobody, or everybody. Only an entry with both ports is right.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ntc-templates==9.3.0' 'textfsm==2.1.0'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from ntc_templates.parse import parse_output

SHOWN = """Extended IP access list OUT
    10 permit tcp any host 198.51.100.7 eq 2147 (5 matches)
    20 permit tcp any eq 2147 host 198.51.100.7
    30 permit tcp any gt 1023 host 198.51.100.7 eq 2147
    40 permit tcp any any established
    50 permit tcp object-group AGENTS object-group GATEWAYS eq 2147
    60 deny tcp object-group GUESTS any
    70 deny   ip any any
"""
for row in parse_output(platform="cisco_ios", command="show access-lists", data=SHOWN):
    print(*(f"{name}={value}" for name, value in row.items() if value and name not in ("name", "type")))
PY
diff seen - <<'OUT'
sn=10 action=permit protocol=tcp source=any operator_source_port=eq source_port=2147 destination=host 198.51.100.7 matches=5
sn=20 action=permit protocol=tcp source=any operator_source_port=eq source_port=2147 destination=host 198.51.100.7
sn=30 action=permit protocol=tcp source=any operator_source_port=gt operator_destination_port=eq source_port=1023 destination_port=2147 destination=host 198.51.100.7
sn=40 action=permit protocol=tcp source=any destination=any
sn=70 action=deny protocol=ip source=any destination=any
OUT
