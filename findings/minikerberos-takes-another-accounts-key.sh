#!/usr/bin/env bash
# minikerberos 0.4.9: of a keytab with several accounts it takes the first one whose name contains the one asked for.
#
# One would think: `from_keytab(path, "svc", realm)` gives the newest key of svc, as kinit -k does, or an error where there is
# none; and a keytab that klist reads is read.
# What is: the key of svc-backup is taken where it stands first, for the account svc: a logon refused, which counts toward
# a lock-out. A name that no entry has takes the first entry's key. Of two keys of one account it is the older, in the order
# that ktutil and adcli write. Once the first entry of the file was removed, nothing is found in it any more.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v ktutil > /dev/null || { apt-get update -qq; apt-get install -qq -y krb5-user > /dev/null; }
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'minikerberos==0.4.9' 'krb5==0.10.0'
cd "$work"
make() {
    file=$1 && shift
    for entry in "$@"; do
        printf 'addent -password -p %s@CORP.EXAMPLE -k %s -e aes256-cts-hmac-sha1-96\n%s\n' ${entry/:/ } "$entry"
    done > entries
    printf 'wkt %s\nq\n' "$file" | cat entries - | ktutil > ktutil.out
}
make two svc-backup:1 svc:1
make renewed svc:1 svc:2
make removed svc-old:1 svc:1
cat > key.py <<'PY'
import krb5
from minikerberos.common.creds import KerberosCredential


def keys(path):
    """Name the entries that krb5 itself reads, by the end of their keys."""
    return {
        bytes(entry.key.data).hex(): f"{entry.principal.name.decode().partition('@')[0]}:{entry.kvno}"
        for entry in krb5.kt_resolve(context, f"FILE:{path}".encode())
    }


def taken(path, name):
    try:
        return keys(path)[KerberosCredential.from_keytab(path, name, "CORP.EXAMPLE").kerberos_key_aes_256]
    except Exception as error:
        return f"{error}"


context = krb5.init_context()
table = krb5.kt_resolve(context, b"FILE:removed")
first = list(table)[0]
krb5.kt_remove_entry(context, table, first)
for path, name in (("two", "svc"), ("two", "other"), ("renewed", "svc"), ("removed", "svc")):
    print(f"{path}: {' '.join(keys(path).values())}; {name} takes {taken(path, name)}")
PY
venv/bin/python key.py | tee seen
diff seen - <<'OUT'
two: svc-backup:1 svc:1; svc takes svc-backup:1
two: svc-backup:1 svc:1; other takes svc-backup:1
renewed: svc:1 svc:2; svc takes svc:1
removed: svc:1; svc takes No entries found in keytab
OUT
