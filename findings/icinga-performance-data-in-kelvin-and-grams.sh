#!/usr/bin/env bash
# Icinga 2 2.13.6 (Debian 12), as its parse_performance_data shows: a range is no threshold, and K, M, G, T are no thousands.
#
# One would think: `hosts=5;10:20;30` keeps the warning range that the plug-in guidelines allow there, and 10K, 10M, 10G, 10T
# go up by thousands.
# What is: a range becomes no threshold, without an error, so whatever is fed from it has none. A unit is looked up whatever
# its case: K is kelvin, M minutes, G grams and T tonnes, so that 10M counts 600 seconds and 10T ten million grams; b and
# B, bits and bytes, are told apart. `c`, a counter, leaves the number alone, and `min` is no unit.
#
# Output seen: as below (value, unit, warning, critical)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v icinga2 > /dev/null || {
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends icinga2-bin > /dev/null
}
read_it() {
    icinga2 console --eval "var p = parse_performance_data(\"$1\"); [p.value, p.unit, p.warn, p.crit]" 2> "$folder/words"
}
{
    icinga2 --version | sed -nE '1s/.*version: r?([0-9.]+).*/\1/p'
    for text in 'hosts=5;10;30' 'hosts=5;10:20;30' 'hosts=5;~:10' n=10K n=10M n=10G n=10T n=10MB n=10Mb n=10min n=10c; do
        echo "$text $(read_it "$text")"
    done
} | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
2.13.6
hosts=5;10;30 [5,"",10,30]
hosts=5;10:20;30 [5,"",null,30]
hosts=5;~:10 [5,"",null,null]
n=10K [10,"degrees-kelvin",null,null]
n=10M [600,"seconds",null,null]
n=10G [10,"grams",null,null]
n=10T [10000000,"grams",null,null]
n=10MB [10000000,"bytes",null,null]
n=10Mb [10000000,"bits",null,null]
n=10min [10,"",null,null]
n=10c [10,"",null,null]
OUT
