#!/usr/bin/env bash
# node_exporter 1.5.0 (Debian 12), textfile collector: two files that describe one metric in other words lose samples.
#
# One would think: samples with different labels stand side by side whatever their HELP says, as it is a text for people; and
# what is dropped counts in `node_textfile_scrape_error`.
# What is: the first file's HELP holds for the metric, and the samples of a file that words it otherwise, or leaves it out,
# are not served. The scrape error stays 0, the file counts as read in `node_textfile_mtime_seconds`, and the scrape
# answers 200: the log alone has the error. So two versions of one writer on a machine hide one another's figures.
#
# The second of two samples with the same labels is dropped in the same way.
#
# Output seen: "same words: a=5 b=5", "other words: a=5", "no HELP: a=5", "same labels: a=5", "scrape errors: 0 0 0 0"
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir debs root metrics
(cd debs && apt-get -qq download 'prometheus-node-exporter=1.5.0-1*')
for deb in debs/*.deb; do dpkg -x "$deb" root; done
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
root/usr/bin/prometheus-node-exporter --web.listen-address="127.0.0.1:$port" --collector.disable-defaults \
    --collector.textfile --collector.textfile.directory="$work/metrics" 2> log &
pid=$!
for _ in $(seq 100); do (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break || sleep 0.1; done
write() { printf '%s# TYPE hosts gauge\nhosts{fleet="%s"} 5\n' "${2:+# HELP hosts $2}${2:+$'\n'}" "$1" > "metrics/$1.prom"; }
served() {
    python3 - "$port" > page <<'PY'
import sys, urllib.request
print(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics").read().decode())
PY
    echo "$1: $(sed -nE 's/^hosts\{fleet="(.)"\} (.)$/\1=\2/p' page | xargs)"
    errors+=("$(sed -n 's/^node_textfile_scrape_error //p' page)")
    [ "$(grep -c '^node_textfile_mtime_seconds{' page)" = 2 ]
}
errors=()
{
    write a 'Hosts by fleet.'
    write b 'Hosts by fleet.'
    served 'same words'
    write b 'Hosts, by fleet.'
    served 'other words'
    write b ''
    served 'no HELP'
    sed 's/5$/7/' metrics/a.prom > metrics/b.prom
    served 'same labels'
    echo "scrape errors: ${errors[*]}"
} > seen
cat seen
diff seen - <<'OUT'
same words: a=5 b=5
other words: a=5
no HELP: a=5
same labels: a=5
scrape errors: 0 0 0 0
OUT
