#!/usr/bin/env bash
# humanfriendly 10.0: a year is 52 weeks, 364 days, in what it reads and in what it writes.
#
# One would think: parse_timespan("1y") is 365 days, or 365.25, and format_timespan of 365 days is "1 year".
# What is: 364 days, and "1 year and 1 day". A retention of "7y" ends eight days early, or nine: a backup that has to be
# kept for seven years is deleted within them. Its peer pytimeparse2 has 365 days.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'humanfriendly==10.0' 'pytimeparse2==1.7.1' 2> /dev/null
cat > "$folder/years.py" <<'PY'
from datetime import date

import pytimeparse2
from humanfriendly import format_timespan, parse_timespan

DAY = 86400
for text in ("1y", "7y"):
    print(text, parse_timespan(text) / DAY, pytimeparse2.parse(text) / DAY)
print("seven years of the calendar", (date(2033, 11, 30) - date(2026, 11, 30)).days)
print("365 days:", format_timespan(365 * DAY), "| 3650 days:", format_timespan(3650 * DAY))
PY
"$folder/venv/bin/python" "$folder/years.py" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
1y 364.0 365.0
7y 2548.0 2555.0
seven years of the calendar 2557
365 days: 1 year and 1 day | 3650 days: 10 years, 1 week and 3 days
OUT
