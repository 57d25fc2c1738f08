#!/usr/bin/env bash
# jsonschema 4.26.0 with its `format` extra: `FormatChecker()`, given to a validator of 2020-12, checks `time` by draft 3.
#
# One would think: the checker of all formats that the documentation passes to any validator takes a time of RFC 3339, which
# `format: time` means since draft 7.
# What is: a format's name has one check there, and draft 3's comes last: 02:30:00 is a time and 02:30:00Z is none, the other
# way round than with `Draft202012Validator.FORMAT_CHECKER`. Of all names this is so for `time` alone; `color` is a format
# there too, which 2020-12 does not have.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'jsonschema[format]==4.26.0'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from jsonschema import Draft202012Validator, FormatChecker

schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "format": "time"}
checkers = {"FormatChecker()": FormatChecker(), "FORMAT_CHECKER": Draft202012Validator.FORMAT_CHECKER}
for name, checker in checkers.items():
    validator = Draft202012Validator(schema, format_checker=checker)
    print(name, {text: validator.is_valid(text) for text in ("02:30:00", "02:30:00Z", "02:30:00+01:00")})
every, own = (checker.checkers for checker in checkers.values())
print("other checks:", *(name for name in sorted(own) if every[name][0] is not own[name][0]))
print("no format of 2020-12:", *sorted(set(every) - set(own)))
PY
diff "$folder/seen" - <<'OUT'
FormatChecker() {'02:30:00': True, '02:30:00Z': False, '02:30:00+01:00': False}
FORMAT_CHECKER {'02:30:00': False, '02:30:00Z': True, '02:30:00+01:00': True}
other checks: time
no format of 2020-12: color
OUT
