#!/usr/bin/env bash
# firewalld 1.3.3 (Debian 12), by firewall-offline-cmd: a port within an open range is neither there nor not there.
#
# One would think: a port that was added stays until it is removed, and `--query-port` tells whether it is open.
# What is: who adds a range over it removes it from the zone, without a word, and who takes the range back later closes the
# port too. While the range is there, `--query-port=2147/tcp` says no, and a job that asks before it adds never comes to
# rest; `--remove-port=2147/tcp` says that it is enabled already, that it is not enabled, and "success", and it stays open.
#
# Output seen: as below
#
# Runs from unpacked packages, on a configuration of its own; nothing of the machine's firewall is read or changed.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir debs root
apt-get update -qq
(cd debs && apt-get -qq download 'firewalld=1.3.3-1*' 'python3-firewall=1.3.3-1*' python3-dbus python3-gi python3-nftables \
    python3-cap-ng gir1.2-glib-2.0 libgirepository-1.0-1 2> /dev/null)
for deb in debs/*.deb; do dpkg -x "$deb" root; done
export PYTHONPATH="$work/root/usr/lib/python3/dist-packages"
export LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu"
export GI_TYPELIB_PATH="$LD_LIBRARY_PATH/girepository-1.0"
cp -r root/etc/firewalld own
ask() {
    echo "$1: $(/usr/bin/python3 root/usr/bin/firewall-offline-cmd --system-config="$work/own" \
        --default-config="$work/root/usr/lib/firewalld" --zone=public "$1" 2>&1 | xargs -d '\n')"
}
{
    ask --add-port=2147/tcp
    ask --add-port=2100-2200/tcp
    ask --list-ports
    ask --query-port=2147/tcp
    ask --add-port=2147/tcp
    ask --remove-port=2147/tcp
    ask --list-ports
    ask --remove-port=2100-2200/tcp
    ask --list-ports
} 2>&1 | tee seen
diff seen - <<'OUT'
--add-port=2147/tcp: success
--add-port=2100-2200/tcp: success
--list-ports: 2100-2200/tcp
--query-port=2147/tcp: no
--add-port=2147/tcp: success
--remove-port=2147/tcp: WARNING: ALREADY_ENABLED: '2147:tcp' already in 'public' Warning: NOT_ENABLED: '2147:tcp' success
--list-ports: 2100-2200/tcp
--remove-port=2100-2200/tcp: success
--list-ports: 
OUT
