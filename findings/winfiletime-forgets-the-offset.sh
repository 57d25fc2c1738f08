#!/usr/bin/env bash
# winfiletime 2.1: a datetime with an offset becomes a FILETIME as if its clock showed UTC.
#
# One would think: 12:00+01:00 and 11:00 UTC are one moment, and one FILETIME; a naive datetime alone is taken for UTC, as the
# library's docstring says.
# What is: the offset is never used: noon in Berlin, in New York and in UTC are one FILETIME. A limit for lastLogonTimestamp or
# pwdLastSet that was computed in local time is wrong by the offset, and there and back again gives another moment.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'winfiletime==2.1'
cd "$folder"
venv/bin/python - <<'PY' | tee seen
from datetime import datetime, timedelta, timezone

from winfiletime import from_datetime, to_datetime

utc = datetime(2026, 11, 30, 11, tzinfo=timezone.utc)
for hours in (0, 1, -5):
    moment = utc.astimezone(timezone(timedelta(hours=hours)))
    there = from_datetime(moment)
    print(moment == utc, moment.isoformat(), there, to_datetime(there).isoformat())
PY
diff seen - <<'OUT'
True 2026-11-30T11:00:00+00:00 134405100000000000 2026-11-30T11:00:00
True 2026-11-30T12:00:00+01:00 134405136000000000 2026-11-30T12:00:00
True 2026-11-30T06:00:00-05:00 134404920000000000 2026-11-30T06:00:00
OUT
