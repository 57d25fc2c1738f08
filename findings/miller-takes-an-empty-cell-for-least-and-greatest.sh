#!/usr/bin/env bash
# Miller 6.6.0 (Debian 12): a cell without a value is less than 0 in a filter, and the greatest of all for `top` and `max`.
#
# One would think: a host without an answer has no time, and is in none of the lists: `max` says of itself "null loses", and
# the maximum of stats1 leaves it out.
# What is: `filter '$secs < 3'`, and even `$secs < 0`, takes it, by a comparison as texts; `top` puts it first, where the slowest
# hosts are asked for, and `max($secs, 5)` is empty, while `min($secs, 5)` is 5. So "answered within 3 s" has hosts in
# it that never answered, and so have "the slowest ones". `is_not_empty($secs)` has to be asked first.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v mlr > /dev/null || { apt-get update -qq; apt-get install -qq -y --no-install-recommends miller > /dev/null; }
cd "$work"
printf '%s\n' host,secs web1,1.5 web2, web3,20 > hosts.csv
hosts() { mlr --icsv --onidx "$@" then cut -f host hosts.csv | xargs; }
{
    mlr --version
    for test in '$secs < 3' '$secs < 0' '$secs > 3'; do echo "$test: $(hosts filter "$test")"; done
    echo "top: $(hosts top -f secs -n 2 -a)"
    echo "max by stats1: $(mlr --icsv --onidx stats1 -a max -f secs hosts.csv)"
    mlr --icsv --ocsv filter '$host == "web2"' then put '$max = max($secs, 5); $min = min($secs, 5)' hosts.csv
    mlr help function max
} > seen
cat seen
diff seen - <<'OUT'
mlr 6.6.0
$secs < 3: web1 web2
$secs < 0: web2
$secs > 3: web3
top: web2 web3
max by stats1: 20
host,secs,max,min
web2,,,5
max  (class=math #args=variadic) Max of n numbers; null loses.
OUT
