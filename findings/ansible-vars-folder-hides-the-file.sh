#!/usr/bin/env bash
# A folder group_vars/web/ silences the file group_vars/web.yml beside it, an empty folder too.
#
# Version:   ansible-core 2.19.14 (Python 3.11); source: DataLoader.find_vars_files stops at the first name that exists
# Expected:  both are read and merged, as both are documented places; or a warning, as for a key that stands twice
# Behaviour: of `web`, `web.yml`, `web.yaml`, `web.json` the first that exists is the only one, in this order; no word of
#            the others with -vvv either. A folder made to move variables into, still empty, takes the group's variables away.
#            Within the folder `10.yml` and `20` are both read, `30.txt` is not.
# Seen:      file alone: 1 / with an empty folder: none / with a file in it: 3
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14'
export ANSIBLE_HOME=$work/home ANSIBLE_CONFIG=$work/ansible.cfg; touch "$ANSIBLE_CONFIG"
mkdir -p prod/group_vars
printf '[web]\nweb1\n' > prod/hosts
printf 'v: 1\nonly_in_the_file: 1\n' > prod/group_vars/web.yml

value() {
  venv/bin/ansible-inventory -i prod --host web1 -vvv 2>"$work/words" |
    venv/bin/python -c 'import json, sys; t = sys.stdin.read(); d = json.loads(t[t.index("{"):]); print(d.get("v", "none"), d.get("only_in_the_file", "none"))'
}

alone=$(value)
mkdir prod/group_vars/web
empty=$(value)
printf 'v: 2\n' > prod/group_vars/web/10.yml
printf 'v: 3\n' > prod/group_vars/web/20
printf 'v: 4\n' > prod/group_vars/web/30.txt
filled=$(value)
echo "file alone: $alone; with an empty folder: $empty; with files in it: $filled"
if grep -q 'web\.yml' words; then exit 1; fi
test "$alone|$empty|$filled" = '1 1|none none|3 none'
