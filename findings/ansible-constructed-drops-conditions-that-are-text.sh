#!/usr/bin/env bash
# ansible-core 2.19.14 beside 2.18.6, inventory plugin `constructed`: a condition that is a text makes no group any more.
#
# One would think: `known: site` puts each host that has a site into the group, as any `when: site` of old; what 2.19 does not
# take for a condition it says, as it does for `when`.
# What is: 2.19 wants a true or false. The error counts as one of evaluation, and with `strict: false`, the default, those
# pass without a word: the group is not made, `--limit known` matches nobody, `all:!known` everybody. Also
# `site is defined and site` is a text. Under `compose`, in both versions, one variable does not see another that is
# composed: it is left out as silently, while `groups` sees it.
#
# Output seen: "2.18.6: both known paris", "2.19.14: paris", "composed: site_name not fqdn"
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export ANSIBLE_HOME=$work/home ANSIBLE_CONFIG=$work/ansible.cfg LC_ALL=C.UTF-8; touch "$ANSIBLE_CONFIG"
cat > hosts.yml <<'YAML'
all: {hosts: {web1: {site: paris}}}
YAML
cat > groups.constructed.yml <<'YAML'
plugin: ansible.builtin.constructed
compose:
  site_name: site ~ ".corp.example"
  fqdn: inventory_hostname ~ "." ~ site_name
groups:
  known: site
  both: site is defined and site
  paris: site_name == "paris.corp.example"
YAML
for version in 2.18.6 2.19.14; do
    python3 -m venv "$version"
    "$version/bin/pip" install --quiet --disable-pip-version-check "ansible-core==$version"
    "$version/bin/ansible-inventory" -i hosts.yml -i groups.constructed.yml --list > "$version.json" 2> "$version.words"
    if [ -s "$version.words" ]; then cat "$version.words"; exit 1; fi
    python3 - "$version" <<'PY'
import json, sys
found = json.load(open(f"{sys.argv[1]}.json"))
print(f"{sys.argv[1]}:", *sorted(set(found) & {"known", "both", "paris"}))
if sys.argv[1] == "2.19.14":
    made = found["_meta"]["hostvars"]["web1"]
    print("composed:", *(name if name in made else f"not {name}" for name in ("site_name", "fqdn")), sep=" ")
PY
done | tee seen
diff seen - <<'OUT'
2.18.6: both known paris
2.19.14: paris
composed: site_name not fqdn
OUT
