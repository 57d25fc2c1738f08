"""Reading HTTP answers: ours against h11 and httptools, where they are installed, on the answers of one host.

    python -m tests.bench.bench_http [--rounds 2000]

Prints microseconds of CPU for the seven answers of one probed host (NTLM over sealed http), and the ratio to
ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence

from orchestrator.remote.net.http import Inbox

SIZES = (0, 0, 2400, 4100, 1500, 7800, 1300)  # bytes of the bodies, as counted on a simulated host
CHUNK = 65_536


def answers() -> list[bytes]:
    """Make the answers of one host, each as it comes in one piece."""
    kind = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'  # noqa: E501
    return [
        (
            f"HTTP/1.1 {200 if size else 401} X\r\nServer: Microsoft-HTTPAPI/2.0\r\n"
            f"Date: Sat, 28 Nov 2026 19:00:00 GMT\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
        ).encode()
        + b"x" * size
        for size in SIZES
    ]


def ours(pieces: Sequence[bytes]) -> int:
    """Read them as both transports do."""
    inbox, read = Inbox(), 0
    for piece in pieces:
        reading = inbox.answer()
        try:
            next(reading)
            inbox.feed(piece)
            next(reading)
        except StopIteration as end:
            read += len(end.value.body)
    return read


def with_h11(pieces: Sequence[bytes]) -> int:
    """Read them by h11, which wants to know of the requests too."""
    import h11

    connection, read = h11.Connection(h11.CLIENT), 0
    for piece in pieces:
        connection.send(h11.Request(method="POST", target="/wsman", headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(piece)
        while type(event := connection.next_event()) is not h11.EndOfMessage:
            if isinstance(event, h11.Data):
                read += len(event.data)
        connection.start_next_cycle()
    return read


class Collector:
    """What httptools calls."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.read = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep it in lower case, as ours does."""
        self.headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        """Count it."""
        self.read += len(body)


def with_httptools(pieces: Sequence[bytes]) -> int:
    """Read them by httptools, llhttp below."""
    import httptools

    read = 0
    for piece in pieces:
        collector = Collector()
        httptools.HttpResponseParser(collector).feed_data(piece)
        read += collector.read
    return read


def cost(reader: Callable[[Sequence[bytes]], int], rounds: int) -> float:
    """Return microseconds of CPU for one host's answers, the least of five runs."""
    pieces = answers()
    assert reader(pieces) == sum(SIZES)
    found = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            reader(pieces)
        found.append((time.process_time() - began) / rounds * 1e6)
    return min(found)


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    base = cost(ours, rounds)
    sys.stdout.write(f"ours: {base:.0f} us for the {len(SIZES)} answers of one host\n")
    for name, reader in (("h11", with_h11), ("httptools", with_httptools)):
        if importlib.util.find_spec(name) is None:
            sys.stdout.write(f"{name}: not installed\n")
            continue
        theirs = cost(reader, rounds)
        sys.stdout.write(f"{name}: {theirs:.0f} us, {theirs / base:.2f} x ours\n")


if __name__ == "__main__":
    main()
