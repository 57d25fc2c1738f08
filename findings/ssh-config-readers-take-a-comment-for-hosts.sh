#!/usr/bin/env bash
# paramiko 5.1.0 and asyncssh 2.24.1, beside OpenSSH 9.2p1 (Debian 12): the words of a comment behind Host are patterns, too.
#
# One would think: `Host web1 # before it was web2` speaks of web1, as to ssh, which takes a comment at a line's end.
# What is: to both libraries web2 gets what was meant for web1, its address among it, before its own lines are reached; so does
# a host called `it`, and a comment with a `*` for a word fits all. Behind a value paramiko makes the comment a part of the
# value (the user is called `svc # of the domain`), where asyncssh raises an error.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v ssh > /dev/null || { apt-get update -qq; apt-get install -qq -y --no-install-recommends openssh-client > /dev/null; }
python3 -m venv venv
venv/bin/pip install -q 'paramiko==5.1.0' 'asyncssh==2.24.1' 2> /dev/null
cat > hosts <<'CONFIG'
Host web1 # before it was web2
  HostName 192.0.2.1
  Port 2201
Host web2
  HostName 192.0.2.2
CONFIG
printf 'Host web1\n  User svc # of the domain\n' > user
cat > read.py <<'PY'
import asyncssh
import paramiko

for host in "web1", "web2", "it":
    found = paramiko.SSHConfig.from_path("hosts").lookup(host)
    print(f"{host} by paramiko:", found.get("hostname"), found.get("port", 22))
    options = asyncssh.SSHClientConnectionOptions(config=["hosts"], host=host)
    print(f"{host} by asyncssh:", options.host, options.port)
print("user by paramiko:", paramiko.SSHConfig.from_path("user").lookup("web1")["user"])
try:
    asyncssh.SSHClientConnectionOptions(config=["user"], host="web1")
except asyncssh.ConfigParseError as error:
    print("user by asyncssh:", str(error).split(": ", 1)[1])
PY
{
    for host in web1 web2 it; do
        echo "$host by ssh: $(ssh -G -F hosts "$host" < /dev/null | sed -nE 's/^(hostname|port) //p' | xargs)"
    done
    echo "user by ssh: $(ssh -G -F user web1 < /dev/null | sed -n 's/^user //p')"
    venv/bin/python read.py
} > seen 2> said
cat seen
diff seen - <<'OUT'
web1 by ssh: 192.0.2.1 2201
web2 by ssh: 192.0.2.2 22
it by ssh: it 22
user by ssh: svc
web1 by paramiko: 192.0.2.1 2201
web1 by asyncssh: 192.0.2.1 2201
web2 by paramiko: 192.0.2.1 2201
web2 by asyncssh: 192.0.2.1 2201
it by paramiko: 192.0.2.1 2201
it by asyncssh: 192.0.2.1 2201
user by paramiko: svc # of the domain
user by asyncssh: Extra data at end: # of the domain
OUT
