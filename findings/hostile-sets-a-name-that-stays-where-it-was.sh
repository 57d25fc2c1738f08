#!/usr/bin/env bash
# hostile 1.4.0 (npm): a name that shares its line in a hosts file is neither moved by `set` nor taken away by `remove`.
#
# One would think: `set(ip, name)` lets the name stand for that address, as its page says of a rule that exists, and
# `remove(ip, name)` takes it away.
# What is: a line's names are one text to it. Where web1 stands with its long name, as most hosts files have it, `set` adds a
# second line below and the first one counts: the name stays at the old address. `remove` finds nothing, and neither says so.
# The remarks behind all entries are gone with the first call of either, even with one that finds nothing.
#
# Output seen: as below; the addresses are the C library's answers
#
# Changes a file of its own, laid over /etc/hosts in a mount namespace; needs the rights to make one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund hostile@1.4.0 > npm 2>&1
cat > hosts <<'TEXT'
127.0.0.1 localhost
192.0.2.10 web1.example web1
192.0.2.11 web2 # moves on Friday
192.0.2.12 web3
TEXT
cat > run <<'RUN'
set -euo pipefail
cp hosts own
mount --bind own /etc/hosts
node -e "$1"
echo "$1: $(for name in web1 web2 web3; do getent -s files ahostsv4 "$name" | awk -v name="$name" '/STREAM/ {print name "=" $1; exit}'; done | xargs)"
RUN
{
    for what in "require('hostile').set('192.0.2.99', 'web2')" "require('hostile').set('192.0.2.99', 'web1')" \
        "require('hostile').remove('192.0.2.10', 'web1')"; do
        unshare -rm bash run "$what"
    done
    echo "remarks left: $(grep -c '#' own || true)"
} | tee seen
diff seen - <<'OUT'
require('hostile').set('192.0.2.99', 'web2'): web1=192.0.2.10 web2=192.0.2.99 web3=192.0.2.12
require('hostile').set('192.0.2.99', 'web1'): web1=192.0.2.10 web2=192.0.2.11 web3=192.0.2.12
require('hostile').remove('192.0.2.10', 'web1'): web1=192.0.2.10 web2=192.0.2.11 web3=192.0.2.12
remarks left: 0
OUT
