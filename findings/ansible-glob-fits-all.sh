#!/usr/bin/env bash
# ansible-core 2.19.14: a glob fits the built-in groups `all` and `ungrouped` too, and counts hosts again for each.
#
# One would think: `a*` takes the hosts and groups of the file whose names begin with `a`; the docstring of the matcher
# says that no pattern can match the two built-in groups.
# What is: `a*` fits `all`, so it takes every host there is, and `all:!a*` nobody. In `web*[4]` each host counts once for
# its group and once for itself, so the fifth host of four is the first again; and `web[2:0]` is not an empty range: an
# end of 0 reads as no end, and it takes index 2.
#
# Output seen: "a* -> db1 web0 web1 web2 web3", "web*[4] -> web0", "web[2:0] -> web2"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ansible-core==2.19.14'
printf '[web]\nweb0\nweb1\nweb2\nweb3\n[db]\ndb1\n' > "$folder/hosts.ini"
export HOME="$folder" LC_ALL=C.UTF-8
takes() {
  "$folder/venv/bin/ansible" -i "$folder/hosts.ini" "$1" --list-hosts | sed 1d | sort | xargs
}
for pattern in 'a*' 'web*[4]' 'web[2:0]'; do echo "$pattern -> $(takes "$pattern")"; done | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
a* -> db1 web0 web1 web2 web3
web*[4] -> web0
web[2:0] -> web2
OUT
