"""Examples for `--help`: what people type most, each with what it does. A test types them, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WIDE = 46  # columns of a command that still has its words beside it

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "": {
        "fleetcheck demo": "a first look, without a host of yours",
        "fleetcheck inventory init new.yaml": "a starter file to write your hosts into",
        "fleetcheck scan": "ask every host of ./fleet.yaml",
        "fleetcheck doctor db7": "why one does not answer",
        "fleetcheck repin plan -o plan.json": "what would be re-pinned",
    },
    "scan": {
        "fleetcheck scan": "every host of ./fleet.yaml",
        "fleetcheck scan web1 db7 -v": "two hosts, each phase as it happens",
        "fleetcheck scan --limit 'site=paris:!web*'": "a site without its web servers",
        "fleetcheck scan --probe full --json": "every port of the list, as JSON",
        "fleetcheck scan db7 --trace trace": "what is said with it, in a new folder",
        "fleetcheck scan --via-sites": "hosts of a site with a worker by that worker",
        "fleetcheck scan --notify ops": "tell [notify.ops] what changed",
        "fleetcheck scan -q --wait 30m": "for a scheduler: wait for another command",
    },
    "doctor": {
        "fleetcheck doctor db7": "one host, stage by stage",
        "fleetcheck doctor 'web*' --ask-pass": "several, with a password that is typed",
        "fleetcheck doctor db7 --account": "and what WinRM allows the account",
        "fleetcheck doctor": "this machine",
    },
    "show": {
        "fleetcheck show": "the latest scan",
        "fleetcheck show db7": "one host, all its ports",
        "fleetcheck show db7 --history": "the same over time",
        "fleetcheck show --scan 1 --only blocked": "the blocked hosts of an earlier scan",
    },
    "scans": {
        "fleetcheck scans": "the newest scans",
        "fleetcheck scans --json": "as JSON",
    },
    "diff": {
        "fleetcheck diff": "the last two scans that finished",
        "fleetcheck diff 1 2": "these two",
    },
    "report": {
        "fleetcheck report": "the fleet as it is known now",
        "fleetcheck report --by group --max-age 24h": "by group; older results are named",
        "fleetcheck report --html fleet.html": "a page for a browser",
        "fleetcheck report --since last": "what the latest scan changed",
    },
    "unblock": {
        "fleetcheck unblock": "rules that bring blocked hosts back",
        "fleetcheck unblock --target 95%": "the first of them, for most hosts",
        "fleetcheck unblock --assume-closed 443@203.0.113.10": "who would lose the backup",
    },
    "firewall": {
        "fleetcheck firewall": "what has to be permitted, and what need not",
        "fleetcheck firewall --format csv": "as CSV",
        "fleetcheck firewall --set-aside web1": "without a host that is no more",
    },
    "export": {
        "fleetcheck export --format csv -o fleet.csv": "the latest scan for a spreadsheet",
        "fleetcheck export --format nagios --max-age 26h": "a line and an exit code for a monitor",
    },
    "repin": {
        "fleetcheck repin plan -o plan.json": "decide, and read it first",
        "fleetcheck repin apply plan.json --dry-run": "read every host, write nothing",
        "fleetcheck repin status": "past runs",
    },
    "repin plan": {
        "fleetcheck repin plan -o plan.json": "hosts that are not pinned as the inventory says",
        "fleetcheck repin plan --policy vendor-order": "by the vendor's rule; nothing is kept",
        "fleetcheck repin plan db7 --port 443 -o one.json": "one host, one port",
        "fleetcheck repin plan db7 --port 8443 --ask": "ask it first whether that port connects",
    },
    "repin show": {
        "fleetcheck repin show plan.json": "a line a host",
        "fleetcheck repin show plan.json --html ticket.html": "a page for the change ticket",
    },
    "repin approve": {
        "fleetcheck repin approve plan.json --key ~/.ssh/id_ed25519": "sign it",
        "fleetcheck repin approve plan.json --key ~/.ssh/id_ed25519.pub --as ann": "by an agent, as ann",
    },
    "repin apply": {
        "fleetcheck repin apply plan.json --dry-run": "read every host, write nothing",
        "fleetcheck repin apply plan.json --batch 1,5%,25% --pause 1s": "one host first, then more",
        "fleetcheck repin apply undo.json --yes --ask-pass": "without a question, but for the password",
    },
    "repin status": {
        "fleetcheck repin status": "past runs",
        "fleetcheck repin status 1 --only attention": "hosts of one that need a look",
    },
    "repin resume": {
        "fleetcheck repin resume 1": "go on with a run that was stopped",
    },
    "repin undo": {
        "fleetcheck repin undo 1 -o undo.json": "plan the way back of a run",
    },
    "repin export": {
        "fleetcheck repin export one.json -o one.ps1": "a script for hosts out of reach",
    },
    "repin import": {
        "fleetcheck repin import RESULT.json": "what that script answered",
    },
    "audit": {
        "fleetcheck audit verify": "was anything changed?",
    },
    "audit verify": {
        "fleetcheck audit verify": "was anything changed?",
        "fleetcheck audit verify --last HASH": "and does a hash noted earlier still stand in it?",
    },
    "audit export": {
        "fleetcheck audit export > audit.jsonl": "all of it",
        "fleetcheck audit export --after 1": "what came after an entry",
    },
    "db": {
        "fleetcheck db copy fleet.db copy.db": "copy a database, and compare",
    },
    "db dashboard": {
        "fleetcheck db dashboard -o fleet.json": "a dashboard to import in Grafana",
    },
    "db copy": {
        "fleetcheck db copy fleet.db new.db": "to another file",
        "fleetcheck db copy fleet.db postgresql:///fleetcheck": "to a server",
    },
    "hub": {
        "fleetcheck hub status": "the sites: alive or silent",
    },
    "hub init": {
        "fleetcheck hub init --broker amqps://fleetcheck@hub.corp.example/fleetcheck": "begin one",
        "fleetcheck hub init": "check it, and make what is missing",
    },
    "hub status": {
        "fleetcheck hub status": "the sites: alive or silent",
        "fleetcheck hub status --json": "as JSON",
    },
    "hub site": {
        "fleetcheck hub site add berlin --key KEY": "with the key that `worker init` printed there",
        "fleetcheck hub site rotate berlin --key KEY": "with a new one; the old one counts no more",
        "fleetcheck hub site remove berlin": "its hosts are asked from here then",
    },
    "worker": {
        "fleetcheck worker --config berlin.yaml": "at the site: work for the hub",
    },
    "worker init": {
        "fleetcheck worker init --site berlin --broker amqps://fc-berlin@hub/fleetcheck": "its file and key",
    },
    "prune": {
        "fleetcheck prune --attempts 30d --results 400d --dry-run": "what would go",
        "fleetcheck prune --attempts 30d --results 400d": "delete it",
    },
    "inventory": {
        "fleetcheck inventory check": "every mistake of ./fleet.yaml",
        "fleetcheck inventory list --limit 'web*'": "the hosts that a pattern takes",
    },
    "inventory init": {
        "fleetcheck inventory init other.yaml": "a starter file with comments",
    },
    "inventory check": {
        "fleetcheck inventory check": "every mistake of ./fleet.yaml",
        "fleetcheck inventory check fleet.yaml": "of another file",
    },
    "inventory list": {
        "fleetcheck inventory list": "every host",
        "fleetcheck inventory list --limit site=paris": "those of a site",
    },
    "inventory show": {
        "fleetcheck inventory show web1": "a host's settings",
        "fleetcheck inventory show web1 --origin": "and where each of them was said",
    },
    "inventory schema": {
        "fleetcheck inventory schema > fleet.schema.json": "for an editor that checks as you type",
    },
    "inventory import": {
        "fleetcheck inventory import hosts.ini -o imported.yaml": "from Ansible, or a table",
    },
    "profile": {
        "fleetcheck profile list": "the agents that are known",
    },
    "profile list": {
        "fleetcheck profile list": "the agents that are known",
    },
    "profile show": {
        "fleetcheck profile show livevault": "one of them, with its ports",
    },
    "profile check": {
        "fleetcheck profile check agent.yaml": "every mistake of one of your own",
    },
    "config": {
        "fleetcheck config show --origin": "every setting, and who said it",
    },
    "notify": {
        "fleetcheck notify test ops": "does a message to [notify.ops] arrive?",
        "fleetcheck scan --notify ops": "tell it what a scan changed",
        "fleetcheck notify list": "who is told, and what waits for whom",
    },
    "notify test": {
        "fleetcheck notify test ops": "a message about nothing to [notify.ops]",
        "fleetcheck notify test ops --json": "what became of it, as JSON",
    },
    "notify list": {
        "fleetcheck notify list": "the targets, what waits for each, and why",
    },
    "config show": {
        "fleetcheck config show": "every setting",
        "fleetcheck config show --origin": "and who said it",
    },
    "demo": {
        "fleetcheck demo": "60 simulated hosts, scanned",
        "fleetcheck demo --keep": "serve them for other terminals, until Ctrl-C",
    },
    "completion": {
        "fleetcheck completion bash": "for ~/.bashrc",
    },
}
"""By the command's words; "" is fleetcheck itself."""


def write(words: str, formatter: Any) -> None:
    """Write a command's examples where its `--help` ends."""
    if found := EXAMPLES.get(words):
        with formatter.section("Examples"):
            formatter.write_dl(list(found.items()), col_max=_WIDE)
