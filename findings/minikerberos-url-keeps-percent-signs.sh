#!/usr/bin/env bash
# minikerberos 0.4.9 beside msldap 0.5.15: the same password in the same form of URL is two passwords.
#
# One would think: in `kerberos+password://CORP\svc:p%2Fs@dc1` the password is `p/s`, as in any URL, and as in msldap's
# `ldap+ntlm-password://` by the same author.
# What is: minikerberos decodes nothing: it logs on with the five characters `p%2Fs`, a wrong password that counts toward a
# lock-out. Written as it is, a password with / ? or # is refused as "Missing username!", so that there is no way to name
# it in a URL. msldap decodes, so a URL of the one cannot be used for the other.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'minikerberos==0.4.9' 'msldap==0.5.15'
cd "$folder"
venv/bin/python -W ignore - <<'PY' | tee seen
from urllib.parse import quote

from minikerberos.common.factory import KerberosClientFactory
from msldap.commons.factory import LDAPConnectionFactory


def kerberos(password):
    try:
        return KerberosClientFactory.from_url(f"kerberos+password://CORP\\svc:{password}@192.0.2.1").get_creds().password
    except Exception as error:
        return f"({error})"


def ldap(password):
    return LDAPConnectionFactory.from_url(f"ldap+ntlm-password://CORP\\svc:{password}@192.0.2.1").credential.secret


for password in ("p/s", "50%", "a b"):
    written = quote(password, safe="")
    print(f"{password} as {written}: minikerberos {kerberos(written)}, msldap {ldap(written)}")
print("p/s as p/s: minikerberos", kerberos("p/s"))
PY
diff seen - <<'OUT'
p/s as p%2Fs: minikerberos p%2Fs, msldap p/s
50% as 50%25: minikerberos 50%25, msldap 50%
a b as a%20b: minikerberos a%20b, msldap a b
p/s as p/s: minikerberos (Missing username!)
OUT
