#!/usr/bin/env bash
# later 1.2.0 (npm): day 7 of a cron expression is Saturday, and a day of the month with a day of the week is both at once.
#
# One would think: `0 2 * * 7` is Sunday, as cron, croner and cron-parser have it and as 0 is, and `0 2 1 * 1` runs on the first
# of the month and on Mondays, as cron does where neither is a star.
# What is: 7 is Saturday, a night early; 5-7 is Friday and Saturday, 0,7 both days. `0 2 1 * 1` runs where the first is a Monday:
# three times in 2027. Nothing is raised.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund later@1.2.0 croner@11.0.0 > /dev/null
cat > runs.mjs <<'JS'
import { Cron } from "croner";
import later from "later";

const start = new Date("2026-11-28T12:00:00Z");
const told = (runs) => runs.map((run) => run.toUTCString().slice(0, 11)).join(", ");
for (const line of ["0 2 * * 0", "0 2 * * 7", "0 2 * * 5-7", "0 2 1 * 1"]) {
  console.log(`${line} | later: ${told(later.schedule(later.parse.cron(line)).next(3, start))}`);
  console.log(`${line} | croner: ${told(new Cron(line, { timezone: "UTC" }).nextRuns(3, start))}`);
}
JS
TZ=UTC node runs.mjs | tee seen
diff seen - <<'OUT'
0 2 * * 0 | later: Sun, 29 Nov, Sun, 06 Dec, Sun, 13 Dec
0 2 * * 0 | croner: Sun, 29 Nov, Sun, 06 Dec, Sun, 13 Dec
0 2 * * 7 | later: Sat, 05 Dec, Sat, 12 Dec, Sat, 19 Dec
0 2 * * 7 | croner: Sun, 29 Nov, Sun, 06 Dec, Sun, 13 Dec
0 2 * * 5-7 | later: Fri, 04 Dec, Sat, 05 Dec, Fri, 11 Dec
0 2 * * 5-7 | croner: Sun, 29 Nov, Fri, 04 Dec, Sat, 05 Dec
0 2 1 * 1 | later: Mon, 01 Feb, Mon, 01 Mar, Mon, 01 Nov
0 2 1 * 1 | croner: Mon, 30 Nov, Tue, 01 Dec, Mon, 07 Dec
OUT
