#!/usr/bin/env bash
# ansible-core 2.19.14, inventory plugin `constructed`: a number as the key of keyed_groups ends the grouping of all hosts.
#
# One would think: `os: 2022` makes the group os_2022, as the text does and as a list of numbers does; or that host alone is
# left out, since `strict` is false.
# What is: a bare number other than 0, true or a date ends the whole source at that host. Those before it stay in their groups;
# it and all after it get into none by a key, and those after it into none by `groups:` either. There are warnings, and
# the exit code is 0, so that `--limit os_2019` is a smaller fleet and no error.
#
# Output seen: "web1 os_2019 win | web2 win | web3 | web4, exit code 0", and with 2022 in quotes
#              "web1 os_2019 win | web2 os_2022 win | web3 os_2019 win | web4 os_1 os_2 win, exit code 0"
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14'
export ANSIBLE_HOME=$work/home ANSIBLE_CONFIG=$work/ansible.cfg LC_ALL=C.UTF-8; touch "$ANSIBLE_CONFIG"
cat > hosts.yml <<'YAML'
all:
  hosts:
    web1: {os: "2019"}
    web2: {os: 2022}
    web3: {os: "2019"}
    web4: {os: [1, 2]}
YAML
cat > groups.constructed.yml <<'YAML'
plugin: ansible.builtin.constructed
strict: false
groups: {win: os is defined}
keyed_groups:
  - {key: os, prefix: os}
YAML
shown() {
    venv/bin/ansible-inventory -i "$1" -i groups.constructed.yml --list > list.json 2> words && code=0 || code=$?
    venv/bin/python - "$code" <<'PY'
import json, sys
groups = json.load(open("list.json"))
lines = (
    " ".join([host, *sorted(name for name, group in groups.items() if name[:2] in ("os", "wi") and host in group["hosts"])])
    for host in ("web1", "web2", "web3", "web4")
)
print(" | ".join(lines) + f", exit code {sys.argv[1]}")
PY
}
{
    shown hosts.yml
    grep -q 'Invalid group name format' words
    sed 's/os: 2022/os: "2022"/' hosts.yml > quoted.yml
    shown quoted.yml
} | tee seen
diff seen - <<'OUT'
web1 os_2019 win | web2 win | web3 | web4, exit code 0
web1 os_2019 win | web2 os_2022 win | web3 os_2019 win | web4 os_1 os_2 win, exit code 0
OUT
