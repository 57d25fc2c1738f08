#!/usr/bin/env bash
# aiowinreg 0.0.13: of an offline hive, a text is not the text, and three bytes are four.
#
# One would think: Port, stored as REG_SZ "2147", is the text 2147, as python-registry 1.3.1 and regipy 6.5.0 have it; a
# REG_EXPAND_SZ is a text too, and a REG_BINARY has the bytes that were stored.
# What is: the zero that ends a text stays in it, also in each text of a REG_MULTI_SZ, so that no comparison holds; a
# REG_EXPAND_SZ comes as raw UTF-16; a binary value of one to three bytes is filled up to the four of the record that it lies
# in, and a text of one letter without its end gets one. Nothing is raised. Numbers are right, REG_DWORD_BIG_ENDIAN too.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'aiowinreg==0.0.13' 'python-registry==1.3.1'
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
venv/bin/python - <<'PY' | tee seen
import struct

from aiowinreg.hive import AIOWinRegHive
from hive import hive
from Registry import Registry


def wide(text):
    return text.encode("utf-16-le")


stored = {
    "text": (1, wide("2147\0")),
    "letter": (1, wide("7")),
    "expand": (2, wide("%x%\0")),
    "bytes": (3, b"\1\2\3"),
    "number": (4, struct.pack("<I", 2147)),
    "texts": (7, wide("a\0b\0\0")),
}
with open("hive", "wb") as file:
    file.write(hive([(name, *value) for name, value in stored.items()]))
peer = {value.name(): value.value() for value in Registry.Registry("hive").root().values()}
read = AIOWinRegHive.from_file("hive")
for name in stored:
    print(name, "aiowinreg", repr(read.get_value("\\" + name)[1]), "python-registry", repr(peer[name]))
PY
diff seen - <<'OUT'
text aiowinreg '2147\x00' python-registry '2147'
letter aiowinreg '7\x00' python-registry '7'
expand aiowinreg b'%\x00x\x00%\x00\x00\x00' python-registry '%x%'
bytes aiowinreg b'\x01\x02\x03\x00' python-registry b'\x01\x02\x03'
number aiowinreg 2147 python-registry 2147
texts aiowinreg ['a\x00', 'b\x00'] python-registry ['a', 'b', '', '']
OUT
