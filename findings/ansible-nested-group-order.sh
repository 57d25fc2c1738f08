#!/usr/bin/env bash
# ansible-core 2.19.14 on Python 3.11 or later: the order of a nested group's hosts changes from run to run.
#
# One would think: `top[0]` is the first host of the first child, as the inventory file has it.
# What is: below the second level Ansible walks a Python set of group objects, whose order follows from where they lie
# in memory. So `ansible 'top[0]'` on one unchanged file takes another host from one run to the next, and a first wave
# chosen by `top[0:9]` is not the same twice. Groups whose children hold the hosts themselves keep their order.
#
# Output seen: "12 runs, first hosts: h1 h2 h3 h5 h6"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ansible-core==2.19.14'
{
  for number in 1 2 3 4 5 6; do printf '[g%s]\nh%s\n[p%s:children]\ng%s\n' "$number" "$number" "$number" "$number"; done
  printf '[top:children]\np1\np2\np3\np4\np5\np6\n'
} > "$folder/hosts.ini"
export HOME="$folder" LC_ALL=C.UTF-8
unset PYTHONHASHSEED
cat > "$folder/first.py" <<'PY'
import sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
print(InventoryManager(loader=DataLoader(), sources=[sys.argv[1]]).get_hosts("top[0]")[0].name)
PY
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do "$folder/venv/bin/python" "$folder/first.py" "$folder/hosts.ini"; done \
  | sort -u > "$folder/seen"
echo "12 runs, first hosts: $(tr '\n' ' ' < "$folder/seen")"
[ "$(wc -l < "$folder/seen")" -gt 1 ]
