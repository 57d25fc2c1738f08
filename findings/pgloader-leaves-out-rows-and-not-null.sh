#!/usr/bin/env bash
# pgloader 3.6.9 (Debian 12), from SQLite to PostgreSQL 15: rows, halves of numbers and NOT NULL are lost, with exit code 0.
#
# One would think: what pgloader brings from SQLite is the same table; a row that PostgreSQL cannot take is put aside, the
# others come, and the exit code says that some did not.
# What is: of a table the rows from the first cell on that is not of its column's kind are not there, nor told; the other
# tables come, and the exit code is 0. A column REAL, of eight bytes in SQLite, becomes PostgreSQL's real, of four: a time
# in seconds is a minute off. NOT NULL is gone but in keys, a time's offset is dropped where the column is a
# `timestamp`, and a key that AUTOINCREMENT never gives twice is given again.
#
# Output seen: as below
#
# Needs Debian 12; starts a PostgreSQL of its own on loopback, from packages that are unpacked and not installed.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
pid=
trap '[ -z "$pid" ] || kill "$pid" 2> /dev/null || true; wait 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir debs there
packages=('pgloader=3.6.9-1' libsybdb5 freetds-common libsqlite3-0 postgresql-15 postgresql-client-15
    libpq5 libicu72 libldap-2.5-0 liblz4-1)
bring() { apt-get download -qq "${packages[@]}"; }
(cd debs && { bring 2> /dev/null || { apt-get update -qq; bring; }; })
for deb in debs/*.deb; do dpkg -x "$deb" there; done
libraries="$work/there/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2> /dev/null || echo x86_64-linux-gnu)"
export LD_LIBRARY_PATH="$libraries:${libraries/\/usr\/lib//lib}" LC_ALL=C.UTF-8
bin="$work/there/usr/lib/postgresql/15/bin"
as=()
mkdir data
if [ "$(id -u)" = 0 ]; then # PostgreSQL does not run as root
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env "LD_LIBRARY_PATH=$LD_LIBRARY_PATH")
    chown nobody data
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${as[@]}" "$bin/initdb" --no-sync -A trust -U postgres -D data > /dev/null
"${as[@]}" "$bin/postgres" -D data -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= > server.log 2>&1 &
pid=$!
ask() { "$bin/psql" -X -At -F ' ' "host=127.0.0.1 port=$port user=postgres dbname=postgres connect_timeout=2" -c "$1"; }
for _ in $(seq 150); do ask 'SELECT 1' > /dev/null 2>&1 && break || sleep 0.2; done
python3 - <<'PY'
import sqlite3

database = sqlite3.connect("fleet.db")
database.executescript("""
    CREATE TABLE hosts (id INTEGER PRIMARY KEY, port INTEGER);
    INSERT INTO hosts VALUES (1, 5985), (2, 5986), (3, 'n/a'), (4, 5985), (5, 5986);
    CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, started REAL NOT NULL, planned TIMESTAMP);
    INSERT INTO runs VALUES (1, 'first', 1764504000.5, '2026-01-01 22:00:00+02:00'), (2, 'gone', 1, NULL);
    DELETE FROM runs WHERE id = 2;
""")
PY
code=0
there/usr/bin/pgloader --root-dir "$work/log" fleet.db "postgresql://postgres@127.0.0.1:$port/postgres" > said 2>&1 || code=$?
columns() {
    ask "SELECT column_name, data_type, 'nullable:', is_nullable FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = 'runs' AND column_name IN ('name', 'started') ORDER BY 1"
}
{
    echo "exit code $code"
    awk '$1 == "hosts" {print "reported of hosts: errors " $2 ", rows " $3}' said
    echo "hosts there: $(ask 'SELECT id FROM hosts ORDER BY 1' | xargs)"
    echo "runs there: $(ask "SELECT id, name, started::float8, planned FROM runs")"
    columns
    echo "next key: $(ask "INSERT INTO runs (name) VALUES ('next') RETURNING id" | sed 1q)"
} > seen
cat seen
diff seen - <<'OUT'
exit code 0
reported of hosts: errors 2, rows 0
hosts there: 1 2
runs there: 1 first 1764504064 2026-01-01 22:00:00
name text nullable: YES
started real nullable: YES
next key: 2
OUT
