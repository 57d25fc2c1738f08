#!/usr/bin/env bash
# salt 3008.4: the roster `sshconfig` reaches both hosts of `Host web1 web2` at web2, and lets `Host *` win over a host.
#
# One would think: salt-ssh goes where `ssh web1` goes, as the roster is that file, whose first value for a key wins.
# What is: the names of one Host line share one record, whose address is the last of them: a job for web1 runs on web2. A
# value of `Host *` replaces what the host's own lines say, where ssh keeps them. Targets are found by their own names,
# so nothing looks wrong before the answer comes.
#
# Output seen:
#   ssh:  web1 svc 22; web2 svc 22; db1 dba 5022
#   salt: web1 root at web2; web2 root at web2; db1 root at db1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v ssh > /dev/null || { apt-get update -qq; apt-get install -qq -y openssh-client > /dev/null; }
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'salt==3008.4'
cd "$folder"
cat > config <<'SSH'
Host web1 web2
  User svc

Host db1
  User dba
  Port 5022

Host *
  User root
SSH
cat > roster.py <<'PY'
import salt.config
import salt.roster

options = salt.config.client_config("none")
options.update(__role="master", cachedir="cache", ssh_config_file="config")
found = salt.roster.Roster(options, "sshconfig").targets("*", "glob")
print("salt:", "; ".join(f"{name} {about['user']} at {about['host']}" for name, about in found.items()))
PY
{
    for host in web1 web2 db1; do
        ssh -G -T -F config "$host" | sed -nE 's/^(hostname|user|port) //p' | xargs |
            awk -v host="$host" '{ print host, $1 == host ? $2 : $1, $3 }'
    done | paste -sd';' | sed 's/;/; /g; s/^/ssh:  /'
    venv/bin/python -W ignore roster.py 2> messages
} | tee seen
diff seen - <<'OUT'
ssh:  web1 svc 22; web2 svc 22; db1 dba 5022
salt: web1 root at web2; web2 root at web2; db1 root at db1
OUT
