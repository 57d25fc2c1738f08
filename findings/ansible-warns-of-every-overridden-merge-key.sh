#!/usr/bin/env bash
# ansible-core calls a key that overrides a merged one (`<<: *base`) a duplicate, and says the last one is used: it is the only one.
#
# Version:   ansible-core 2.19.14 (Python 3.11); source: construct_mapping, which looks for duplicates after PyYAML has
#            put what `<<` brings into the same node
# Expected:  overriding is what merge keys are for: no warning, and with DUPLICATE_YAML_DICT_KEY=error no error
# Behaviour: "Found duplicate mapping key" for each such key, and `error` refuses the file though no key stands twice.
#            Without an override the same merge is silent.
# Seen:      warn: the value 2 and a warning / error: the file is not parsed / nothing overridden: no warning
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14'
export ANSIBLE_HOME=$work/home ANSIBLE_CONFIG=$work/ansible.cfg; touch "$ANSIBLE_CONFIG"
cat > override.yml <<'YAML'
all:
  hosts:
    srv01: &base {disk: 1}
    srv02: {<<: *base, disk: 2}
YAML
sed 's/, disk: 2/, cpu: 2/' override.yml > addition.yml

read_it() { venv/bin/ansible-inventory -i "$1" --host srv02 2>words | tr -d ' \n' || true; }

echo "warn:  $(read_it override.yml), $(grep -c 'duplicate mapping key' words) warning"
test "$(read_it override.yml)" = '{"disk":2}'
grep -q 'duplicate mapping key' words
test "$(ANSIBLE_DUPLICATE_YAML_DICT_KEY=error read_it override.yml)" != '{"disk":2}'
test "$(read_it addition.yml)" = '{"cpu":2,"disk":1}'
if grep -q 'duplicate mapping key' words; then exit 1; fi
echo 'error: the file is refused; without an override no word'
