#!/usr/bin/env bash
# nftables 1.0.6 (Debian 12): `nft -j list ruleset` leaves out a set's auto-merge and its comment.
#
# One would think: JSON is the whole ruleset, as the text is: flush, load it again, and all is as it was.
# What is: the rules are the same, but the set has no auto-merge any more. What could be added before, an address within a
# range that is there, is refused from then on (interval overlaps), so a job that adds addresses one by one fails only
# after a restore.
#
# Output seen:
#   lost: auto-merge comment "gateways"
#   an address within: added; after JSON: refused; after text: added
#
# Runs nft in a network namespace of its own; needs the rights to make one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v nft > /dev/null || { apt-get update -qq; apt-get install -qq -y nftables > /dev/null; }
cat > "$work/rules" <<'NFT'
table inet fleet {
    set gateways {
        type ipv4_addr
        flags interval
        auto-merge
        elements = { 192.0.2.0/24 }
        comment "gateways"
    }
    chain output {
        type filter hook output priority 0; policy accept;
        ip daddr @gateways tcp dport { 443, 2147 } accept
    }
}
NFT
cat > "$work/run" <<'RUN'
cd "$1"
added() { nft add element inet fleet gateways '{ 192.0.2.7 }' 2> /dev/null && said=added || said=refused; }
nft -f rules
nft list ruleset > text
nft -j list ruleset > json
added; first=$said
nft flush ruleset; nft -j -f json
nft list ruleset > again
echo "lost: $(diff text again | sed -n 's/^< //p' | xargs -d '\n' | tr -s '\t ' ' ' | sed 's/^ //')"
added; json=$said
nft flush ruleset; nft -f text
added
echo "an address within: $first; after JSON: $json; after text: $said"
RUN
unshare -rn bash "$work/run" "$work" | tee "$work/seen"
diff "$work/seen" - <<'OUT'
lost: auto-merge comment "gateways"
an address within: added; after JSON: refused; after text: added
OUT
