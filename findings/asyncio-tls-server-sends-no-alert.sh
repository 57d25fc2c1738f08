#!/usr/bin/env bash
# CPython 3.11.7, 3.12.1 and 3.13.0 (asyncio), OpenSSL 3.0; certificates by trustme 1.2.1.
#
# One would think that a TLS server tells its client why a handshake failed: TLS has alerts for that, and Python's
# blocking `ssl` sends them ("certificate required" to a client that shows none, "protocol version" to an old one).
#
# What is: a server made by asyncio.start_server ends the connection without one. The alert is written into the memory
# BIO, and the transport is closed before that is flushed. Under TLS 1.3 the client's own handshake has succeeded by
# then, so that a demanded client certificate looks like a server that hangs up at the first request.
#
# Prints one line a server and version; exits 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check trustme==1.2.1
"$work/venv/bin/python" - <<'PYTHON'
import asyncio
import contextlib
import logging
import socket
import ssl
import sys
import threading

import trustme

logging.disable(logging.CRITICAL)
ca = trustme.CA()
cert = ca.issue_cert("server.test")


def server_context(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    return context


def client(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca.configure_trust(context)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        try:
            tls = context.wrap_socket(sock, server_hostname="server.test", suppress_ragged_eofs=False)
            tls.recv(1)
        except ssl.SSLError as error:
            return error.reason
    return "nothing went wrong"


def blocking(version):
    def serve():
        sock, _ = listener.accept()
        with contextlib.suppress(OSError):
            server_context(version).wrap_socket(sock, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        said = client(listener.getsockname()[1])
        thread.join()
    return said


async def by_asyncio(version):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=server_context(version))
    async with server:
        return await asyncio.to_thread(client, server.sockets[0].getsockname()[1])


found = {
    (name, version.name): said
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    for name, said in (("ssl", blocking(version)), ("asyncio", asyncio.run(by_asyncio(version))))
}
for (name, version), said in found.items():
    print(f"{name:8} {version}  the client hears {said}")
sys.exit(
    found
    != {
        ("ssl", "TLSv1_2"): "SSLV3_ALERT_HANDSHAKE_FAILURE",
        ("asyncio", "TLSv1_2"): "UNEXPECTED_EOF_WHILE_READING",
        ("ssl", "TLSv1_3"): "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        ("asyncio", "TLSv1_3"): "UNEXPECTED_EOF_WHILE_READING",
    }
)
PYTHON
