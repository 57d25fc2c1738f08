#!/usr/bin/env bash
# Samba 4.17.12 (Debian 12): `net registry setvalue KEY NAME multi_sz a b` stores the texts multi_sz and a.
#
# One would think: the texts behind the type are the value; a number is what it is in a .reg file or for reg.exe, or an error.
# What is: the texts are taken from a place before them: of one the value's own name is stored, of two the word multi_sz and
# the first. A dword is read by its first digits: 0x1bb is 0, 443x is 443, and 4294967296 is 0. Each ends with exit code 0.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v net > /dev/null || { apt-get update -qq; apt-get install -qq -y samba-common-bin > /dev/null; }
cat > "$work/smb.conf" <<CONF
[global]
    lock directory = $work
    state directory = $work
    private directory = $work
    cache directory = $work
    pid directory = $work
CONF
registry() { net -s "$work/smb.conf" registry "$@" 2> /dev/null; }
registry createkey 'HKLM\SOFTWARE\Agent' > "$work/out"
{
    for value in 'sz a' 'multi_sz a' 'multi_sz a b' 'dword 443' 'dword 0x1bb' 'dword 443x' 'dword 4294967296'; do
        registry setvalue 'HKLM\SOFTWARE\Agent' Value $value > "$work/out" && code=0 || code=$?
        stored=$(registry getvalue 'HKLM\SOFTWARE\Agent' Value | sed -n 's/^Value[^=]*= //p' | paste -sd ' ')
        echo "$value: exit $code, $stored"
    done
} | tee "$work/seen"
diff "$work/seen" - <<'OUT'
sz a: exit 0, "a"
multi_sz a: exit 0, "Value"
multi_sz a b: exit 0, "multi_sz" "a"
dword 443: exit 0, 443
dword 0x1bb: exit 0, 0
dword 443x: exit 0, 443
dword 4294967296: exit 0, 0
OUT
