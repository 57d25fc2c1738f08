#!/usr/bin/env bash
# A host's own variables go to all members of a group that has the host's name.
#
# Version:   ansible-core 2.19.14 (Python 3.11); source: InventoryData.set_variable, which looks for a group first
# Expected:  `dc01 ansible_host=192.0.2.10` is said of the host dc01; the warning "Found both group and host with same
#            name" reads as if only patterns became ambiguous
# Behaviour: the variable is stored on the group dc01, because that group is known by then. dc02, a member with no
#            address of its own, is reached at dc01's address; and dc01, where it is no member of the group, at its name.
#            With the host's line above the group's first mention the variable stays the host's.
# Seen:      dc02: 192.0.2.10 / dc01: none / dc01: 192.0.2.10
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14'
export ANSIBLE_HOME=$work/home ANSIBLE_CONFIG=$work/ansible.cfg; touch "$ANSIBLE_CONFIG"

address() {  # FILE HOST: the address that Ansible has for a host
  venv/bin/ansible-inventory -i "$1" --host "$2" 2>/dev/null |
    venv/bin/python -c 'import json, sys; print(json.load(sys.stdin).get("ansible_host", "none"))'
}

printf '[dc01]\ndc01 ansible_host=192.0.2.10\ndc02\n' > member
printf '[dc01]\ndc02\n[others]\ndc01 ansible_host=192.0.2.10\n' > elsewhere
printf 'dc01 ansible_host=192.0.2.10\n[dc01]\ndc02\n' > above
seen="$(address member dc02) $(address elsewhere dc01) $(address above dc01)"
echo "dc02 beside dc01: ${seen%% *}; dc01 of another group, and dc01 above the group: ${seen#* }"
test "$seen" = '192.0.2.10 none 192.0.2.10'
