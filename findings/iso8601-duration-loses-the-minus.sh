#!/usr/bin/env bash
# iso8601-duration 2.1.4 (npm): `-PT15M`, a quarter of an hour before, is a quarter of an hour after.
#
# One would think: a duration with a sign, as iCalendar writes a reminder (TRIGGER:-PT15M) and .NET a negative TimeSpan, is
# refused, since the README says that a sign is not yet supported, and `P-1D` is refused.
# What is: the pattern may stand anywhere in the text, so the minus is passed over and the duration is positive; a sum of
# differences, and a window that opens before the hour, come out on the wrong side of it. tinyduration keeps the sign.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund iso8601-duration@2.1.4 tinyduration@3.4.1 > /dev/null
cat > look.js <<'JS'
const { end, parse, toSeconds } = require("iso8601-duration");
const tiny = require("tinyduration");
const hour = new Date("2026-12-01T02:00:00Z");
for (const text of ["PT15M", "-PT15M", "-P1DT2H", "P-1D"]) {
  try {
    const negative = tiny.parse(text).negative ? "yes" : "no";
    console.log(`${text}: ${toSeconds(parse(text), hour)} s, ${end(parse(text), hour).toISOString()}, negative: ${negative}`);
  } catch (error) {
    console.log(`${text}: ${error.message}`);
  }
}
JS
node look.js | tee seen
diff seen - <<'OUT'
PT15M: 900 s, 2026-12-01T02:15:00.000Z, negative: no
-PT15M: 900 s, 2026-12-01T02:15:00.000Z, negative: yes
-P1DT2H: 93600 s, 2026-12-02T04:00:00.000Z, negative: yes
P-1D: invalid duration: P-1D
OUT
