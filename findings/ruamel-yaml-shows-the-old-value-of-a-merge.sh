#!/usr/bin/env bash
# ruamel.yaml 0.19.1 (round trip): what a mapping has from `<<` is told as it was loaded, and written as it is now.
#
# One would think: web1, which takes the port of a common mapping by `<<: *common`, shows the port that the common mapping has;
# a program that sets it there and looks at web1 sees the new one, or, where keys were copied, writes the old one.
# What is: web1 shows the old port, the file that is written has the new one, so that what was checked is not what is there. A
# key that is new in the common mapping is shown at once. `pop` of a key from `<<` returns the value and takes nothing away,
# and a deep copy of web1 has it all twice: under `<<`, cut from the common mapping, and beside it.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q 'ruamel.yaml==0.19.1' 2> /dev/null
cat > look.py <<'PY'
import copy
import io

from ruamel.yaml import YAML

TEXT = """\
common: &common
  port: 5985
web1:
  <<: *common
"""
yaml = YAML()


def again(value):
    """What another program reads of what is written."""
    stream = io.StringIO()
    yaml.dump(value, stream)
    return YAML(typ="safe").load(stream.getvalue()), stream.getvalue()


fleet = yaml.load(TEXT)
fleet["common"]["port"] = 5986
print("set at common:", fleet["web1"]["port"], "shown,", again(fleet)[0]["web1"]["port"], "written")
fleet["common"]["user"] = "svc"
print("new at common:", fleet["web1"]["user"], "shown,", again(fleet)[0]["web1"]["user"], "written")
fleet = yaml.load(TEXT)
print("popped:", fleet["web1"].pop("port"), "and still", fleet["web1"]["port"], "shown,", again(fleet)[0]["web1"]["port"], "written")
fleet = yaml.load(TEXT)
fleet["web2"] = copy.deepcopy(fleet["web1"])
print("copied:", again(fleet)[1].split("web2:\n")[1], sep="\n", end="")
PY
venv/bin/python look.py | tee seen
diff seen - <<'OUT'
set at common: 5985 shown, 5986 written
new at common: svc shown, svc written
popped: 5985 and still 5985 shown, 5985 written
copied:
  <<:
    port: 5985
  port: 5985
OUT
