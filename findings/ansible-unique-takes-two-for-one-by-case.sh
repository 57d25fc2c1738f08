#!/usr/bin/env bash
# ansible-core 2.19.14: `unique` and `groupby` take Paris and paris for one, while union, intersect and difference do not.
#
# One would think: `unique` drops what is there twice: equal, as `==` has it and as the filters for sets have it.
# What is: of /srv/A and /srv/a, or of two tokens that differ in case, the second is dropped without a word, unless
# `unique(case_sensitive=true)` is asked for. groupby puts both into one group, under the name that comes first. A list that went
# through union(...) has both, so `unique` behind it is no idle step.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ansible-core==2.19.14' 2> /dev/null
cat > "$folder/play.yml" <<'YML'
- hosts: localhost
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    folders: [/srv/A, /srv/a, /srv/b]
    fleet: [{name: web1, site: Paris}, {name: web2, site: paris}, {name: web3, site: rome}]
  tasks:
    - copy:
        dest: "{{ playbook_dir }}/seen"
        content: |
          equal: {{ '/srv/A' == '/srv/a' }}
          unique: {{ folders | unique | join(' ') }}
          unique(case_sensitive=true): {{ folders | unique(case_sensitive=true) | join(' ') }}
          union: {{ ['/srv/A'] | union(['/srv/a']) | sort | join(' ') }}
          difference: {{ folders | difference(['/srv/A']) | sort | join(' ') }}
          groupby: {% for site, members in fleet | groupby('site') %}{{ site }}={{ members | map(attribute='name') | join(',') }} {% endfor %}.
YML
cd "$folder"
ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_HOME="$folder/home" \
    venv/bin/ansible-playbook -i localhost, -c local play.yml > played 2>&1 || { cat played; exit 1; }
cat seen
diff seen - <<'OUT'
equal: False
unique: /srv/A /srv/b
unique(case_sensitive=true): /srv/A /srv/a /srv/b
union: /srv/A /srv/a
difference: /srv/a /srv/b
groupby: Paris=web1,web2 rome=web3 .
OUT
