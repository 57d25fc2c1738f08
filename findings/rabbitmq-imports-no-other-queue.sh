#!/usr/bin/env bash
# RabbitMQ 3.10.8 (Debian 12): definitions that differ from what is there are passed over at an import, and their bindings made.
#
# One would think: importing definitions with another type, arguments or durability of a queue that is there is refused, as
# `queue.declare` is (PRECONDITION_FAILED), or brings the queue to what the file says.
# What is: the exit code is 0 and nothing is said; the queue stays classic without a limit where the file has it as quorum
# with one, a transient queue stays transient, an exchange keeps its type. Bindings, policies and what is new are made,
# so that a `topic` pattern is bound to a `direct` exchange, where nothing will ever fit it.
#
# Output seen: as below
#
# Needs Debian 12 or a system with these packages; starts a broker of its own on loopback.
set -euo pipefail
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || { apt-get update -qq; apt-get install -qq -y rabbitmq-server > /dev/null; }
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free)
printf 'listeners.tcp.1 = 127.0.0.1:%s\n' "$port" > rabbitmq.conf
echo '[].' > plugins
export HOME="$work" RABBITMQ_NODENAME="look$RANDOM@localhost" RABBITMQ_CONFIG_FILE="$work/rabbitmq" RABBITMQ_DIST_PORT
RABBITMQ_DIST_PORT=$(free)
export RABBITMQ_MNESIA_BASE="$work/data" RABBITMQ_LOG_BASE="$work/log" RABBITMQ_ENABLED_PLUGINS_FILE="$work/plugins"
/usr/lib/rabbitmq/bin/rabbitmq-server > server.log 2>&1 &
pid=$!
for _ in $(seq 300); do (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break || sleep 0.2; done
ctl() { /usr/lib/rabbitmq/bin/rabbitmqctl -q "$@"; }
definitions() { # EXCHANGE-TYPE KEY QUEUE...: one file, with each queue as NAME DURABLE ARGUMENTS
    python3 - "$@" <<'PY'
import json
import sys

kind, key, *queues = sys.argv[1:]
place = {"vhost": "/", "auto_delete": False}
print(json.dumps({
    "vhosts": [{"name": "/"}],
    "queues": [
        {**place, "name": name, "durable": durable == "durable", "arguments": json.loads(arguments)}
        for name, durable, arguments in (queue.split(" ", 2) for queue in queues)
    ],
    "exchanges": [{**place, "name": "work", "type": kind, "durable": True, "internal": False, "arguments": {}}],
    "bindings": [{"vhost": "/", "source": "work", "destination": "jobs", "destination_type": "queue",
                  "routing_key": key, "arguments": {}}],
}))
PY
}
definitions direct all 'jobs durable {}' 'short transient {}' > first.json
definitions topic 'site.*' 'jobs durable {"x-queue-type": "quorum", "x-max-length": 5}' 'short durable {}' 'new durable {}' > second.json
{
    ctl import_definitions first.json > /dev/null
    code=0
    ctl import_definitions second.json 2>&1 || code=$?
    echo "exit code $code"
    ctl --no-table-headers list_queues name type durable arguments | tr '\t' ' ' | sort
    ctl --no-table-headers list_exchanges name type | tr '\t' ' ' | grep '^work'
    ctl --no-table-headers list_bindings source_name destination_name routing_key | tr '\t' ' ' | grep '^work' | sort
} > seen
cat seen
diff seen - <<'OUT'
exit code 0
jobs classic true []
new classic true []
short classic false []
work direct
work jobs all
work jobs site.*
OUT
