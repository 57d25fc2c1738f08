#!/usr/bin/env bash
# keyrings.alt 5.0.2 with keyring 25.7.0: in its file SVC and svc are one user name, while WEB1 and web1 are two services.
#
# One would think: each pair of service and user name has its password; or case counts for
# neither.
# What is: the file is an INI file, whose sections keep their case and whose keys lose it. A password for `svc` takes the
# place of the one for `SVC`, which is then given out for both, and deleting one deletes both; nothing is said.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'keyrings.alt==5.0.2' 'keyring==25.7.0' 2> /dev/null
export XDG_DATA_HOME="$work/data" PYTHON_KEYRING_BACKEND=keyrings.alt.file.PlaintextKeyring
cat > look.py <<'PY'
import keyring

for service, name, password in (("web1", "SVC", "one"), ("web1", "svc", "two"), ("WEB1", "svc", "three")):
    keyring.set_password(service, name, password)
for service, name in ("web1", "SVC"), ("web1", "svc"), ("WEB1", "svc"):
    print(service, name, keyring.get_password(service, name))
keyring.delete_password("web1", "svc")
print("web1 SVC after svc was deleted:", keyring.get_password("web1", "SVC"))
PY
venv/bin/python look.py | tee seen
diff seen - <<'OUT'
web1 SVC two
web1 svc two
WEB1 svc three
web1 SVC after svc was deleted: None
OUT
