#!/usr/bin/env bash
# node-ical 0.26.1 (npm): a zone that the calendar itself describes is the zone of the machine that reads it, without a word.
#
# One would think: `DTSTART;TZID=Plant:20260701T220000` with the VTIMEZONE of Plant (five hours ahead of UTC) in the same file is
# 17:00 in UTC everywhere: its README promises the exact instant, and a calendar carries its zones for that.
# What is: the VTIMEZONE is read only for some names of Microsoft's (`Customized Time Zone`). With any other name that is
# not one of IANA's, a prefixed one of libical's and Evolution's too, the window is at 22:00 of the machine: another instant on
# every machine, and on a server in UTC five hours late. The start still carries `tz: Plant`.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund node-ical@0.26.1 > /dev/null
cat > window.js <<'JS'
const ical = require("node-ical");
const name = process.argv[2];
const calendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Changes//EN
BEGIN:VTIMEZONE
TZID:${name}
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0500
TZOFFSETTO:+0500
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:change-1
DTSTAMP:20260601T000000Z
DTSTART;TZID=${name}:20260701T220000
DURATION:PT4H
END:VEVENT
END:VCALENDAR
`.replaceAll("\n", "\r\n");
const event = Object.values(ical.sync.parseICS(calendar)).find((part) => part.type === "VEVENT");
console.log(`${name}, read in ${process.env.TZ}: ${event.start.toISOString()} ${event.start.tz}`);
JS
for name in 'Customized Time Zone' Plant /citadel.org/20260101_1/Asia/Karachi; do
    for zone in UTC Asia/Tokyo; do TZ=$zone node window.js "$name"; done
done | tee seen
diff seen - <<'OUT'
Customized Time Zone, read in UTC: 2026-07-01T17:00:00.000Z Etc/GMT-5
Customized Time Zone, read in Asia/Tokyo: 2026-07-01T17:00:00.000Z Etc/GMT-5
Plant, read in UTC: 2026-07-01T22:00:00.000Z Plant
Plant, read in Asia/Tokyo: 2026-07-01T13:00:00.000Z Plant
/citadel.org/20260101_1/Asia/Karachi, read in UTC: 2026-07-01T22:00:00.000Z /citadel.org/20260101_1/Asia/Karachi
/citadel.org/20260101_1/Asia/Karachi, read in Asia/Tokyo: 2026-07-01T13:00:00.000Z /citadel.org/20260101_1/Asia/Karachi
OUT
