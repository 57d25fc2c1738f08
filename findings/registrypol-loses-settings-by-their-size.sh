#!/usr/bin/env bash
# registrypol 1.0.1: settings of a group policy vanish where their record has a byte 0x0a, as any text of four letters has.
#
# One would think: a Registry.pol that is loaded and dumped again is the same file; the format states each size.
# What is: the records are looked for by a regular expression whose dot does not take a line feed. A text of four letters
# (its size is 10), the number 10 and the number 2560 are left out, no error is raised, and what is dumped is a policy
# without them. A `]` ends a record: `a]b` is read as `a`, the number 93 as no data at all, under the old size.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'registrypol==1.0.1'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
import io
import struct

import registrypol


def text(value):
    return (value + "\0").encode("utf-16-le")


def record(name, kind, data):
    """One setting as [MS-GPREG] has it: [key;value;type;size;data]."""
    parts = (text("Software\\Agent"), text(name), struct.pack("<I", kind), struct.pack("<I", len(data)), data)
    return "[".encode("utf-16-le") + ";".encode("utf-16-le").join(parts) + "]".encode("utf-16-le")


settings = {
    "three": (1, text("web")),
    "four": (1, text("web1")),
    "five": (1, text("web12")),
    "port": (4, struct.pack("<I", 443)),
    "ten": (4, struct.pack("<I", 10)),
    "large": (4, struct.pack("<I", 2560)),
    "bracket": (1, text("a]b")),
    "ninety-three": (4, struct.pack("<I", 93)),
}
policy = b"PReg" + struct.pack("<I", 1) + b"".join(record(name, *setting) for name, setting in settings.items())
loaded = registrypol.load(io.BytesIO(policy))
print("loaded:", *(value.value.rstrip("\0") for value in loaded.values))
for value in loaded.values:
    if value.data != settings[value.value.rstrip("\0")][1]:
        print(value.value.rstrip("\0"), value.size, value.data)
again = io.BytesIO()
registrypol.dump(loaded, again)
print("dumped:", len(again.getvalue()), "of", len(policy), "bytes")
PY
diff seen - <<'OUT'
loaded: three five port bracket ninety-three
bracket 8 b'a\x00'
ninety-three 4 b''
dumped: 358 of 566 bytes
OUT
