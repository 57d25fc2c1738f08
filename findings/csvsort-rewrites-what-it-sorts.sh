#!/usr/bin/env bash
# csvkit 2.2.0 (agate 1.14.2): csvsort writes other cells than it read, in columns that it does not sort by.
#
# One would think that sorting moves lines. Each column's type is guessed and its values are written anew in that type's
# spelling: 1 and 0 become True and False, 30d becomes a count of days and hours, 5m a clock, 00123 loses its zeros, 4:30
# (half past four) becomes four minutes and a half. csvcut of the same columns leaves them alone, and so does csvsort -I.
# Seen:
#   web1,True,"30 days, 0:00:00",0:05:00,123,0:04:30
#   web2,False,"7 days, 0:00:00",0:01:30,456,0:12:05
# Exits 0 while it is so, 1 when it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'csvkit==2.2.0' 'agate==1.14.2'
cd "$folder"
cat > hosts.csv <<'CSV'
host,live,retention,wait,asset,at
web2,0,7d,90s,00456,12:05
web1,1,30d,5m,00123,4:30
CSV
sorted=$(venv/bin/csvsort -c host hosts.csv)
echo "$sorted"
expected='host,live,retention,wait,asset,at
web1,True,"30 days, 0:00:00",0:05:00,123,0:04:30
web2,False,"7 days, 0:00:00",0:01:30,456,0:12:05'
plain='host,live,retention,wait,asset,at
web1,1,30d,5m,00123,4:30
web2,0,7d,90s,00456,12:05'
[ "$sorted" = "$expected" ] && [ "$(venv/bin/csvsort -I -c host hosts.csv)" = "$plain" ]
