#!/usr/bin/env bash
# prometheus_client 0.26.0: a counter without `_total` in its name is renamed by reading the text and writing it again.
#
# One would think: text_string_to_metric_families and generate_latest give back the series that went in, since the text format
# asks for no suffix, and an exporter that passes on what another one says, with a label more or some series less, rests on it.
# What is: the sample of `# TYPE restarts counter` is called restarts_total after reading, so the series is gone under its
# name, and what alerts on it falls silent: no samples is no alert. As `untyped`, or with `_total`, it keeps its name.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'prometheus_client==0.26.0'
cat > "$folder/pass.py" <<'PY'
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families


class Passed:
    def __init__(self, text):
        self.text = text

    def collect(self):
        return text_string_to_metric_families(self.text)


for name, kind in (("restarts", "counter"), ("restarts_total", "counter"), ("restarts", "untyped"), ("restarts_total", "gauge")):
    text = f'# HELP {name} Restarts.\n# TYPE {name} {kind}\n{name}{{host="web1"}} 3.0\n'
    registry = CollectorRegistry()
    registry.register(Passed(text))
    again = generate_latest(registry).decode()
    print(f"{name}, {kind}: {'same' if again == text else again.splitlines()[1:]}")
PY
"$folder/venv/bin/python" "$folder/pass.py" | tee "$folder/seen"
diff "$folder/seen" - <<'OUT'
restarts, counter: ['# TYPE restarts_total counter', 'restarts_total{host="web1"} 3.0']
restarts_total, counter: same
restarts, untyped: same
restarts_total, gauge: same
OUT
