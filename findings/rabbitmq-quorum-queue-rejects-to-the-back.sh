#!/usr/bin/env bash
# RabbitMQ 3.10.8 (Debian 12), quorum queue: a rejected message goes to the back of the queue, not to its place.
#
# One would think: `basic.reject` with requeue gives the message back where it was, as a classic queue does and as the end of
# a channel does; so a look at the head of a queue (get, then reject) changes nothing.
# What is: without x-delivery-limit it goes behind all others; with one, whatever its value, it keeps its place. In a queue
# that keeps the newest message alone (x-max-length 1, drop-head) a look while a newer one comes thus leaves the older
# one: the newer is the head by then, and dropped.
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
python3 -m venv venv
venv/bin/pip install -q 'amqp==5.4.2'
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
cat > look.py <<'PY'
import sys
import time

import amqp


def run(name, back, **limits):
    """Publish a, take it, publish b and c, give a back, and print what is there."""
    arguments = {"x-queue-type": name, **{f"x-{key}": value for key, value in limits.items()}}
    with connection.channel() as channel:
        channel.queue_declare("q", durable=True, auto_delete=False, arguments=arguments)
        sender = connection.channel()
        sender.confirm_select()
        sender.basic_publish_confirm(amqp.Message("a"), "", "q")
        looking = connection.channel()
        taken = looking.basic_get("q")
        for text in "bc":
            sender.basic_publish_confirm(amqp.Message(text), "", "q")
        looking.basic_reject(taken.delivery_tag, True) if back == "rejected" else looking.close()
        time.sleep(1)
        left = []
        while message := channel.basic_get("q", no_ack=True):
            left.append(message.body)
        channel.queue_delete("q")
    print(name, *(f"{key}={value}" for key, value in limits.items()), back + ":", *left)


with amqp.Connection(f"127.0.0.1:{sys.argv[1]}") as connection:
    print(connection.server_properties["version"])
    run("classic", "rejected")
    run("quorum", "rejected")
    run("quorum", "channel closed")
    run("quorum", "rejected", **{"delivery-limit": 100})
    run("classic", "rejected", **{"max-length": 1})
    run("quorum", "rejected", **{"max-length": 1})
    run("quorum", "channel closed", **{"max-length": 1})
PY
venv/bin/python look.py "$port" | tee seen
diff seen - <<'OUT'
3.10.8
classic rejected: a b c
quorum rejected: b c a
quorum channel closed: a b c
quorum delivery-limit=100 rejected: a b c
classic max-length=1 rejected: c
quorum max-length=1 rejected: a
quorum max-length=1 channel closed: c
OUT
