#!/usr/bin/env bash
# sqlite-utils 4.2.1: `upsert` of several records empties the columns that one of them leaves out.
#
# One would think: an upsert changes the columns that a record has and leaves the rest of the row, as the update of one record
# does, and whatever else is in the same batch.
# What is: the columns are those of all records of the run up to then, a batch of 100 at once, and what a record lacks of them
# is written as null. So a line of NDJSON does no harm alone, and takes a name away where another line had one. By the
# command as by `upsert_all` of the library; exit code 0.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'sqlite-utils==4.2.1' 2> /dev/null
hosts() { venv/bin/sqlite-utils rows hosts.db hosts --nl --limit 2; }
fill() {
    printf '%s\n' '{"id": 1, "name": "web1", "port": 5985}' '{"id": 2, "name": "web2", "port": 5986}' |
        venv/bin/sqlite-utils insert hosts.db hosts - --nl --pk id --replace
}
{
    fill
    echo 'one by one:'
    for line in '{"id": 1, "port": 443}' '{"id": 2, "name": "new2"}'; do
        echo "$line" | venv/bin/sqlite-utils upsert hosts.db hosts - --nl --pk id
    done
    hosts
    fill
    echo 'together:'
    printf '%s\n' '{"id": 1, "port": 443}' '{"id": 2, "name": "new2"}' |
        venv/bin/sqlite-utils upsert hosts.db hosts - --nl --pk id
    hosts
    fill
    echo 'a batch for each:'
    printf '%s\n' '{"id": 1, "port": 443}' '{"id": 2, "name": "new2"}' |
        venv/bin/sqlite-utils upsert hosts.db hosts - --nl --pk id --batch-size 1
    hosts
} > seen
cat seen
diff seen - <<'OUT'
one by one:
{"id": 1, "name": "web1", "port": 443}
{"id": 2, "name": "new2", "port": 5986}
together:
{"id": 1, "name": null, "port": 443}
{"id": 2, "name": "new2", "port": null}
a batch for each:
{"id": 1, "name": "web1", "port": 443}
{"id": 2, "name": "new2", "port": null}
OUT
