#!/usr/bin/env bash
# ufw 0.36.2 (Debian 12): `ufw insert 1 deny 2147/tcp` does nothing where the port is allowed, and exits 0.
#
# One would think: the first rule that fits counts, so a deny that is inserted at the top closes the port, whatever stands
# below, and `ufw deny 2147/tcp` at the end closes nothing that is allowed above it.
# What is: it is the other way round. ufw takes rules that differ in allow or deny alone for one. `insert 1` and `prepend`
# are skipped as an "existing rule", with exit code 0, and the port stays open. `ufw deny` without a place turns the rule
# that allows the port into one that denies it, where it stands.
#
# Output seen: as below
#
# Runs from the unpacked package, on a configuration of its own and with the firewall off; nothing of the machine's is changed.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get update -qq
apt-get -qq download 'ufw=0.36.2-1' 2> /dev/null
command -v iptables > /dev/null || apt-get install -qq -y --no-install-recommends iptables > /dev/null
dpkg -x ufw_*.deb root
cp root/usr/share/ufw/{ufw.conf,*.rules} root/etc/ufw/
cat > root/etc/default/ufw <<'CONF'
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
CONF
cat > run <<'RUN'
export PYTHONPATH="$PWD/root/usr/lib/python3/dist-packages"
ask() {
    local code=0
    /usr/bin/python3 root/usr/sbin/ufw --rootdir="$PWD/root" --datadir="$PWD/root" "$@" > said 2> warned || code=$?
    echo "$*: $(grep -v v6 said | grep -v '^Added' | xargs -d '\n'); $code"
}
ask allow from 192.0.2.0/24
ask allow 2147/tcp
ask insert 1 deny 2147/tcp
ask prepend deny 2147/tcp
ask show added
ask deny 2147/tcp
ask show added
RUN
unshare -rn bash run | tee seen
diff seen - <<'OUT'
allow from 192.0.2.0/24: Rules updated; 0
allow 2147/tcp: Rules updated; 0
insert 1 deny 2147/tcp: Skipping inserting existing rule; 0
prepend deny 2147/tcp: Skipping inserting existing rule; 0
show added: ufw allow from 192.0.2.0/24 ufw allow 2147/tcp; 0
deny 2147/tcp: Rules updated; 0
show added: ufw allow from 192.0.2.0/24 ufw deny 2147/tcp; 0
OUT
