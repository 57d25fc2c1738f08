#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 (npm): of a histogram or a summary by site, one site is left, and nothing says which.
#
# One would think: a histogram with the labels paris and rome comes back as two, as a gauge does, each with its labels, count
# and sum.
# What is: one entry of buckets, with the figures of the label set that stands last; the labels, `_count` and `_sum` are gone.
# The same with the quantiles of a summary. A check on rome is fed with paris, or the other way round, by the order of lines.
#
# Output seen: as below
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund parse-prometheus-text-format@1.1.1 > /dev/null
cat > read.mjs <<'JS'
import parse from "parse-prometheus-text-format";

const gauge = (site, value) => `hosts{site="${site}"} ${value}\n`;
const histogram = (site, value) =>
  `secs_bucket{site="${site}",le="1"} ${value}\nsecs_bucket{site="${site}",le="+Inf"} ${value + 1}\n` +
  `secs_sum{site="${site}"} ${value * 2}\nsecs_count{site="${site}"} ${value + 1}\n`;
const summary = (site, value) =>
  `wait{site="${site}",quantile="0.5"} ${value}\nwait_sum{site="${site}"} ${value * 2}\nwait_count{site="${site}"} ${value}\n`;
for (const sites of [["paris", "rome"], ["rome", "paris"]]) {
  const all = (write) => sites.map((site) => write(site, site === "paris" ? 3 : 70)).join("");
  const text = `# TYPE hosts gauge\n${all(gauge)}# TYPE secs histogram\n${all(histogram)}# TYPE wait summary\n${all(summary)}`;
  console.log(sites.join(", "));
  for (const { name, metrics } of parse(text)) console.log(`  ${name}: ${JSON.stringify(metrics)}`);
}
JS
node read.mjs | tee seen
diff seen - <<'OUT'
paris, rome
  hosts: [{"value":"3","labels":{"site":"paris"}},{"value":"70","labels":{"site":"rome"}}]
  secs: [{"buckets":{"1":"70","+Inf":"71"}}]
  wait: [{"quantiles":{"0.5":"70"}}]
rome, paris
  hosts: [{"value":"70","labels":{"site":"rome"}},{"value":"3","labels":{"site":"paris"}}]
  secs: [{"buckets":{"1":"3","+Inf":"4"}}]
  wait: [{"quantiles":{"0.5":"3"}}]
OUT
