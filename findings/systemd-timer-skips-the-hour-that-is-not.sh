#!/usr/bin/env bash
# systemd 252 (Debian 12), `systemd-analyze calendar`, which computes as a timer's OnCalendar= does.
#
# One would think: on the night when the clocks go from 02:00 to 03:00 a timer for 02:30 runs soon after, as the manual of
# Debian's cron has it; or `Persistent=true` makes up for it.
# What is: that day has no such time, so the next one after the night before is the day after: one night without a run. It
# is what Persistent reckons from too. In autumn, when 02:30 comes twice, it runs once. A time in UTC has no such night.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v systemd-analyze > /dev/null || { apt-get update -qq; apt-get install -qq -y systemd > /dev/null; }
[ -e /usr/share/zoneinfo/Europe/Paris ] || { apt-get update -qq; apt-get install -qq -y tzdata > /dev/null; }
runs() { # BASE CALENDAR: the next three times
    TZ=Europe/Paris LC_ALL=C systemd-analyze calendar --base-time="$1" --iterations=3 "$2" |
        sed -nE 's/^ *(Next elapse|Iter\. #[0-9]+): //p' | paste -sd, | sed "s/^/$2: /"
}
{
    systemd-analyze --version | sed -nE '1s/^(systemd [0-9]+) .*/\1/p'
    runs '2027-03-27 12:00' '*-*-* 02:30'
    runs '2027-10-30 12:00' '*-*-* 02:30'
    runs '2027-03-27 12:00' '*-*-* 02:30 UTC'
} | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
systemd 252
*-*-* 02:30: Mon 2027-03-29 02:30:00 CEST,Tue 2027-03-30 02:30:00 CEST,Wed 2027-03-31 02:30:00 CEST
*-*-* 02:30: Sun 2027-10-31 02:30:00 CEST,Mon 2027-11-01 02:30:00 CET,Tue 2027-11-02 02:30:00 CET
*-*-* 02:30 UTC: Sun 2027-03-28 04:30:00 CEST,Mon 2027-03-29 04:30:00 CEST,Tue 2027-03-30 04:30:00 CEST
OUT
