#!/usr/bin/env bash
# pdsh 2.34 (Debian 12), ClusterShell 1.10.1: a host that is named twice gets the command twice, and in spite of `-x`.
#
# One would think: `-w` names a set of hosts: web2, once in a range and once by its name, is one host, as in ClusterShell's
# clush, which takes the same words.
# What is: pdsh keeps a list. web2 runs the command twice, side by side, whether the two names stand in `-w` or in the file
# that WCOLL names: two backups or two installers start at once. `-x web2` takes one of the two away, so the host that was
# to be left out runs the command all the same. The exit code is 0.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v pdsh > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends pdsh > /dev/null
}
python3 -m venv venv
venv/bin/pip install -q 'ClusterShell==1.10.1'
printf 'web1\nweb2\nweb3\nweb2\n' > hosts
run() { echo "$1: $("${@:2}" | sort | xargs)"; }
{
    pdsh -V | sed -n '1s/ (.*//p'
    run 'pdsh -w' pdsh -R exec -N -w 'web[1-3],web2' echo %h
    run 'WCOLL' env WCOLL="$work/hosts" pdsh -R exec -N echo %h
    run 'pdsh -x' pdsh -R exec -N -w 'web[1-3],web2' -x web2 echo %h
    run 'WCOLL -x' env WCOLL="$work/hosts" pdsh -R exec -N -x web2 echo %h
    run 'clush -w' venv/bin/clush -R exec -N -w 'web[1-3],web2' echo %h
    run 'clush -x' venv/bin/clush -R exec -N -w 'web[1-3],web2' -x web2 echo %h
} | tee seen
diff seen - <<'OUT'
pdsh-2.34
pdsh -w: web1 web2 web2 web3
WCOLL: web1 web2 web2 web3
pdsh -x: web1 web2 web3
WCOLL -x: web1 web2 web3
clush -w: web1 web2 web3
clush -x: web1 web3
OUT
