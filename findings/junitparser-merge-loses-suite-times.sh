#!/usr/bin/env bash
# junitparser 5.0.3: adding two reports folds suites of one name into one, and sets the time that a suite states to 0.
#
# One would think that a + b has the suites of both. Suites that agree in name and attributes become one with all cases,
# and its time is summed from the cases anew: a suite that states 12.5 s and has cases without a time of their own, which
# the formats allow, ends with 0. The counts are right.
# Seen:
#   <testsuites tests="2" ... time="0.0"><testsuite name="paris" tests="2" ... time="0"><testcase .../><testcase .../>
# Exits 0 while it is so, 1 when it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'junitparser==5.0.3'
"$folder/venv/bin/python" - <<'PY'
import sys

from junitparser import JUnitXml

def report(case):
    return JUnitXml.fromstring(
        f'<testsuites><testsuite name="paris" tests="1" time="12.5"><testcase name="{case}"/></testsuite></testsuites>'
    )

both = report("web1") + report("web2")
print(both.tostring().decode())
suites = list(both)
as_seen = (
    len(suites) == 1
    and [case.name for case in suites[0]] == ["web1", "web2"]
    and (suites[0].tests, float(suites[0].time), float(both.time)) == (2, 0.0, 0.0)
)
sys.exit(0 if as_seen else 1)
PY
