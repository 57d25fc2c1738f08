#!/usr/bin/env bash
# pyspnego 0.12.4.
#
# One would think: a password is a password, whatever its characters.
# What is: `spnego.client("svc", password)` takes a password of 32 hex digits, a colon and 32 hex digits for an LM and an
# NT hash. A generated password of that shape is never tried as itself: NTLM uses its second half as the key (a refused
# logon, which counts toward a lock-out), Kerberos says that there is no credential. `spnego.Password(user, password)`
# says what is meant.
#
# Output seen:
#   text, 32 and 32: NTLMHash
#   text, 16 and 16: Password
#   spnego.Password, 32 and 32: Password
set -euo pipefail
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install -q 'pyspnego==0.12.4' 2>/dev/null

"$home/venv/bin/python" - <<'PYTHON' | tee "$home/seen"
import spnego
from spnego._credential import unify_credentials

long, short = ":".join(["0123456789abcdef" * 2] * 2), ":".join(["0123456789abcdef"] * 2)
for name, given in (
    ("text, 32 and 32", ("svc", long)),
    ("text, 16 and 16", ("svc", short)),
    ("spnego.Password, 32 and 32", (spnego.Password("svc", long), None)),
):
    print(f"{name}: {type(unify_credentials(*given)[0]).__name__}")
PYTHON
diff "$home/seen" - <<'SEEN'
text, 32 and 32: NTLMHash
text, 16 and 16: Password
spnego.Password, 32 and 32: Password
SEEN
