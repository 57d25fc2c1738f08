#!/usr/bin/env bash
# winsddl 0.1.1: FW, the right to write a file, is told as delete, traverse and list; the same right as a number is told well.
#
# One would think: FW and 0x120116 are one right in a security descriptor's text and are told in the same words; FRFW and
# GRGW, two rights in one entry, are told as two; and `O:BA` has an owner, as in the first example of the library's page.
# What is: FW and GW are matched with rights that they do not have, delete and traverse among them, and writing data, which
# they are, is not named. An entry with two rights of two letters is listed without any. An owner or a group given by its
# two letters is None, a SID in full is read.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'winsddl==0.1.1'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
import json

from winsddl import SDDLParser


def told(text):
    parser = SDDLParser(sddl_type="File")
    parser.parse(text)
    return json.loads(parser.to_json())


for right in ("FR", "FW", "0x120116", "FRFW", "GW", "GRGW"):
    for entry in told(f"O:BAG:SYD:(A;;{right};;;BU)")["dacl"]:
        print(f"{right}:", ", ".join(sorted(entry["basic_rights"] + entry["advanced_rights"])) or "nothing")
for owner in ("BA", "S-1-5-32-544"):
    print(f"owner {owner}:", told(f"O:{owner}G:SYD:(A;;FR;;;BU)")["owner"])
PY
diff seen - <<'OUT'
FR: Read / List folder contents
FW: Delete, Delete Subfolders and Files, List Folder/Read Data, Read Attributes, Read Extended Attributes, Traverse Folder/Execute File, Write Extended Attributes
0x120116: Create Files/Write Data, Create Folders/Append Data, Read Permissions, Write Attributes, Write Extended Attributes
FRFW: nothing
GW: Delete, Delete Subfolders and Files, List Folder/Read Data, Read Attributes, Read Extended Attributes, Traverse Folder/Execute File, Write Extended Attributes
GRGW: nothing
owner BA: None
owner S-1-5-32-544: {'sid': 'S-1-5-32-544', 'name': 'Administrators'}
OUT
