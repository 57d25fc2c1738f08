#!/usr/bin/env bash
# reged (chntpw 140201, Debian 12): an import makes Port beside port, and an export loses the value behind an empty one.
#
# One would think: the names of values are equal whatever their case, as in Windows and in hivexregedit, so that importing Port
# changes port; and an export is a .reg file that can be imported.
# What is: reged compares names letter by letter. The key then holds two values of one name, a state that Windows cannot make,
# and success is reported; which of the two counts is up to the reader. On export an empty value, such as those of
# OpenWithProgids, has no line end: the next value stands in its line, and an import loses both (Wine's reg.exe did).
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
{ command -v reged && command -v hivexregedit; } > which || {
    apt-get update -qq
    apt-get install -qq -y chntpw libhivex-bin libwin-hivex-perl > which
}
python3 - <<'PY'
"""Write a hive of one empty key: a base block, and one bin with the key and its security descriptor."""
import struct

TIME, NONE = 132000000000000000, 0xFFFFFFFF
descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
key = struct.pack("<2sHQ6I", b"nk", 0x2C, TIME, 0, NONE, 0, 0, NONE, NONE)
key += struct.pack("<9I2H", 0, NONE, 120, NONE, 0, 0, 0, 0, 0, 4, 0) + b"ROOT"
cells = (struct.pack("<i", -88) + key).ljust(88, b"\0")
cells += (struct.pack("<i2sHIIII", -48, b"sk", 0, 120, 120, 1, len(descriptor)) + descriptor).ljust(48, b"\0")
free = 4096 - 32 - len(cells)
body = b"hbin" + struct.pack("<IIQQI", 0, 4096, 0, TIME, 0) + cells + struct.pack("<i", free)
head = (b"regf" + struct.pack("<IIQ7I", 1, 1, TIME, 1, 5, 0, 1, 32, 4096, 1)).ljust(508, b"\0")
check = 0
for (word,) in struct.iter_unpack("<I", head):
    check ^= word
with open("hive", "wb") as file:
    file.write((head + struct.pack("<I", check)).ljust(4096, b"\0") + body.ljust(4096, b"\0"))
PY
root='HKEY_LOCAL_MACHINE\SOFTWARE'
written() { printf 'Windows Registry Editor Version 5.00\n\n[%s\\Agent]\n%b\n' "$root" "$1"; }
written '"port"=dword:00000863\n"Progid"=hex(0):\n"Site"=dword:00000007\n' > first.reg
hivexregedit --merge --prefix "$root" hive first.reg
cp hive other
written '"Port"=dword:000001bb\n' > change.reg
hivexregedit --merge --prefix "$root" other change.reg
sed 's/$/\r/' change.reg > windows.reg
cp hive third
{
    echo "hivexregedit: $(hivexregedit --export other '\Agent' | grep -i '^"port' | paste -sd ' ')"
    { reged -C -I third "$root" windows.reg < /dev/null 2> said || true; } | grep -o 'operation SUCCEEDED'
    echo "reged: $(hivexregedit --export third '\Agent' | grep -i '^"port' | paste -sd ' ')"
    reged -x hive "$root" '\' out.reg > said || true
    echo "exported: $(tr -d '\r' < out.reg | grep Progid)"
} | tee seen
diff seen - <<'OUT'
hivexregedit: "Port"=dword:000001bb
operation SUCCEEDED
reged: "Port"=dword:000001bb "port"=dword:00000863
exported: "Progid"=hex(0):"Site"=dword:00000007
OUT
