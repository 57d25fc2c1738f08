#!/usr/bin/env bash
# iptables-translate 1.8.9 and nftables 1.0.6 (Debian 12): a time window of iptables becomes another one, by the time zone.
#
# One would think: the rule for nft lets through what the rule of iptables lets through, at the same hours.
# What is: iptables takes 09:00 for UTC, unless --kerneltz is given. The translation repeats the figures, with --kerneltz and
# without it, and nft takes them for the local time of whoever loads the rule. West or east of Greenwich the window of a
# change, or of a backup, moves by hours; in Berlin it moves by one in winter and by two in summer.
#
# Output seen: as below; the last two lines are three datagrams within the window of iptables, in UTC, counted by both rules
#
# Runs in a network namespace of its own; needs the rights to make one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v iptables-translate > /dev/null && command -v nft > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends iptables nftables > /dev/null
}
cat > "$work/run" <<'RUN'
set -euo pipefail
export TZ=Asia/Tokyo
ip link set lo up
nft 'add table ip t; add chain ip t out { type filter hook output priority 0; }'
load() {
    local rule
    rule=$(iptables-translate -A OUTPUT "$@" -j ACCEPT | sed "s/^nft //; s/ip filter OUTPUT/ip t out/; s/^'//; s/'$//")
    echo "$*: $(grep -o 'meta hour "[^ ]*"' <<< "$rule")"
    nft "$rule"
}
load -m time --timestart 09:00 --timestop 17:00
load -m time --timestart 09:00 --timestop 17:00 --kerneltz
TZ=UTC nft list chain ip t out | sed -n 's/^\t*\(meta hour "[^ ]*"\) .*/in UTC: \1/p'
nft flush chain ip t out
within=(-p udp --dport 9 -m time --timestart "$(date -u -d '-30 min' +%H:%M)" --timestop "$(date -u -d '+30 min' +%H:%M)")
iptables-nft -A OUTPUT "${within[@]}" -j ACCEPT
load "${within[@]}" > /dev/null
python3 - <<'PY'
import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range(3):
        sender.sendto(b"x", ("127.0.0.1", 9))
PY
echo "counted by iptables: $(iptables-nft -nvxL OUTPUT | awk '/udp dpt:9/ {print $1}')"
echo "counted by nft: $(nft list chain ip t out | sed -n 's/.*packets \([0-9]*\) .*/\1/p')"
RUN
{
    iptables-nft --version | cut -d' ' -f1,2
    nft --version | cut -d' ' -f1,2
    unshare -rn bash "$work/run"
} | tee "$work/seen"
diff "$work/seen" - <<'OUT'
iptables v1.8.9
nftables v1.0.6
-m time --timestart 09:00 --timestop 17:00: meta hour "09:00:00"-"17:00:00"
-m time --timestart 09:00 --timestop 17:00 --kerneltz: meta hour "09:00:00"-"17:00:00"
in UTC: meta hour "00:00"-"08:00"
in UTC: meta hour "00:00"-"08:00"
counted by iptables: 3
counted by nft: 0
OUT
