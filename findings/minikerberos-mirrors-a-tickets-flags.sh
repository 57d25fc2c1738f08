#!/usr/bin/env bash
# minikerberos 0.4.9, read by MIT krb5 1.20.1 (Debian 12): a ticket comes out of its converters with other flags.
#
# One would think: `minikerberos-ccache2kirbi` and `minikerberos-kirbi2ccache` change the format of a ticket, and the ticket
# is the same afterwards; a cache that minikerberos writes tells klist what the KDC granted.
# What is: in a cache it writes the 32 flags are in another order, so that a forwardable, renewable, initial ticket is shown as
# "forwarded" and "invalid" and no more as renewable, and the time until which it can be renewed is not there: it is
# looked for as `renew_till`, which is `renew-till`. In a kirbi it writes "forwardable" is lost, and the renewal ends
# when it began: authtime stands in its place. What renews tickets by their cache leaves such a ticket to expire.
# impacket's ticketConverter.py keeps both.
#
# Output seen: as below; flags are klist's: F forwardable, f forwarded, R renewable, I initial, A preauthenticated, i invalid
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
python3 -m venv venv
venv/bin/pip install -q 'minikerberos==0.4.9' 'impacket==0.13.1' 2> /dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > krb5.conf <<CONF
[libdefaults]
 default_realm = LAB.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
[realms]
 LAB.TEST = {
  kdc = 127.0.0.1:$port
 }
CONF
cat > kdc.conf <<CONF
[kdcdefaults]
 kdc_listen = 127.0.0.1:$port
 kdc_tcp_listen = 127.0.0.1:$port
[realms]
 LAB.TEST = {
  database_name = $work/principal
  key_stash_file = $work/stash
  acl_file = $work/acl
  max_renewable_life = 14d
  default_principal_flags = +preauth
 }
CONF
export KRB5_CONFIG=$work/krb5.conf KRB5_KDC_PROFILE=$work/kdc.conf LC_ALL=C TZ=UTC
kdb5_util create -s -r LAB.TEST -P master > /dev/null 2>&1
kadmin.local -q 'addprinc -pw right svc' > /dev/null 2>&1
krb5kdc -n > /dev/null 2>&1 &
kdc=$!
for _ in $(seq 50); do
    echo right | kinit -f -r 7d -c cache svc > /dev/null 2>&1 && break
    sleep 0.1
done
shown() { # CACHE: flags and days until which it can be renewed
    klist -f -c "$1" | python3 -c '
import datetime, re, sys
text = sys.stdin.read()
flags = re.search(r"Flags: (\w+)", text).group(1)
times = [datetime.datetime.strptime(time, "%m/%d/%y %H:%M:%S") for time in re.findall(r"[\d/]{8} [\d:]{8}", text)]
left = f"{(times[2] - times[0]).total_seconds() / 86400:.0f} days" if len(times) > 2 else "no renewal"
print(f"{flags}, {left}")'
}
{
    echo "of kinit: $(shown cache)"
    mkdir tickets
    venv/bin/minikerberos-ccache2kirbi cache tickets/ > log 2>&1
    venv/bin/minikerberos-kirbi2ccache tickets/*krbtgt*.kirbi back > log 2>&1
    echo "by way of minikerberos: $(shown back)"
    venv/bin/ticketConverter.py tickets/*krbtgt*.kirbi half > log 2>&1
    echo "to a kirbi by minikerberos, back by impacket: $(shown half)"
    venv/bin/ticketConverter.py cache whole.kirbi > log 2>&1
    venv/bin/ticketConverter.py whole.kirbi whole > log 2>&1
    echo "by way of impacket: $(shown whole)"
    venv/bin/minikerberos-kirbi2ccache whole.kirbi other > log 2>&1
    echo "to a kirbi by impacket, back by minikerberos: $(shown other)"
} > seen
cat seen
diff seen - <<'OUT'
of kinit: FRIA, 7 days
by way of minikerberos: Ffi, no renewal
to a kirbi by minikerberos, back by impacket: RIA, 0 days
by way of impacket: FRIA, 7 days
to a kirbi by impacket, back by minikerberos: FfiI, no renewal
OUT
