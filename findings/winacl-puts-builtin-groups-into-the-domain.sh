#!/usr/bin/env bash
# winacl 0.1.9: `BA` in a security descriptor's text becomes a group that is in no domain and on no machine.
#
# One would think: BA is the local Administrators, S-1-5-32-544, and LS the local service account, S-1-5-19, wherever the
# text is used; the domain's SID, which `from_sddl` takes, is for DA, the domain's administrators.
# What is: SY, BU and the like are right, but for BA, BO, SO, RD, LS and NS winacl hangs their number onto the domain: an entry
# for the administrators, the backup operators or a service account names nobody once it is written, and as the owner BA is
# nobody too. Without a domain's SID it refuses BA. The same group, given as S-1-5-32-544, stays what it is.
#
# Output seen: as below; the last column is what winacl's own list of well-known names has
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'winacl==0.1.9'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from winacl.dtyp.security_descriptor import SECURITY_DESCRIPTOR
from winacl.dtyp.sid import well_known_sids_name_sid_map as known

NAMES = {
    "SY": "LOCAL_SYSTEM",
    "BU": "BUILTIN_USERS",
    "BA": "BUILTIN_ADMINISTRATORS",
    "BO": "BACKUP_OPERATORS",
    "RD": "REMOTE_DESKTOP",
    "LS": "LOCAL_SERVICE",
    "NS": "NETWORK_SERVICE",
    "DA": None,
}
for letters, name in NAMES.items():
    read = SECURITY_DESCRIPTOR.from_sddl(f"O:{letters}D:(A;;FA;;;{letters})", domain_sid="S-1-5-21-1-2-3")
    stored = SECURITY_DESCRIPTOR.from_bytes(read.to_bytes())
    print(letters, "owner", stored.Owner, "entry", stored.Dacl.aces[0].Sid, "known", known.get(name))
PY
diff seen - <<'OUT'
SY owner S-1-5-18 entry S-1-5-18 known S-1-5-18
BU owner S-1-5-32-545 entry S-1-5-32-545 known S-1-5-32-545
BA owner S-1-5-21-1-2-3-544 entry S-1-5-21-1-2-3-544 known S-1-5-32-544
BO owner S-1-5-21-1-2-3-551 entry S-1-5-21-1-2-3-551 known S-1-5-32-551
RD owner S-1-5-21-1-2-3-555 entry S-1-5-21-1-2-3-555 known S-1-5-32-555
LS owner S-1-5-21-1-2-3-19 entry S-1-5-21-1-2-3-19 known S-1-5-19
NS owner S-1-5-21-1-2-3-20 entry S-1-5-21-1-2-3-20 known S-1-5-20
DA owner S-1-5-21-1-2-3-512 entry S-1-5-21-1-2-3-512 known None
OUT
