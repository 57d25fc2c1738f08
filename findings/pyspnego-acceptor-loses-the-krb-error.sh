#!/usr/bin/env bash
# pyspnego 0.12.4 with krb5 0.10.0, gssapi 1.12.0, MIT Kerberos 1.20.1 (Debian 12's krb5-kdc).
#
# One would think: a ticket that the accepting side cannot read (its keytab has another key since the machine joined
# anew) ends `step` with a SpnegoError, and the client gets the KRB-ERROR that Kerberos has for it.
# What is: `step` raises AttributeError ("Cannot read flags from a security context ..."), no SpnegoError, and the token
# with the KRB-ERROR is lost. python-gssapi asked directly has both: the token comes first, the GSSError at whatever is
# read next, be it only `complete`.
#
# Output seen:
#   pyspnego: AttributeError SpnegoError=False
#   gssapi, first step: a token of 0x60
#   gssapi, complete: GSSError
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
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  LAB.TEST = {
    kdc = 127.0.0.1:$port
  }
[domain_realm]
  .lab.test = LAB.TEST
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
kadmin.local -q 'addprinc -randkey HTTP/web1.lab.test' >/dev/null 2>&1
kadmin.local -q "ktadd -k $home/before.keytab HTTP/web1.lab.test" >/dev/null 2>&1
kadmin.local -q 'cpw -randkey HTTP/web1.lab.test' >/dev/null 2>&1
krb5kdc -n >/dev/null 2>&1 &
kdc=$!
for _ in $(seq 50); do
  echo right | KRB5CCNAME=MEMORY: kinit svc >/dev/null 2>&1 && break
  sleep 0.1
done

"$home/venv/bin/python" - "$home/before.keytab" <<'PYTHON' | tee "$home/seen"
import os
import sys

import gssapi
import spnego
from spnego.exceptions import SpnegoError

token = spnego.client("svc@LAB.TEST", "right", hostname="web1.lab.test", service="HTTP", protocol="kerberos").step()
os.environ["KRB5_KTNAME"] = f"FILE:{sys.argv[1]}"
try:
    spnego.server(protocol="kerberos").step(token)
except Exception as error:
    print("pyspnego:", type(error).__name__, f"SpnegoError={isinstance(error, SpnegoError)}")
context = gssapi.SecurityContext(usage="accept")
print("gssapi, first step: a token of", hex(context.step(token)[0]))
try:
    print("gssapi, complete:", context.complete)
except gssapi.exceptions.GSSError as error:
    print("gssapi, complete:", type(error).__name__)
PYTHON
grep -q '^pyspnego: AttributeError SpnegoError=False$' "$home/seen"
grep -q '^gssapi, first step: a token of 0x60$' "$home/seen"
grep -q '^gssapi, complete: GSSError$' "$home/seen"
