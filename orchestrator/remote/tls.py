"""TLS with a host, for a thread: verified before anything else is sent. `trust` says whom to believe."""

from __future__ import annotations

import socket
import ssl

from orchestrator.remote.session import Endpoint
from orchestrator.remote.trouble import Lost, Overdue
from orchestrator.remote.trust import (
    HANDSHAKE,
    LOOK,
    Secured,
    Shown,
    Trust,
    hung_up,
    not_tls,
    secured,
    untrusted,
)
from orchestrator.remote.wire import Wire


def secure(wire: Wire, endpoint: Endpoint, trust: Trust) -> Secured:
    """Speak TLS from here on. Raises Untrusted, Lost, Overdue; no secret and no user name has been sent then."""
    context = trust.context(endpoint)
    wire.allow()
    peer = wire.sock.getpeername()
    name = endpoint.address.rstrip(".")
    try:
        tls = context.wrap_socket(wire.sock, server_hostname=name, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:  # it is closed already, or no certificate can have such a name
        raise Lost("beginning TLS", error if isinstance(error, OSError) else None) from error
    try:
        wire.hold(tls)
        wire.allow()
        tls.do_handshake()
    except TimeoutError:
        raise Overdue from None
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
        tls.close()
        raise hung_up(error, _look(wire, trust, peer)) from error
    except ssl.SSLError as error:
        tls.close()
        raise not_tls(error, endpoint) or untrusted(error, _look(wire, trust, peer)) from error
    except (OSError, ValueError) as error:  # ValueError: a socket that was closed meanwhile
        raise Lost(HANDSHAKE, error if isinstance(error, OSError) else None) from error
    return secured(tls.getpeercert(binary_form=True) or b"", endpoint)


def _look(wire: Wire, trust: Trust, peer: tuple[str, int]) -> Shown:
    """Look once more, trusting nothing, at what a host shows. A connection of its own; nothing is sent over it."""
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.hold(sock)
        wire.allow(LOOK)
        sock.connect(peer)
        with trust.curious().wrap_socket(sock, do_handshake_on_connect=False) as tls:
            wire.hold(tls)
            wire.allow(LOOK)
            tls.do_handshake()
            return Shown(tls.getpeercert(binary_form=True) or b"", tls.version() or "")
    except (OSError, ValueError, Lost, Overdue):
        return Shown()
    finally:
        sock.close()
