#!/usr/bin/env bash
# PgBouncer 1.18.0 (Debian 12), pool_mode = session, everything else at its default.
#
# One would think: `connect_query` of a database prepares the session of every client, since no client gets a connection
# before it has run.
# What is: it is run once for each connection to the server. When the first client leaves, `server_reset_query`
# (DISCARD ALL by default) takes back what it had set, and it is not run again: the second client of that connection has
# the server's own setting. With a search_path set there, tables are looked for, and made, in another schema.
#
# Output seen:
#   client 1: pg_catalog
#   client 2: "$user", public
#   client 3: "$user", public
#
# Needs Debian 12 or a system with these packages, and 200 MB for a moment; starts both servers on loopback.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mkdir debs root
(cd debs && apt-get -qq download 'pgbouncer=1.18.0-1*' postgresql-15 postgresql-client-15 \
    libpq5 libevent-2.1-7 libc-ares2 libicu72 libldap-2.5-0 liblz4-1)
for deb in debs/*.deb; do dpkg -x "$deb" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
LD_LIBRARY_PATH="$LD_LIBRARY_PATH:${LD_LIBRARY_PATH/\/usr\/lib//lib}"
bin="$work/root/usr/lib/postgresql/15/bin"

as=()
mkdir data
if [ "$(id -u)" = 0 ]; then # neither server runs as root
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env "LD_LIBRARY_PATH=$LD_LIBRARY_PATH")
    chown nobody data
fi
"${as[@]}" "$bin/initdb" --no-sync -A trust -U postgres -D data >/dev/null
"${as[@]}" "$bin/postgres" -D data -p 55431 -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    >server.log 2>&1 &
pids+=($!)
ask() { "$bin/psql" -X -At "host=127.0.0.1 port=$1 user=postgres dbname=$2 connect_timeout=2" -c "$3"; }
for _ in $(seq 150); do ask 55431 postgres 'SELECT 1' >/dev/null 2>&1 && break || sleep 0.2; done

cat >pgbouncer.ini <<INI
[databases]
fleet = host=127.0.0.1 port=55431 dbname=postgres connect_query='SET search_path TO pg_catalog'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 55432
unix_socket_dir =
auth_type = trust
auth_file = $work/users.txt
pool_mode = session
INI
echo '"postgres" ""' >users.txt
chmod 644 users.txt pgbouncer.ini
"${as[@]}" "$work/root/usr/sbin/pgbouncer" -q pgbouncer.ini >pooler.log 2>&1 &
pids+=($!)
# No client yet: the first one has to be the first on its connection.
for _ in $(seq 150); do (: >/dev/tcp/127.0.0.1/55432) 2>/dev/null && break || sleep 0.2; done

seen=()
for client in 1 2 3; do
    seen+=("$(ask 55432 fleet 'SHOW search_path')")
    echo "client $client: ${seen[-1]}"
done
[ "${seen[*]}" = 'pg_catalog "$user", public "$user", public' ]
