"""TLS with a host, for a thread: verified before anything else is sent. `trust` says whom to believe."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

from orchestrator.remote.faults.trouble import Lost, Overdue, ViaTrouble
from orchestrator.remote.net.client_certificate import not_taken, unheard
from orchestrator.remote.net.handshake import (
    HANDSHAKE,
    HEARD,
    LOOK,
    Look,
    Shown,
    hung_up,
    may_be_no_tls,
    not_tls,
    shown_by,
    untrusted,
)
from orchestrator.remote.net.trust import Secured, Trust, same_again, secured
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.session import ClientCertificate, Endpoint


def secure(
    wire: BlockingConnection, endpoint: Endpoint, trust: Trust, ours: ClientCertificate | None = None
) -> Secured:
    """Speak TLS from here on, over a new connection too, with a certificate of `ours`. No secret and no user
    name has been sent then.

    Raises Untrusted, Lost, Overdue, OtherService.
    """
    found = _secure(wire, endpoint, trust, ours)
    wire.secure_again = lambda again: same_again(found, _secure(again, endpoint, trust, ours))
    wire.look = _look
    wire.ours = ours
    return found


def _secure(
    wire: BlockingConnection, endpoint: Endpoint, trust: Trust, ours: ClientCertificate | None
) -> Secured:
    context = trust.context(endpoint, ours)
    wire.allow()
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
        shown = _look(wire)
        raise (unheard(ours) if ours and shown.chain else hung_up(error, shown)) from error
    except ssl.SSLError as error:
        tls.close()
        if ours is not None and (told := not_taken(error, ours)):
            raise told from error
        if may_be_no_tls(error) and (other := not_tls(error, endpoint, _listen(wire))):
            raise other from error
        raise untrusted(error, _look(wire), trust.held(endpoint), endpoint) from error
    except (OSError, ValueError) as error:  # ValueError: a socket that was closed meanwhile
        raise Lost(HANDSHAKE, error if isinstance(error, OSError) else None) from error
    return secured(tls.getpeercert(binary_form=True) or b"", endpoint)


def _look(wire: BlockingConnection) -> Shown:
    """Look once more, trusting nothing, at what a host shows.

    A connection of its own; nothing is sent over it.
    """
    look = Look()
    try:
        with _connected(wire) as sock, look.context.wrap_socket(sock, do_handshake_on_connect=False) as tls:
            wire.hold(tls)
            wire.allow(LOOK)
            tls.do_handshake()
            shown = shown_by(tls)  # before its end is waited for: it tells nothing any more then
            return replace(shown, demands=look.asked and _has_ended(wire, tls))
    except TimeoutError:
        return Shown()
    except (ssl.SSLError, ConnectionError):
        return Shown(demands=look.asked)
    except (OSError, ValueError, Lost, Overdue, ViaTrouble):
        return Shown()


def _has_ended(wire: BlockingConnection, tls: ssl.SSLSocket) -> bool:
    """Whether the host ends the connection though nothing was asked of it yet."""
    wire.allow(LOOK / 2)
    try:
        return not tls.recv(1)
    except TimeoutError:
        return False
    except (ssl.SSLError, ConnectionError):
        return True


def _listen(wire: BlockingConnection) -> bytes:
    """Greet once more as TLS does, and return what comes first: OpenSSL has swallowed it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        Look().context.wrap_bio(incoming, outgoing).do_handshake()
    try:
        with _connected(wire) as sock:
            sock.sendall(outgoing.read())
            return sock.recv(HEARD)
    except (OSError, ValueError, Lost, Overdue, ViaTrouble):
        return b""


@contextlib.contextmanager
def _connected(wire: BlockingConnection) -> Iterator[socket.socket]:
    """Connect with the wire's host; the wire's `cut` reaches it."""
    sock = wire.dial(LOOK)
    try:
        yield sock
    finally:
        sock.close()
