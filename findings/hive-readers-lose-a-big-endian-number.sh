#!/usr/bin/env bash
# python-registry 1.3.1 and regipy 6.5.0: a REG_DWORD_BIG_ENDIAN of 443 is 83886080 to the one and an empty text to the other.
#
# One would think: both readers of Windows' registry files give 443, as for a REG_DWORD, and a REG_MULTI_SZ as its texts.
# What is: python-registry reads the type of the value in place of its data, turned round (5 is 0x05000000), whatever number
# is stored; regipy gives ''. A REG_MULTI_SZ of a and b ends in two empty texts with python-registry, its two closing
# zeros; regipy has a and b alone.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'python-registry==1.3.1' 'regipy==6.5.0'
cd "$folder"
cat > hive.py <<'PY'
"""Write a hive of one key with these values: a base block, and one bin with the key, its list, its values, its security."""
import struct

TIME = 132000000000000000
NONE = 0xFFFFFFFF


class Bin:
    def __init__(self):
        self.cells = bytearray()

    def add(self, data):
        """Append a cell, and return its offset in the hive."""
        offset, size = 32 + len(self.cells), (4 + len(data) + 7) // 8 * 8
        self.cells += struct.pack("<i", -size) + data.ljust(size - 4, b"\0")
        return offset


def hive(values):
    cells, name = Bin(), b"ROOT"
    root = cells.add(bytes(76 + len(name)))  # the first cell; filled in below
    found = []
    for title, kind, data in values:
        title = title.encode("ascii")
        if len(data) <= 4:  # it lies in the value's own record
            where, size = struct.unpack("<I", data.ljust(4, b"\0"))[0], len(data) | 0x80000000
        else:
            where, size = cells.add(data), len(data)
        found.append(cells.add(struct.pack("<2sHIIIHH", b"vk", len(title), size, where, kind, 1, 0) + title))
    listed = cells.add(struct.pack(f"<{len(found)}I", *found))
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    security = 32 + len(cells.cells)
    cells.add(struct.pack("<2sHIIII", b"sk", 0, security, security, 1, len(descriptor)) + descriptor)
    key = struct.pack("<2sHQ6I", b"nk", 0x2C, TIME, 0, NONE, 0, 0, NONE, NONE)
    key += struct.pack("<9I2H", len(found), listed, security, NONE, 0, 0, 40, 40, 0, len(name), 0) + name
    cells.cells[root - 28 : root - 28 + len(key)] = key
    size = (32 + len(cells.cells) + 4 + 4095) // 4096 * 4096
    free = size - 32 - len(cells.cells)
    body = b"hbin" + struct.pack("<IIQQI", 0, size, 0, TIME, 0) + cells.cells + struct.pack("<i", free)
    head = (b"regf" + struct.pack("<IIQ7I", 1, 1, TIME, 1, 5, 0, 1, root, size, 1)).ljust(508, b"\0")
    check = 0
    for (word,) in struct.iter_unpack("<I", head):
        check ^= word
    return (head + struct.pack("<I", check)).ljust(4096, b"\0") + body.ljust(size, b"\0")
PY
cat > read.py <<'PY'
import struct

from hive import hive
from Registry import Registry
from regipy.registry import RegistryHive

texts = "a\0b\0\0".encode("utf-16-le")
values = [
    ("little", 4, struct.pack("<I", 443)),
    ("big", 5, struct.pack(">I", 443)),
    ("other", 5, struct.pack(">I", 2147)),
    ("texts", 7, texts),
]
with open("hive", "wb") as file:
    file.write(hive(values))
print("python-registry:", [(value.name(), value.value()) for value in Registry.Registry("hive").root().values()])
print("regipy:", [(value.name, value.value) for value in RegistryHive("hive").root.iter_values()])
PY
venv/bin/python read.py | tee seen
diff seen - <<'OUT'
python-registry: [('little', 443), ('big', 83886080), ('other', 83886080), ('texts', ['a', 'b', '', ''])]
regipy: [('little', 443), ('big', ''), ('other', ''), ('texts', ['a', 'b'])]
OUT
