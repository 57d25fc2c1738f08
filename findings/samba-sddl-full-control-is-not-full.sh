#!/usr/bin/env bash
# Samba 4.17.12 (Debian 12): FA, "full control" of a file in a security descriptor's text, loses delete, read and change
# permissions, take ownership and synchronise.
#
# One would think: FA is 0x1f01ff, FILE_ALL_ACCESS, as on Windows and as FR, FW and FX are what they are there; and a
# descriptor that is written as text and printed again is the same one.
# What is: FA becomes 0x1ff. The five standard rights are gone, for the account that was to have all, and the text that is
# printed (twelve or so two-letter codes) has no FA in it that one could compare. 0x1f01ff in place of FA is taken as it is.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 -c 'import samba' 2> /dev/null || { apt-get update -qq; apt-get install -qq -y python3-samba > /dev/null; }
/usr/bin/python3 - <<'PY' | tee "$work/seen"
import samba
from samba.dcerpc import security

print(samba.version.partition("-")[0])
domain = security.dom_sid("S-1-5-21-1-2-3")
for right in ("FR", "FW", "FX", "FA", "0x1f01ff"):
    read = security.descriptor.from_sddl(f"D:(A;;{right};;;BA)", domain)
    print(right, hex(read.dacl.aces[0].access_mask), read.as_sddl(domain))
PY
diff "$work/seen" - <<'OUT'
4.17.12
FR 0x120089 D:(A;;0x00120089;;;BA)
FW 0x120116 D:(A;;0x00120116;;;BA)
FX 0x1200a0 D:(A;;0x001200a0;;;BA)
FA 0x1ff D:(A;;RPWPCRCCDCLCLODTSW;;;BA)
0x1f01ff 0x1f01ff D:(A;;0x001f01ff;;;BA)
OUT
