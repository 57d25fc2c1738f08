#!/usr/bin/env bash
# influxdb-client 1.50.0 and influxdb 5.3.2 (PyPI), with InfluxDB 1.6.7 (Debian 12): a tag with a backslash is stored as another.
#
# One would think: a tag is stored as it was given, a disk `C:\` as `C:\` and a share `D:\backup` as `D:\backup`, by either of
# InfluxDB's own Python clients: both escape spaces, commas and equal signs.
# What is: influxdb-client puts a space behind a backslash at the end, which the server takes for an escaped space: the tag is
# `C: `, and a query for `C:\` finds nothing. influxdb doubles each backslash, which no server undoubles: `D:\backup` is
# stored as `D:\\backup`, and `C:\` is refused. As a field both keep it.
#
# Output seen: as below
#
# Needs Debian 12; starts an InfluxDB of its own on loopback, from a package that is unpacked and not installed.
set -euo pipefail
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2> /dev/null || true; wait 2> /dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
package=influxdb=1.6.7~rc0-1+b13
apt-get download -qq "$package" 2> /dev/null || { apt-get update -qq; apt-get download -qq "$package"; }
dpkg -x influxdb_*.deb there
python3 -m venv venv
venv/bin/pip install -q 'influxdb-client==1.50.0' 'influxdb==5.3.2' 'requests==2.34.2' 2> /dev/null
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free)
cat > influxdb.conf <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$(free)"
[meta]
  dir = "$work/meta"
[data]
  dir = "$work/data"
  wal-dir = "$work/wal"
[http]
  bind-address = "127.0.0.1:$port"
[monitor]
  store-enabled = false
CONF
there/usr/bin/influxd -config influxdb.conf > server.log 2>&1 &
pid=$!
for _ in $(seq 300); do (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break || sleep 0.1; done
cat > look.py <<'PY'
import sys

import requests
from influxdb.line_protocol import make_lines
from influxdb_client import Point

SERVER = f"http://127.0.0.1:{sys.argv[1]}"
ASK = {"db": "fleet"}


def ask(query):
    answer = requests.post(f"{SERVER}/query", params={**ASK, "q": query}).json()["results"][0]
    return [dict(zip(one["columns"], one["values"][0])) for one in answer.get("series", [])]


def newer(name, tags, fields):
    point = Point(name)
    for key, value in tags.items():
        point.tag(key, value)
    for key, value in fields.items():
        point.field(key, value)
    return point.to_line_protocol()


def older(name, tags, fields):
    return make_lines({"points": [{"measurement": name, "tags": tags, "fields": fields}]})


def stored(client, name, tags, fields, key):
    answer = requests.post(f"{SERVER}/write", params=ASK, data=client(name, tags, fields).encode())
    return f"[{ask(f'select * from {name}')[0][key]}]" if answer.ok else answer.json()["error"].rsplit(": ", 1)[1]


ask("create database fleet")
for number, disk in enumerate(("C:\\", "D:\\backup")):
    for client, package in (newer, "influxdb-client"), (older, "influxdb"):
        name = f"{client.__name__}{number}"
        seen = [
            stored(client, f"{name}a", {"disk": disk, "host": "web1"}, {"used": 1}, "disk"),
            stored(client, f"{name}b", {"disk": disk}, {"used": 1}, "disk"),
            stored(client, f"{name}c", {"host": "web1"}, {"disk": disk}, "disk"),
        ]
        print(f"{disk} by {package}: tag {seen[0]}, as the last tag {seen[1]}, as a field {seen[2]}")
for condition in (r"'C:\\'", "'C: '"):
    print(f"where disk = {condition}: {len(ask(f'select * from newer0a where disk = {condition}'))}")
PY
venv/bin/python look.py "$port" | tee seen
diff seen - <<'OUT'
C:\ by influxdb-client: tag [C: ], as the last tag [C: ], as a field [C:\]
C:\ by influxdb: tag invalid tag format, as the last tag invalid tag format, as a field [C:\]
D:\backup by influxdb-client: tag [D:\backup], as the last tag [D:\backup], as a field [D:\backup]
D:\backup by influxdb: tag [D:\\backup], as the last tag [D:\\backup], as a field [D:\backup]
where disk = 'C:\\': 0
where disk = 'C: ': 1
OUT
