#!/usr/bin/env bash
# icalevents 0.3.1, vobject 0.9.9 (PyPI), ical-expander 3.2.0 with ical.js 2.2.1 (npm): what becomes of a window added by RDATE.
#
# One would think: a reader that expands rules takes RDATE too (RFC 5545, 3.8.5.2): the event's own start, and the added ones.
# What is: icalevents leaves every RDATE out; ical-expander, where there is no rule, leaves the event's own start out and has
# the added one alone; vobject knows of no time at all where an added one is given with its length (VALUE=PERIOD). A
# change with RANGE=THISANDFUTURE, which moves this night and the later ones, moves this night alone with icalevents, and
# the later ones stay at the old hour. recurring-ical-events has all of them.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'icalevents==0.3.1' 'vobject==0.9.9' 'recurring-ical-events==3.8.2' 'icalendar==7.3.2' 2> /dev/null
npm install --silent --no-audit --no-fund ical-expander@3.2.0 ical.js@2.2.1 > /dev/null
cat > write.py <<'PY'
"""Write three calendars: windows of an hour at 22:00 UTC."""
import pathlib

EVENT = "BEGIN:VEVENT\r\nUID:window\r\nDTSTAMP:20260101T000000Z\r\nDURATION:PT1H\r\n{}END:VEVENT\r\n"
for name, *events in (
    ("added", ["DTSTART:20260101T220000Z", "RDATE:20260105T220000Z"]),
    ("added to a rule", ["DTSTART:20260101T220000Z", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260105T220000Z"]),
    ("added with its length", ["DTSTART:20260101T220000Z", "RDATE;VALUE=PERIOD:20260105T220000Z/PT1H"]),
    (
        "moved from the second on",
        ["DTSTART:20260101T220000Z", "RRULE:FREQ=DAILY;COUNT=3"],
        ["RECURRENCE-ID;RANGE=THISANDFUTURE:20260102T220000Z", "DTSTART:20260102T200000Z"],
    ),
):
    body = "".join(EVENT.format("".join(f"{line}\r\n" for line in lines)) for lines in events)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//lab//windows//EN\r\n{body}END:VCALENDAR\r\n"
    pathlib.Path(f"{name}.ics").write_text(text, newline="")
PY
cat > read.py <<'PY'
import datetime
import pathlib
import sys

import icalendar
import recurring_ical_events
import vobject
from icalevents.icalevents import events

SPAN = [datetime.datetime(2026, month, 1, tzinfo=datetime.timezone.utc) for month in (1, 2)]


def of_icalevents(text):
    return [event.start for event in events(string_content=text.encode(), start=SPAN[0], end=SPAN[1])]


def of_vobject(text):
    return list(vobject.readOne(text).vevent.getrruleset(addRDate=True))


def of_recurring_ical_events(text):
    calendar = icalendar.Calendar.from_ical(text)
    return [event["DTSTART"].dt for event in recurring_ical_events.of(calendar).between(*SPAN)]


text = pathlib.Path(sys.argv[1]).read_bytes().decode()
for reader in of_recurring_ical_events, of_icalevents, of_vobject:
    if reader is of_vobject and "RECURRENCE-ID" in text:
        continue  # its rule set is that of one component
    print(f"  {reader.__name__[3:]}:", *[f"{start:%d/%H}" for start in sorted(reader(text))] or ["none"])
PY
cat > read.js <<'JS'
const IcalExpander = require("ical-expander");
const expander = new IcalExpander({ ics: require("fs").readFileSync(process.argv[2], "utf8"), maxIterations: 100 });
const { events, occurrences } = expander.between(new Date("2026-01-01"), new Date("2026-02-01"));
const times = [...events, ...occurrences].map(({ startDate }) => startDate.toJSDate().toISOString());
console.log("  ical-expander:", times.sort().map((time) => `${time.slice(8, 10)}/${time.slice(11, 13)}`).join(" "));
JS
python3 write.py
for name in added 'added to a rule' 'added with its length' 'moved from the second on'; do
    echo "$name"
    venv/bin/python read.py "$name.ics"
    [ "$name" = 'added with its length' ] || node read.js "$name.ics" # it raises an error there
done | tee seen
diff seen - <<'OUT'
added
  recurring_ical_events: 01/22 05/22
  icalevents: 01/22
  vobject: 01/22 05/22
  ical-expander: 05/22
added to a rule
  recurring_ical_events: 01/22 02/22 05/22
  icalevents: 01/22 02/22
  vobject: 01/22 02/22 05/22
  ical-expander: 01/22 02/22 05/22
added with its length
  recurring_ical_events: 01/22 05/22
  icalevents: 01/22
  vobject: none
moved from the second on
  recurring_ical_events: 01/22 02/20 03/20
  icalevents: 01/22 02/20 03/22
  ical-expander: 01/22 02/20 03/20
OUT
