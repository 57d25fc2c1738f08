#!/usr/bin/env bash
# Miller 6.6.0 (Debian 12): `mlr --icsv --ojson cat` writes asset tags and short names as numbers that JSON does not have.
#
# One would think: what is not a number of JSON is put in quotes, or written as one of JSON's.
# What is: 0x1F, 0b11, 5. and .5 are numbers to Miller and keep their spelling, without quotes, so that jq and every other
# reader refuses the whole list for one host's tag. 007, +5 and inf get quotes. `mlr -S` (all cells are texts) and
# --jvquoteall write what can be read.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v mlr > /dev/null || { apt-get update -qq; apt-get install -qq -y miller > /dev/null; }
row() { printf 'host,tag\nweb1,%s\n' "$1" | mlr "${@:2}" --icsv --ojsonl cat; }
{
    mlr --version
    for tag in 0x1F 0b11 5. .5 007 +5 inf; do
        json=$(row "$tag")
        python3 -c 'import json, sys; json.loads(sys.argv[1])' "$json" 2> /dev/null && said=JSON || said='not JSON'
        echo "$json $said"
    done
    echo "-S: $(row 0x1F -S)"
} | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
mlr 6.6.0
{"host": "web1", "tag": 0x1F} not JSON
{"host": "web1", "tag": 0b11} not JSON
{"host": "web1", "tag": 5.} not JSON
{"host": "web1", "tag": .5} not JSON
{"host": "web1", "tag": "007"} JSON
{"host": "web1", "tag": "+5"} JSON
{"host": "web1", "tag": "inf"} JSON
-S: {"host": "web1", "tag": "0x1F"}
OUT
