#!/usr/bin/env bash
# pypsrp 0.9.1 and psrpcore 0.3.1: a Python float reaches the script as a Single: a time in seconds is off by up to a minute.
#
# One would think: a float is a double on both sides, as it is in Python, in .NET and in PowerShell's own `1.5`; and a whole
# number that does not fit in 32 bits goes as an Int64.
# What is: both write every float as <Sg>, [MS-PSRP]'s 32-bit number. In a real PowerShell the parameter 1764504000.5, a second
# of November 2025, was the Single 1764504064, with no error; 0.1 was 0.10000000149011612. psrpcore takes I64 for a large
# whole number; pypsrp labels 5 GB in bytes, or a REG_DWORD of ffffffff, as I32 all the same.
#
# Output seen: as below; the last column is what a Single of the text is
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pypsrp==0.9.1' 'psrpcore==0.3.1'
cd "$folder"
venv/bin/python -W ignore - <<'PY' | tee seen
import struct

from psrpcore.types import serialize
from pypsrp.serializer import Serializer

for value in (443, 5_000_000_000, 0.5, 0.1, 1764504000.5):
    sent = [Serializer().serialize(value), serialize(value, cipher=None)]
    print(*(f"{element.tag} {element.text}" for element in sent), end="")
    print(f" {struct.unpack('f', struct.pack('f', value))[0]!r}" if sent[0].tag == "Sg" else "")
PY
diff seen - <<'OUT'
I32 443 I32 443
I32 5000000000 I64 5000000000
Sg 0.5 Sg 0.5 0.5
Sg 0.1 Sg 0.1 0.10000000149011612
Sg 1764504000.5 Sg 1764504000.5 1764504064.0
OUT
