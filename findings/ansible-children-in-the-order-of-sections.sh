#!/usr/bin/env bash
# ansible-core 2.19.14 on Python 3.11: children of an INI group do not keep the order of their `:children` list.
#
# One would think: `[paris:children]` names web and then db, so `paris[0]` is web's first host.
# What is: a child whose own section stands above the list is added at once, one whose section comes below only when that
# is reached. So db, defined higher up in the file, comes before web, which the list names first; to move a section
# within the file, without touching the list, changes which hosts `paris[0:9]` takes.
#
# Output seen: "db above: db1, both below: web1"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ansible-core==2.19.14'
list='[paris:children]\nweb\ndb\n' web='[web]\nweb1\n' db='[db]\ndb1\n'
printf "$db$list$web" > "$folder/above.ini"
printf "$list$web$db" > "$folder/below.ini"
cat > "$folder/first.py" <<'PY'
import sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
print(InventoryManager(loader=DataLoader(), sources=[sys.argv[1]]).get_hosts("paris[0]")[0].name)
PY
export HOME="$folder" LC_ALL=C.UTF-8
above=$("$folder/venv/bin/python" "$folder/first.py" "$folder/above.ini")
below=$("$folder/venv/bin/python" "$folder/first.py" "$folder/below.ini")
echo "db above: $above, both below: $below"
[ "$above" = db1 ]
[ "$below" = web1 ]
