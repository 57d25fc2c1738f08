#!/usr/bin/env bash
# regex 2026.11.19 beside Python's `re`: a brace that is no count asks for an approximate match.
#
# One would think: in its default mode the `regex` package is a drop-in for `re`, where `{d}` stands for itself.
# What is: `x{d}`, `x{e}`, `x{i}` and `x{s}` let that part of the text have any number of deletions, errors, insertions
# or substitutions. A `\d` whose backslash got lost in a shell or a YAML file (`web{d}`) then matches `we` and all that
# begins so, where `re` matches nothing; a selection by such an expression is wider, and no error says so.
#
# Output seen: "web{d}: re False, regex True", "web{e}: re False, regex True"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'regex==2026.11.19'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
import re, regex
for pattern in ("web{d}", "web{e}"):
    print(f"{pattern}: re {bool(re.match(pattern, 'wed1'))}, regex {bool(regex.match(pattern, 'wed1'))}")
PY
diff "$folder/seen" - <<'OUT'
web{d}: re False, regex True
web{e}: re False, regex True
OUT
