#!/usr/bin/env bash
# MIT krb5 1.20.1 (Debian 12): a lifetime whose unit it does not know counts in seconds: `2w` is two seconds.
#
# One would think: `kinit -l 2w` is two weeks, `-l 1.5h` ninety minutes and `-l 10H` ten hours, as everywhere; or they are
# refused as "Bad lifetime value", as `1h30` is.
# What is: the number is read to where its unit should stand, the rest is dropped, and a number alone is one of seconds. So all
# of them are taken, by kinit as by krb5.conf's ticket_lifetime and renew_lifetime, and exit code 0 comes with a ticket
# that is gone before it is used. `10min` and `2hours` are right: of them the first letter is read.
#
# Output seen: as below
#
# Needs Debian 12 or a system with these packages; starts a KDC of its own on loopback.
set -euo pipefail
export PATH=$PATH:/usr/sbin
if ! command -v krb5kdc > /dev/null || ! command -v kinit > /dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        krb5-kdc krb5-admin-server krb5-user > /dev/null
fi
work=$(mktemp -d)
kdc=
trap '[ -z "$kdc" ] || kill "$kdc"; rm -rf "$work"' EXIT
cd "$work"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
conf() { # LINE of [libdefaults]
    printf '[libdefaults]\n %s\n default_realm = LAB.TEST\n dns_lookup_kdc = false\n dns_lookup_realm = false\n' "$1"
    printf '[realms]\n LAB.TEST = {\n kdc = 127.0.0.1:%s\n }\n' "$port"
}
conf '' > krb5.conf
cat > kdc.conf <<CONF
[kdcdefaults]
 kdc_listen = 127.0.0.1:$port
 kdc_tcp_listen = 127.0.0.1:$port
[realms]
 LAB.TEST = {
  database_name = $work/principal
  key_stash_file = $work/stash
  acl_file = $work/acl
  max_life = 30d
 }
CONF
export KRB5_CONFIG=$work/krb5.conf KRB5_KDC_PROFILE=$work/kdc.conf KRB5CCNAME=FILE:$work/cache LC_ALL=C TZ=UTC
kdb5_util create -s -r LAB.TEST -P master > /dev/null 2>&1
for command in 'addprinc -pw right svc' 'modprinc -maxlife 30days svc' 'modprinc -maxlife 30days krbtgt/LAB.TEST'; do
    kadmin.local -q "$command" > /dev/null 2>&1
done
krb5kdc -n > /dev/null 2>&1 &
kdc=$!
for _ in $(seq 50); do
    echo right | kinit svc > /dev/null 2>&1 && break
    sleep 0.1
done
cat > seconds.py <<'PY'
"""Print the longest life, in seconds, of the tickets that klist showed; a second is lost where the clock ticks on the way."""
import datetime
import sys

lives = []
for words in (line.split() for line in sys.stdin if "krbtgt" in line):
    times = (datetime.datetime.strptime(" ".join(pair), "%m/%d/%y %H:%M:%S") for pair in (words[:2], words[2:4]))
    start, end = times
    lives.append(round((end - start).total_seconds()))
print(max(lives), "s")
PY
life() { # OPTIONS of kinit
    for _ in 1 2 3; do
        echo right | kinit "$@" svc > /dev/null
        klist
    done | python3 seconds.py
}
{
    for value in 10h 10min 2hours 10H 1D 2w 2.5h 7.0d 1h30 0.5h; do
        if echo right | kinit -l "$value" svc > /dev/null 2> said; then
            echo "kinit -l $value: $(life -l "$value")"
        else
            echo "kinit -l $value: $(sed 1q said)"
        fi
    done
    for value in 10h 10H 2w 2.5h; do
        conf "ticket_lifetime = $value" > krb5.conf
        echo "krb5.conf, ticket_lifetime = $value: $(life)"
    done
} > seen
cat seen
diff seen - <<'OUT'
kinit -l 10h: 36000 s
kinit -l 10min: 600 s
kinit -l 2hours: 7200 s
kinit -l 10H: 10 s
kinit -l 1D: 1 s
kinit -l 2w: 2 s
kinit -l 2.5h: 2 s
kinit -l 7.0d: 7 s
kinit -l 1h30: Bad lifetime value 1h30
kinit -l 0.5h: Bad lifetime value 0.5h
krb5.conf, ticket_lifetime = 10h: 36000 s
krb5.conf, ticket_lifetime = 10H: 10 s
krb5.conf, ticket_lifetime = 2w: 2 s
krb5.conf, ticket_lifetime = 2.5h: 2 s
OUT
