#!/usr/bin/env bash
# python-crontab 3.4.0: setting a variable of a crontab that has it writes a second line above, which cron does not heed.
#
# One would think: after `cron.env["MAILTO"] = ...` the file says the new value once; reading it back gives that.
# What is: lines above the first job belong to that job and not to `cron.env`. The new one is written on top, the old one
# stays below it, and cron takes the last before a job: mail goes where it went. `cron.env` read from the file is empty,
# though the file begins with the variable.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'python-crontab==3.4.0'
"$folder/venv/bin/python" - <<'PY' | tee "$folder/seen"
from crontab import CronTab

cron = CronTab(tab="MAILTO=old@corp.example\n30 2 * * * scan\n")
print("read:", dict(cron.env), dict(cron[0].env))
cron.env["MAILTO"] = "new@corp.example"
print(cron.render().strip())
again = CronTab(tab=cron.render())
print("the job's:", dict(again[0].env))
PY
diff "$folder/seen" - <<'OUT'
read: {} {'MAILTO': 'old@corp.example'}
MAILTO=new@corp.example
MAILTO=old@corp.example
30 2 * * * scan
the job's: {'MAILTO': 'old@corp.example'}
OUT
