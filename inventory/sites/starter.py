"""The files that `fleetcheck hub init` and `fleetcheck worker init` write."""

from __future__ import annotations

_HUB = """# hub.yaml - how this machine reaches the broker that its sites dial out to (docs/sites.md).
name: hub

# amqps is with TLS; the user and the vhost are made by the lines that `fleetcheck hub init` prints.
broker: {broker}
broker_password: {{from: file, path: broker.secret}}
# ca: broker-ca.pem               # the authority of the broker's certificate, where it is not known here
# certificate: hub.pem            # a client certificate with its key, in the place of the password

# How many sites may try one account at a time. Each can spend one refused logon when its password
# is wrong; with 3 that stays under the 5 at which many domains lock an account. 0: no limit.
# sites_per_account: 3
"""

_WORKER = """# {site}.yaml - what the worker of site {site} goes by. Nobody else may write this file.
site: {site}
broker: {broker}
# The file that `fleetcheck hub site add` made; carry it here.
broker_password: {{from: file, path: {site}.broker}}
# ca: broker-ca.pem               # the authority of the broker's certificate
# certificate: {site}.pem         # a client certificate with its key, in the place of the password

key: {key}
hub: {hub}

jobs: 50                          # hosts at a time
# pace: 500                       # connects a second that one gateway gets from all hosts of this site

# A batch names a credential; what it means stands here alone. No `prompt`: nobody is here to answer.
credentials:
  ops:
    username: CORP\\svc-fleetcheck
    password: {{from: file, path: ops.secret}}

# What each may be used for: networks, and names with * and ?. Anything else that a batch asks for is refused.
allow:
  ops:
    hosts: [10.0.0.0/8, "*.corp.example"]
    # transports: [https]         # http has to be named
    # logons: [negotiate, ntlm, kerberos, certificate]   # basic has to be named
"""


def hub_starter(broker: str) -> str:
    """Return a commented hub's file; it loads as it is."""
    return _HUB.format(broker=broker)


def worker_starter(site: str, broker: str, key: str, hub: str) -> str:
    """Return a commented worker's file; it loads as it is."""
    return _WORKER.format(site=site, broker=broker, key=key, hub=hub)
