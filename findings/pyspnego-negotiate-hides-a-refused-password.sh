#!/usr/bin/env bash
# pyspnego 0.12.4 with krb5 0.10.0, gssapi 1.12.0, MIT Kerberos 1.20.1 (Debian 12's krb5-kdc).
#
# One would think: a password that the domain controller refuses ends `spnego.client` with one of pyspnego's own errors,
# whatever the protocol.
# What is: with protocol="kerberos" the binding's own krb5.Krb5Error comes out as it is (no SpnegoError, its code in
# `err_code`, not in `min_code`); with protocol="negotiate" nothing is said at all, and the first token is NTLM. So one
# wrong password is tried twice at each host, and the one that the domain counted is seen nowhere.
#
# Output seen:
#   kerberos: krb5 Krb5Error SpnegoError=False err_code=-1765328360 min_code=None
#   negotiate: first token is NTLM, preauth failures at the KDC: 2
set -euo pipefail
export PATH=$PATH:/usr/sbin

if ! command -v krb5kdc >/dev/null || ! command -v kdb5_util >/dev/null || [ ! -e /usr/include/krb5.h ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    krb5-kdc krb5-admin-server krb5-user libkrb5-dev gcc python3-dev >/dev/null
fi
home=$(mktemp -d)
kdc=
trap '[ -z "$kdc" ] || kill "$kdc"; rm -rf "$home"' EXIT
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install -q 'pyspnego==0.12.4' 'krb5==0.10.0' 'gssapi==1.12.0' 2>/dev/null

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$home/krb5.conf" <<CONF
[libdefaults]
  default_realm = LAB.TEST
  dns_lookup_kdc = false
  dns_lookup_realm = false
[realms]
  LAB.TEST = {
    kdc = 127.0.0.1:$port
  }
[logging]
  kdc = FILE:$home/kdc.log
CONF
cat >"$home/kdc.conf" <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:$port
  kdc_tcp_listen = 127.0.0.1:$port
[realms]
  LAB.TEST = {
    database_name = $home/principal
    key_stash_file = $home/stash
    acl_file = $home/acl
    default_principal_flags = +preauth
  }
CONF
export KRB5_CONFIG=$home/krb5.conf KRB5_KDC_PROFILE=$home/kdc.conf
kdb5_util create -s -r LAB.TEST -P master >/dev/null 2>&1
kadmin.local -q 'addprinc -pw right svc' >/dev/null 2>&1
krb5kdc -n >/dev/null 2>&1 &
kdc=$!
for _ in $(seq 50); do
  echo right | KRB5CCNAME=MEMORY: kinit svc >/dev/null 2>&1 && break
  sleep 0.1
done

"$home/venv/bin/python" - <<'PYTHON' | tee "$home/seen"
import spnego
from spnego.exceptions import SpnegoError

try:
    spnego.client("svc@LAB.TEST", "wrong", hostname="web1.lab.test", protocol="kerberos")
except Exception as error:
    kind = type(error)
    print(
        "kerberos:", kind.__module__.split(".")[0], kind.__name__, f"SpnegoError={isinstance(error, SpnegoError)}",
        f"err_code={getattr(error, 'err_code', None)} min_code={getattr(error, 'min_code', None)}",
    )
token = spnego.client("svc@LAB.TEST", "wrong", hostname="web1.lab.test", protocol="negotiate").step()
print("negotiate: first token is", "NTLM" if b"NTLMSSP\0" in token else "something else", end=", ")
PYTHON
failed=$(grep -c 'AS_REQ.*PREAUTH_FAILED' "$home/kdc.log" || true)
echo "preauth failures at the KDC: $failed" | tee -a "$home/seen"
grep -q '^kerberos: krb5 Krb5Error SpnegoError=False err_code=-1765328360 min_code=None$' "$home/seen"
grep -q '^negotiate: first token is NTLM, preauth failures at the KDC: 2$' "$home/seen"
