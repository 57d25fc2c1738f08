#!/usr/bin/env bash
# ms_active_directory 1.14.1: each update of krb5.conf doubles the file, and a realm with a block in it is cut in the middle.
#
# One would think: `update_system_kerberos_configuration_for_domains`, run once more with the same domain, leaves the file as
# it is: it says that realms which are there are replaced, and that the default realm is.
# What is: every line gets one more line end, so a nightly job makes 13,310 lines of 11 in ten nights; the old default_realm is
# never taken out (a misspelt word in the source), one more is written each time. Of a realm that is replaced all up to the
# first closing brace goes: what stands behind auth_to_local_names stays, outside of any realm, and libkrb5 refuses the file.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ms_active_directory==1.14.1' 'krb5==0.10.0'
cd "$folder"
cat > update.py <<'PY'
import contextlib
import io
import os
import sys

import krb5
from ms_active_directory import ADDomain
from ms_active_directory.environment.kerberos import kerberos_client_configurer

BEFORE = """[libdefaults]
    default_realm = OLD.EXAMPLE
[realms]
    CORP.EXAMPLE = {
        kdc = dc0.corp.example
%s    }
    OLD.EXAMPLE = {
        kdc = kdc.old.example
    }
[domain_realm]
    .old.example = OLD.EXAMPLE
"""
NAMES = """        auth_to_local_names = {
            svc = backup
        }
        admin_server = dc0.corp.example
"""
domain = ADDomain(
    "corp.example",
    discover_ldap_servers=False,
    discover_kerberos_servers=False,
    ldap_servers_or_uris=["ldap://dc1.corp.example"],
    kerberos_uris=["dc1.corp.example:88"],
)


def update(times):
    for _ in range(times):
        with contextlib.redirect_stdout(io.StringIO()):
            kerberos_client_configurer.update_system_kerberos_configuration_for_domains(
                [domain], default_domain=domain, krb5_location="krb5.conf"
            )


def told():
    with open("krb5.conf") as file:
        lines = file.readlines()
    try:
        realm = krb5.get_default_realm(krb5.init_context()).decode()
    except krb5.Krb5Error as error:
        realm = f"error {error.err_code}"
    return f"{len(lines)} lines, {sum('default_realm' in line for line in lines)} default_realm, libkrb5: {realm}"


os.environ["KRB5_CONFIG"] = "krb5.conf"
for name, names in (("plain", ""), ("with names", NAMES)):
    with open("krb5.conf", "w") as file:
        file.write(BEFORE % names)
    print(f"{name}: {told()}")
    for times, so_far in ((1, 1), (1, 2), (8, 10)):
        update(times)
        print(f"after {so_far}: {told()}")
        if names:
            sys.exit()
PY
venv/bin/python -W ignore update.py | tee seen
diff seen - <<'OUT'
plain: 11 lines, 1 default_realm, libkrb5: OLD.EXAMPLE
after 1: 24 lines, 2 default_realm, libkrb5: CORP.EXAMPLE
after 2: 50 lines, 3 default_realm, libkrb5: CORP.EXAMPLE
after 10: 13310 lines, 11 default_realm, libkrb5: CORP.EXAMPLE
with names: 15 lines, 1 default_realm, libkrb5: OLD.EXAMPLE
after 1: 28 lines, 2 default_realm, libkrb5: error -1765328248
OUT
