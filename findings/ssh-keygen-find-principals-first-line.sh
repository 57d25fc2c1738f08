#!/usr/bin/env bash
# OpenSSH's `ssh-keygen -Y find-principals` (9.2p1), which says whose signature one is by an allowed_signers file.
#
# One would think: it lists every principal that the key may sign as, as its name says and as it does where one line has
# several (`bob,carl KEY`), so that a tool can tell by it whether two names are one person.
# What is: it looks no further than the first line that has the key. The names of later lines are not listed, and
# `-Y verify -I NAME` takes each of them all the same. Neither does it read the signature: that of other bytes has the
# same principals, so what it says is a question, not an answer.
#
# Output seen: "found: ann", "verify as ann: yes", "verify as zed: yes", "of other bytes: ann"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v ssh-keygen > /dev/null || { apt-get update -qq; apt-get install -qq -y openssh-client > /dev/null; }
cd "$folder"
ssh-keygen -q -t ed25519 -N '' -C '' -f key
printf 'ann %s\nzed %s\n' "$(cat key.pub)" "$(cat key.pub)" > allowed
printf 'these bytes' > data
printf 'other bytes' > other
ssh-keygen -q -Y sign -f key -n demo < data > data.sig
ssh-keygen -q -Y sign -f key -n demo < other > other.sig
{
    echo "found: $(ssh-keygen -Y find-principals -s data.sig -f allowed | xargs)"
    for name in ann zed; do
        ssh-keygen -Y verify -I "$name" -n demo -s data.sig -f allowed < data > /dev/null 2>&1 && said=yes || said=no
        echo "verify as $name: $said"
    done
    echo "of other bytes: $(ssh-keygen -Y find-principals -s other.sig -f allowed < data | xargs)"
} | tee seen
diff seen - <<'OUT'
found: ann
verify as ann: yes
verify as zed: yes
of other bytes: ann
OUT
