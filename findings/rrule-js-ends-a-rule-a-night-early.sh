#!/usr/bin/env bash
# rrule 2.8.1 (npm): in a rule with a TZID, UNTIL, EXDATE and RDATE in UTC count as if they were local times.
#
# One would think: `UNTIL=20260103T210000Z`, which is 22:00 in Berlin, ends the rule with the night of January 3, and an EXDATE
# in UTC takes its night out; in UTC is how UNTIL has to stand beside a DTSTART with a TZID (RFC 5545, 3.3.10).
# What is: east of Greenwich the last window is missing, and west of it there is one too many where UNTIL is a little before
# it. The EXDATE takes out nothing, and the RDATE is moved by the zone's offset. With a TZID of their own EXDATE is right.
#
# Output seen: as below, on a machine in UTC; the windows' starts are in UTC, so that 21:00 is 22:00 in Berlin
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund rrule@2.8.1 > /dev/null
cat > nights.js <<'JS'
const { rrulestr } = require("rrule");
function nights(title, zone, ...rest) {
  const rule = [`DTSTART;TZID=${zone}:20260101T220000`, ...rest].join("\n");
  console.log(`${title}: ${rrulestr(rule).all().map((date) => date.toISOString().slice(5, 16)).join(" ")}`);
}
const berlin = "Europe/Berlin";
nights("three nights", berlin, "RRULE:FREQ=DAILY;COUNT=3");
nights("until the third", berlin, "RRULE:FREQ=DAILY;UNTIL=20260103T210000Z");
nights("without the second, in UTC", berlin, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260102T210000Z");
nights("without the second, in its zone", berlin, "RRULE:FREQ=DAILY;COUNT=3", `EXDATE;TZID=${berlin}:20260102T220000`);
nights("and January 5, 21:00 UTC", berlin, "RRULE:FREQ=DAILY;COUNT=1", "RDATE:20260105T210000Z");
nights("New York, until before the third", "America/New_York", "RRULE:FREQ=DAILY;UNTIL=20260104T025900Z");
JS
TZ=UTC node nights.js | tee seen
diff seen - <<'OUT'
three nights: 01-01T21:00 01-02T21:00 01-03T21:00
until the third: 01-01T21:00 01-02T21:00
without the second, in UTC: 01-01T21:00 01-02T21:00 01-03T21:00
without the second, in its zone: 01-01T21:00 01-03T21:00
and January 5, 21:00 UTC: 01-01T21:00 01-05T20:00
New York, until before the third: 01-02T03:00 01-03T03:00 01-04T03:00
OUT
