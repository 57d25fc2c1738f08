#!/usr/bin/env bash
# ipset-translate 7.17 and nftables 1.0.6 (Debian 12): an entry without an end gets one, and an exception becomes an entry.
#
# One would think: `ipset-translate restore`, made for moving sets to nftables, keeps what a set says of an address.
# What is: in a set with a time-out, `timeout 0` is the entry that stays for good. It becomes `timeout 0s`, which nft takes
# for no time-out of its own, and so for the set's: the addresses that were to be let through for good are gone after it.
# `nomatch`, the exception within a network, is left out, so that the address is one of the set. The exit code is 0 both times.
#
# Output seen: as below
#
# Runs in a network namespace of its own; needs the rights to make one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v ipset-translate > /dev/null && command -v nft > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends ipset nftables > /dev/null
}
cat > sets <<'TEXT'
create allowed hash:ip timeout 2
add allowed 192.0.2.10 timeout 0
add allowed 192.0.2.11
TEXT
cat > exception <<'TEXT'
create gateways hash:net
add gateways 192.0.2.0/24
add gateways 198.51.100.7 nomatch
TEXT
cat > run <<'RUN'
set -euo pipefail
left() { grep -o '192\.0\.2\.1[01]' | sort | xargs; }
ipset restore < sets
ipset-translate restore < sets > sets.nft
cat sets.nft
nft -f sets.nft
echo "at once: ipset $(ipset list allowed | left); nft $(nft list set inet global allowed | left)"
sleep 3
echo "after 3 s: ipset $(ipset list allowed | left); nft $(nft list set inet global allowed | left)"
ipset-translate restore < exception | tail -n 1
RUN
{
    ipset --version | sed -n '1s/,.*//p'
    nft --version | cut -d' ' -f1,2
    unshare -rn bash run
} | tee seen
diff seen - <<'OUT'
ipset v7.17
nftables v1.0.6
add table inet global
add set inet global allowed { type ipv4_addr; timeout 2s; }
add element inet global allowed { 192.0.2.10 timeout 0s }
add element inet global allowed { 192.0.2.11 }
at once: ipset 192.0.2.10 192.0.2.11; nft 192.0.2.10 192.0.2.11
after 3 s: ipset 192.0.2.10; nft 
add element inet global gateways { 198.51.100.7 }
OUT
