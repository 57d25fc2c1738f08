#!/usr/bin/env bash
# MIT krb5 1.20.1 (Debian 12): `clockskew = 10m` in krb5.conf leaves it at 5 minutes, without a word.
#
# One would think: what `ticket_lifetime` and `renew_lifetime` of the same section take, 10m, 0:10 or 600, clockskew takes too;
# or the file is refused, as it is where dns_canonicalize_hostname is a word that it does not know.
# What is: clockskew is a bare number of seconds. Anything else counts as not set, and the default of 300 holds: not stricter
# and not laxer than before, whatever was meant, `10m` and `30s` alike. Every tool starts as if all were well.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ldconfig -p | grep libkrb5.so.3 > "$work/there" || { apt-get update -qq; apt-get install -qq -y libkrb5-3 > /dev/null; }
cat > "$work/skew.py" <<'PY'
"""Print the largest difference of clocks, of these, that libkrb5 tolerates, and what it says of the file itself."""
import ctypes
import sys
import time

krb5, context = ctypes.CDLL("libkrb5.so.3"), ctypes.c_void_p()
code = krb5.krb5_init_context(ctypes.byref(context))
fits = [
    minutes
    for minutes in (0.1, 0.5, 4, 9, 19)
    if krb5.krb5_check_clockskew(context, ctypes.c_int32(int(time.time() - 60 * minutes))) == 0
]
print(f"{sys.argv[1]}: error {code}, {max(fits)} minutes")
PY
for value in 60 600 10m 0:10 30s 600s 20m; do
    printf '[libdefaults]\n default_realm = CORP.EXAMPLE\n clockskew = %s\n' "$value" > "$work/krb5.conf"
    KRB5_CONFIG="$work/krb5.conf" python3 "$work/skew.py" "$value"
done | tee "$work/seen"
diff "$work/seen" - <<'OUT'
60: error 0, 0.5 minutes
600: error 0, 9 minutes
10m: error 0, 4 minutes
0:10: error 0, 4 minutes
30s: error 0, 4 minutes
600s: error 0, 4 minutes
20m: error 0, 4 minutes
OUT
