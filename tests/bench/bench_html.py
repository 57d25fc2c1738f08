"""The fleet's page for 10,000 hosts: its size, the CPU to write it, and in Chromium the filter and the sort
in ms.

    python -m tests.bench.bench_html [--hosts 10000] [--keep FILE]

Half of the hosts tried every port, each with a pattern of its own in one case of ten; every eighth one has
something wrong. A filter or sort counts from the event until the browser has laid the new rows out, in CPU of
the page's thread. Passes under 8 MB and 200 ms.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from selenium.webdriver import Chrome

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement, RoleJudgement
from orchestrator.domain.standing import HostNow, Standing
from orchestrator.report.html.fleet import FleetPage, fleet_html
from tests import browser
from tests.report.pages import counts, page
from tests.report.samples import NOON, PORTS, scan
from tests.report.standings import role, standing, unprobed

SIZE, TIME = 8 << 20, 200  # bytes, milliseconds
SITES = ("paris", "berlin", "lyon", "madrid", "turin", "oslo", "gent", "graz")
NUMBERS = tuple(number for number, _ in PORTS)
ACTIONS = {
    Verdict.CUT_OFF: "ask for a firewall rule: from the host to 203.0.113.20, TCP 2147, permit",
    Verdict.BLOCKED: "ask for a firewall rule for the desired pin: from the host to 203.0.113.20, TCP "
    "2147, permit; or change `pin:` to a port that connects (443)",
    Verdict.DRIFTED: "write the desired pin: fleetcheck repin plan",
    Verdict.STALE: "the agent has not taken the pin up yet: it does when it next connects, scan again later",
}


def hosts(count: int) -> Iterator[HostNow]:
    """Make a fleet: most are well, some are not, were not, or cannot be read."""
    chance = random.Random(7)  # noqa: S311  # the same fleet each time
    for number in range(count):
        name = f"{SITES[number % 8][:3]}-{chance.choice(('web', 'file', 'mail', 'db'))}-{number:05}"
        yield _host(chance, name, SITES[number % 8], NOON - timedelta(minutes=number % 600))


def _host(chance: random.Random, name: str, site: str, at: datetime) -> HostNow:
    told = {"at": at, "site": site, "groups": (site,)}
    known = _well(chance, name, **told)
    match chance.randrange(64):
        case 0:
            return HostNow(latest=unprobed(name, "connect: no-answer", site=site, at=at))
        case 1:
            long_ago = replace(known, at=at - timedelta(days=9), scan=3)
            return HostNow(latest=unprobed(name, site=site, at=at), known=long_ago)
        case 2 | 3 | 4:
            now = _unwell(chance, name, Verdict.BLOCKED, opened=(443, 80), **told)
            return HostNow(latest=now, known=now, before=known)
        case 5:
            now = _unwell(chance, name, Verdict.CUT_OFF, opened=(), **told)
        case 6:
            now = _unwell(chance, name, Verdict.DRIFTED, opened=(2147, 443), pin=443, **told)
            now = replace(now, waived="change 4711" if chance.random() < 0.3 else None)
        case 7:
            now = _unwell(chance, name, Verdict.STALE, opened=NUMBERS, **told)
        case _:
            now = known
    return HostNow(latest=now, known=now, before=known)


def _well(chance: random.Random, name: str, **told: object) -> Standing:
    tried = NUMBERS if chance.random() < 0.5 else (2147,)
    opened = (2147, 443, 636)
    if chance.random() < 0.1:
        opened = (2147, *chance.sample(NUMBERS, 6))
    roles = [role(word, tried=tried, opened=opened) for word in ("primary", "backup")]
    return standing(name, *roles, **told)


def _unwell(
    chance: random.Random,
    name: str,
    verdict: Verdict,
    *,
    opened: tuple[int, ...],
    pin: int = 2147,
    **told: object,
) -> Standing:
    bad = replace(
        role("backup", verdict, pin=pin, opened=opened),
        live=(443,) if verdict is Verdict.STALE or chance.random() < 0.3 else (),
    )
    if chance.random() < 0.05:
        bad = replace(bad, beliefs={**bad.beliefs, 80: Belief.INTERCEPTED})
    return replace(standing(name, role(), bad, **told), judgement=_judged(bad))


def _judged(bad: RoleJudgement) -> Judgement:
    return Judgement(
        verdict=bad.verdict,
        role="backup",
        roles=(role(), bad),
        view=64,
        any_live=True,
        action=ACTIONS[bad.verdict],
    )


def fleet(count: int) -> FleetPage:
    """Make the page's values as `fleetcheck report --html` does."""
    scans = [
        (
            scan(12 - day, started=NOON - timedelta(days=day)),
            counts(count, blocked=count * (6 + day) // 100, waived=count // 100, unknown=count // 50),
        )
        for day in range(12)
    ]
    warning = "fleet.yaml:40: the waiver for drifted ended on 2026-02-28 and counts no more: change 17"
    return page(hosts(count), scans, warnings=(warning,))


ACT = """
const [act] = arguments;
if (act.startsWith("#")) {
  const [id, value] = act.split("=");
  const field = document.querySelector(id);
  field.value = value;
  field.dispatchEvent(new Event(id === "#find" ? "input" : "change", { bubbles: true }));
} else {
  document.querySelector(`[data-sort=${act}]`).click();
}
document.querySelector("#rows").getBoundingClientRect();
"""
FILTERS = ("p", "pa", "par", "par web", "", "blocked", "no-such-host", "443", "change", "")
PORTS_ASKED = ("2147", "443", "80", "25", "")
SORTS = ("host", "place", "pin0", "pin1", "read", "host", "host", "worst", "worst", "place")


def measured(driver: Chrome, acts: Iterable[str]) -> list[float]:
    """Do what a person does, and return for each what it cost the page's thread, in ms of CPU,
    its new layout included.
    """

    def spent() -> float:
        metrics = browser.command(driver, "Performance.getMetrics")["metrics"]
        return 1000 * sum(each["value"] for each in metrics if each["name"] == "TaskDuration")

    times = []
    for act in acts:
        before = spent()
        driver.execute_script(ACT, act)
        times.append(spent() - before)
    return times


def main() -> None:
    """Build, measure, print; exit code 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="leave the page there")
    options = parser.parse_args()
    made = fleet(options.hosts)
    begun = time.process_time()
    text = fleet_html(made)
    took = time.process_time() - begun
    with tempfile.TemporaryDirectory() as folder:
        path: Path = options.keep or Path(folder) / "fleet.html"
        path.write_text(text, encoding="utf-8")
        size = path.stat().st_size
        sys.stdout.write(
            f"{options.hosts:,} hosts: {size / (1 << 20):.2f} MB, {took:.2f} s of CPU to write\n"
        )
        with browser.started(Path(folder) / "profile", "--window-size=1400,900") as driver:
            driver.get(path.resolve().as_uri())
            browser.command(driver, "Performance.enable", timeDomain="threadTicks")
            filters = measured(driver, [f"#find={words}" for words in FILTERS])
            ports = measured(driver, [f"#port={port}" for port in PORTS_ASKED])
            sorts = measured(driver, SORTS)
        for what, times in (("filter", filters), ("port", ports), ("sort", sorts)):
            sys.stdout.write(
                f"  {what:8}{max(times):6.0f} ms of CPU at most, {sorted(times)[len(times) // 2]:.0f} ms "
                "median\n"
            )
    if size > SIZE or max(*filters, *ports) > TIME:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
