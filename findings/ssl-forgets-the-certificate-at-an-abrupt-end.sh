#!/usr/bin/env bash
# CPython 3.11.7 and 3.13.0 (ssl), OpenSSL 3.0; certificates by trustme 1.2.1.
#
# One would think that a connection whose handshake is done keeps its certificate and version until it is closed here,
# and that recv() tells a peer that ends TCP without TLS' close_notify from one that ends as it should.
#
# What is: by default recv() gives b"" for both. Behind an abrupt end getpeercert() raises ValueError("handshake not done
# yet") and version() is None, though both had answers a moment before; cipher() still answers. Behind a polite end all
# three go on answering. Whoever wants the certificate for a log line has to take it before the last read.
#
# Prints one line an end and version; exits 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check trustme==1.2.1
"$work/venv/bin/python" - <<'PYTHON'
import contextlib
import socket
import ssl
import sys
import threading

import trustme

ca = trustme.CA()
cert = ca.issue_cert("server.test")


def told(version, polite):
    """What the client hears at the end, and what it can still say of the connection."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(theirs)
    theirs.maximum_version = version
    here, there = socket.socketpair()

    def serve():
        with theirs.wrap_socket(there, server_side=True) as tls:
            tls.settimeout(1)
            with contextlib.suppress(OSError):
                if polite:
                    tls.unwrap()

    thread = threading.Thread(target=serve)
    thread.start()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(ours)
    with ours.wrap_socket(here, server_hostname="server.test") as tls:
        before = tls.getpeercert(binary_form=True)
        heard = tls.recv(1)
        try:
            kept = "kept" if tls.getpeercert(binary_form=True) == before else "another"
        except ValueError as error:
            kept = str(error)
        said = heard, kept, tls.version(), tls.cipher() is not None
    thread.join()
    return said


found = {
    (version.name, polite): told(version, polite)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    for polite in (True, False)
}
for (version, polite), said in found.items():
    print(version, "close_notify" if polite else "TCP ends  ", *said)
sys.exit(
    found
    != {
        ("TLSv1_2", True): (b"", "kept", "TLSv1.2", True),
        ("TLSv1_2", False): (b"", "handshake not done yet", None, True),
        ("TLSv1_3", True): (b"", "kept", "TLSv1.3", True),
        ("TLSv1_3", False): (b"", "handshake not done yet", None, True),
    }
)
PYTHON
