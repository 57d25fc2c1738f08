"""What to tell of the proxy or jump host between this machine and a host: the rows of its causes,
and its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inventory.schema.via import parse_via
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.cause_words import CauseWords
from orchestrator.remote.faults.fault import Again
from orchestrator.remote.session import Endpoint

_SSH = 22

VIA_ROWS: Mapping[Cause, CauseWords] = MappingProxyType(
    {
        Cause.VIA_UNREACHABLE: CauseWords(
            "the proxy or jump host in between does not answer",
            "Nothing was sent to the host. Is {via} up, and does a firewall let this machine reach it? For "
            "a tunnel of your own (`ssh -D`): does it still run?",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
        Cause.VIA_KEY_UNKNOWN: CauseWords(
            "the jump host's key is not in known_hosts",
            "Nothing was sent to it. Compare the fingerprint on the jump host (`ssh-keygen -lf "
            "/etc/ssh/ssh_host_ed25519_key.pub`), then log on there once by hand (`{ssh}`), which adds it.",
            phase=Phase.CONNECT,
        ),
        Cause.VIA_KEY_CHANGED: CauseWords(
            "the jump host's key is not the one in known_hosts",
            "Nothing was sent to it. It was set up anew, or something else answers in its place: ask who "
            "runs it, compare the fingerprint, and only then take the old line out (`ssh-keygen -R "
            "{known}`).",
            phase=Phase.CONNECT,
        ),
        Cause.VIA_LOGON_REFUSED: CauseWords(
            "the proxy or jump host does not take the logon",
            "Look at `via_credential`; without one a jump host is shown the keys of the SSH agent and of "
            "~/.ssh that need no passphrase (`{ssh}` by hand shows more). It is not tried again in this run.",
            phase=Phase.CONNECT,
        ),
        Cause.VIA_NOT_ALLOWED: CauseWords(
            "the rules of the proxy or jump host forbid the way to the host",
            "There, allow connections to {address}:{port}: the proxy's rule set, or the jump host's "
            "AllowTcpForwarding and PermitOpen (sshd_config).",
            phase=Phase.CONNECT,
        ),
        Cause.VIA_HOST_UNREACHABLE: CauseWords(
            "seen from the proxy or jump host, the host does not answer",
            "Look from there, not from here: does {address} resolve, is the host up, and does a firewall "
            "in between let {via} reach port {port}?",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
        Cause.VIA_HOST_REFUSED: CauseWords(
            "seen from the proxy, nothing listens on that port",
            "The WinRM service does not run, or it listens on another port: `winrm enumerate "
            "winrm/config/listener` on the host shows it. The name was looked up by the proxy: is "
            "{address} the same host there?",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
        Cause.VIA_REFUSED: CauseWords(
            "the proxy or jump host opens no way",
            "That is its own trouble, whatever the host: its log says more. Does {via} speak what `via` "
            "says, and has it room for as many connections as `--jobs`?",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
    }
)

KDC_FROM_HERE = (
    "Tickets are asked for by this machine itself: `via` leads to hosts alone. Let it reach port 88 of a "
    "domain controller, or take `auth: ntlm` for the hosts behind `via`."
)

_YES_FIRST = (
    "The host has not said a word, and some proxies say yes before they have tried: look from there "
    "whether {address} resolves and port {port} answers. Else the host's service, or something in between, "
    "closed the connection."
)


def yes_first(endpoint: Endpoint) -> str:
    """Return the advice for a connection that a SOCKS proxy said yes to and that ended at once;
    "" for others.
    """
    if endpoint.via is None or not endpoint.via.startswith("socks"):
        return ""
    return _YES_FIRST.format(address=endpoint.address, port=endpoint.port)


def via_words(via: str | None) -> Mapping[str, str]:
    """Write a proxy or jump host for the user: itself, how to log on there by hand,
    how known_hosts calls it.
    """
    if via is None:
        return {"via": "", "ssh": "", "known": ""}
    found = parse_via(via)
    usual = found.port == _SSH
    user = f"{found.user}@" if found.user else ""
    return {
        "via": via,
        "ssh": f"ssh {'' if usual else f'-p {found.port} '}{user}{found.host}",
        "known": found.host if usual else f"'[{found.host}]:{found.port}'",
    }
