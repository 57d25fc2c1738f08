#!/usr/bin/env bash
# pykeepass 4.2.0: an entry is found by a piece of one of its tags, and still after it went to the recycle bin.
#
# One would think: `find_entries(tags=["prod"])` takes the entries that have the tag prod, as `title="web1"` takes that
# title alone and as a regular expression has to be asked for; and that a trashed entry is gone, as in KeePass' own search.
# What is: every tag asked for may stand anywhere in the entry's line of tags, so prod takes those tagged nonprod, and even
# `a;g` fits, the end of one tag and the beginning of the next. `trash_entry` moves an entry: it is found as before, at
# its new path, and `first=True` may return the deleted one.
#
# Output seen: "prod: prod1 test1", "a;g: prod1", "trashed: Recycle Bin/test1"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'pykeepass==4.2.0'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
import pykeepass

vault = pykeepass.create_database("vault.kdbx", password="x")
vault.add_entry(vault.root_group, "prod1", "svc", "one", tags=["prod", "beta", "gamma"])
vault.add_entry(vault.root_group, "test1", "svc", "two", tags=["nonprod"])
for tag in ("prod", "a;g"):
    print(f"{tag}:", *sorted(entry.title for entry in vault.find_entries(tags=[tag])))
vault.trash_entry(vault.find_entries(title="test1", first=True))
print("trashed:", "/".join(vault.find_entries(title="test1", first=True).path))
PY
diff seen - <<'OUT'
prod: prod1 test1
a;g: prod1
trashed: Recycle Bin/test1
OUT
