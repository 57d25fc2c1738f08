"""The file that `fleetcheck inventory init` writes."""

from __future__ import annotations

from inventory.secrets.registry import SOURCES

_STARTER = r"""# fleet.yaml - the servers that fleetcheck looks at.
# `fleetcheck inventory check fleet.yaml` finds every mistake in it, with its line.
# `fleetcheck inventory schema > fleet.schema.json` lets an editor complete and check it while you type.

# Logons. A password is never written here, only where to find it:
@SOURCES@
# Or without a password: {from: ccache}, your Kerberos ticket;
# {from: keytab, username: svc@CORP.EXAMPLE, path: FILE};
# {from: certificate, path: client.pem}, which the hosts map to a user.
credentials:
  ops:
    username: CORP\svc-fleetcheck
    password: {from: env, name: FC_PASSWORD}

# What holds for every host, unless a group or the host itself says something else.
defaults:
  transport: https          # https | http (http only with negotiate, ntlm or kerberos, which encrypt)
  # port: 5986              # absent: 5986 for https, 5985 for http
  auth: negotiate           # negotiate | ntlm | kerberos | basic, certificate (https only)
  credential: ops
  profile: livevault        # `fleetcheck profile show livevault` prints it; or the path of your own
  # The gateways' addresses, where the agents' registry does not name them:
  # gateways: {primary: 203.0.113.10, backup: 203.0.113.20}
  # The port that the agents should be pinned to; or by role: {primary: 2147, backup: 443}
  # pin: 2147
  # timeout: 60             # seconds for one host in all; absent: worked out
  # ca: certs/corp-ca.pem   # the authority of your hosts' certificates, where the system does not know it
  # canary_address: 203.0.113.99   # where nothing listens: what answers there is a proxy

# Groups share settings. A nearer value replaces a farther one whole: host, group, parent group, defaults.
# Two groups that disagree about a host are a mistake, until the host says it itself.
groups:
  paris:
    hosts: [web1]
    site: paris
    # subnets: [10.1.0.0/16]  # `firewall --collapse` may write one rule for all its hosts that lie in them
    # via: socks5h://127.0.0.1:1080   # behind a SOCKS5 proxy, or a jump host: ssh://USER@jump.corp.example
    # pin: 443
    # children:
    #   paris-dmz: {hosts: [web2], tls_pin: "sha256:..."}

# Every host stands here. Without an `address` its name is the address.
hosts:
  web1: {address: web1.corp.example, tags: [web, prod]}
  db7.corp.example: {}
  # db8: {address: 10.1.2.3, repin: forbid}   # forbid: its pin is never rewritten from here

# Verdicts that are known and accepted until a day, that day included.
# waivers:
#   - {hosts: web1, verdict: drifted, reason: "change 4711", until: 2027-01-31}
"""


def starter() -> str:
    """Return a commented inventory to begin with; it loads as it is."""
    width = max(len(source.starter) for source in SOURCES.values())
    lines = (f"#   {each.starter:<{width}}   {each.starter_words}" for each in SOURCES.values())
    return _STARTER.replace("@SOURCES@", "\n".join(lines))
