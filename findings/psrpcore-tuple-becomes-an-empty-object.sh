#!/usr/bin/env bash
# psrpcore 0.3.1: a Python tuple or set that is sent as a value is written as an object without any content.
#
# One would think that (443, 2147) goes out as [443, 2147] does, or is refused: it becomes an empty PSCustomObject, with no
# error, and comes back as one.
# Seen:
#   list  <LST><I32>443</I32><I32>2147</I32></LST>
#   tuple no member at all: PSCustomObject()
#   set   no member at all: PSCustomObject()
# Exits 0 while it is so, 1 when it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'psrpcore==0.3.1'
"$folder/venv/bin/python" - <<'PY'
import sys

from psrpcore._crypto import PSRemotingCrypto
from psrpcore.types import PSCustomObject, deserialize, serialize

cipher = PSRemotingCrypto()
told = {name: serialize(value, cipher) for name, value in
        {"list": [443, 2147], "tuple": (443, 2147), "set": {443, 2147}}.items()}
numbers = {name: [part.text for part in element.iter("I32")] for name, element in told.items()}
back = deserialize(told["tuple"], cipher)
print(numbers, "tuple comes back as", repr(back))
as_seen = (
    numbers == {"list": ["443", "2147"], "tuple": [], "set": []}
    and isinstance(back, PSCustomObject)
)
sys.exit(0 if as_seen else 1)
PY
