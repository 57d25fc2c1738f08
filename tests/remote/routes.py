"""Run in a network namespace of its own: what the probe calls a gateway that no packet gets to. Prints JSON.

The kernel's routes of the types `unreachable`, `throw` and `prohibit` stand for a router's and a firewall's
answers.
"""

from __future__ import annotations

import json
import subprocess

from orchestrator.remote.session import Script
from tests import winhosts as kit
from tests.remote.scenarios import LIST, Scenario

NET = "127.70.1"
ROUTES = {"unreachable": ("unreachable", 91), "no network": ("throw", 92), "prohibited": ("prohibit", 93)}


def main() -> None:
    """Lay the routes, start a host, probe each gateway."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for kind, last in ROUTES.values():
        subprocess.run(["ip", "route", "add", kind, f"{NET}.{last}", "table", "local"], check=True)
    found = {}
    with kit.start(NET) as (host,):
        for name, (_, last) in ROUTES.items():
            scenario = Scenario(
                name=name,
                about="",
                gateways={"primary": f"{NET}.{last}"},
                desired={"primary": LIST[0]},
                mode="ordered",
            )
            document = json.loads(host.run(Script.load("probe").text, scenario.parameters()).text)
            found[name] = [document["attempts"][0]["r"], document["attempts"][0]["e"]]
    print(json.dumps(found))  # noqa: T201  # its result


if __name__ == "__main__":
    main()
