"""A million answers that went wrong: each is read, or refused with an error of our own family, in bounded
memory.

    python -m tests.bench.bench_fuzz [--answers 1000000] [--seed 1]

The answers of a simulated host are recorded, taken apart to one of five layers (HTTP, SOAP, PSRP fragments, a
PSRP message, the probe's JSON), changed there, put together again, and read as the transport and the decoder
read them. In this process, without a socket. Exit code 1 where anything else came up; it prints what, and the
seed that makes it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from inventory.model import Host
from orchestrator.remote.contract.probe import decode_probe
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.trouble import Lost, Trouble
from orchestrator.remote.net.http import Inbox
from orchestrator.remote.net.stream import Stream
from orchestrator.remote.psrp.fragments import Defragmenter, fragments
from orchestrator.remote.psrp.messages import HEADER, Output, read
from orchestrator.remote.psrp.soap import read_fault
from orchestrator.remote.psrp.soap_answers import command_id, received, shell_id
from orchestrator.remote.psrp.xml_guard import guard
from tests.remote.wired import ask, fleet_of, simulated, transport

Change = Callable[[bytes], bytes]
LAYERS = ("http", "soap", "fragments", "message", "json")
MOSTLY = 0.7  # of the answers are the one that carries the reading
_STREAM = re.compile(rb"(<rsp:Stream [^>]*>)([A-Za-z0-9+/=]+)(</rsp:Stream>)")
_TEXT = re.compile(rb"<S>(.*)</S>", re.DOTALL)
_NASTY = (
    *(
        b"",
        b"\0",
        b"\xff",
        b"<",
        b"&#0;",
        b"]]>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"_xD800_",
        b'"',
        b"\r\n\r\n",
    ),
    *(
        b"99999999999999999999",
        b"-1",
        b"1e999",
        b"null",
        b"[" * 200,
        b"{" * 50,
        b"<a>" * 70,
        b"\xed\xa0\x80",
        b"NaN",
    ),
    *("\u202e\u0663".encode(), b"encoding='x'", b"\\ud800", b"true"),
)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Change bytes: flip, cut, repeat, swap, or put something nasty in."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 1, 3))):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.choice((0, 1, 2, 8, 90)))
        match chance.randrange(5):
            case 0:
                out[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del out[at:end]
            case 2:
                out[at:at] = out[at:end] * chance.choice((1, 2, 9))
            case 3:
                out[at:end] = chance.choice(_NASTY)
            case _:
                out[at:at] = chance.choice(_NASTY)
    return bytes(out)


def through(layer: int, answer: bytes, change: Change) -> bytes:
    """Apply a change to an answer at a layer; an answer that has no such layer is changed in its SOAP."""
    if layer == 0:
        return change(answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    streams = list(_STREAM.finditer(body))
    if layer == 1 or not streams:
        body = change(body)
    else:  # the longest: it holds the answer
        found = max(streams, key=lambda stream: len(stream[2]))
        body = body[: found.start(2)] + _stream(layer, found[2], change) + body[found.end(2) :]
    head = re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(body), head)
    return head + b"\r\n\r\n" + body


def _stream(layer: int, text: bytes, change: Change) -> bytes:
    data = base64.b64decode(text)
    if layer == 2:  # LAYERS
        return base64.b64encode(change(data))
    (message,) = Defragmenter().feed(data)
    document = message[HEADER:]
    if layer == 4 and _TEXT.search(document):  # LAYERS
        document = _TEXT.sub(lambda found: b"<S>" + change(found[1]) + b"</S>", document)
    else:
        document = change(document)
    return base64.b64encode(b"".join(fragments(1, message[:HEADER] + document, size=1 << 20)))


def digest(data: bytes, host: Host) -> str:
    """Read an answer as far as it goes; return how far. Raises Trouble, Fault."""
    inbox = Inbox()
    reading = inbox.answer()
    try:
        next(reading)
        inbox.feed(data)
        next(reading)
        inbox.feed(b"")
        next(reading)
    except StopIteration as end:
        answer = end.value
    else:
        raise Lost("waiting")
    if answer.status != 200:  # OK
        return "fault" if read_fault(answer.body) else "status"
    guard(answer.body, "the answer")
    if b"ReceiveResponse" not in answer.body:
        command_id(answer.body)
        return shell_id(answer.body) and "created"
    said = [read(message) for message in Defragmenter().feed(received(answer.body))]
    texts = [message.text for message in said if isinstance(message, Output) and message.text is not None]
    if not texts:
        return "messages"
    decode_probe("".join(texts), host, mode="auto")
    return "reading"


def recorded() -> tuple[list[bytes], Host]:
    """Probe one simulated host for real, and keep each answer as it came out of TLS."""
    answers: list[bytes] = []
    receive, post = Stream._receive, Stream.post

    async def receiving(self: Stream) -> bytes:
        data = await receive(self)
        answers[-1] += data
        return data

    async def posting(self: Stream, request: bytes) -> object:
        answers.append(b"")
        return await post(self, request)

    async def main(folder: Path) -> Host:
        spec = simulated("web1", transport="https", auth="basic")
        async with fleet_of(folder, spec) as (_, hosts), transport() as made:
            assert not isinstance(await ask(made, hosts[0]), Fault)
            return hosts[0]

    Stream._receive, Stream.post = receiving, posting  # type: ignore[method-assign, assignment]  # it listens in
    try:
        with tempfile.TemporaryDirectory() as folder:
            host = asyncio.run(main(Path(folder)))
    finally:
        Stream._receive, Stream.post = receive, post  # type: ignore[method-assign]
    return answers, host


def main() -> int:
    """Read them all; 0 where nothing foreign came up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    answers, host = recorded()
    longest = max(answers, key=len)
    ends: collections.Counter[str] = collections.Counter()
    before, began = _megabytes(), time.process_time()
    for number in range(given.answers):
        chance = random.Random(given.seed * 1_000_000_007 + number)  # noqa: S311  # to be made again
        layer = number % len(LAYERS)
        answer = longest if chance.random() < MOSTLY else chance.choice(answers)
        data = through(layer, answer, lambda data: changed(data, chance))  # noqa: B023  # called now
        try:
            ends[digest(data, host)] += 1
        except (Trouble, Fault) as trouble:
            ends[f"{LAYERS[layer]}: {type(trouble).__name__}"] += 1
        except Exception as error:  # noqa: BLE001  # this is what is looked for
            sys.stdout.write(
                f"answer {number}, seed {given.seed}, {LAYERS[layer]}: {error!r}\n{data[:2000]!r}\n"
            )
            return 1
    cpu = time.process_time() - began
    sys.stdout.write(
        f"{given.answers:,} changed answers in {cpu:.0f} s of CPU: 0 foreign errors, memory {before:.0f} -> "
        f"{_megabytes():.0f} MB at most\n"
        + "".join(f"  {name}: {count:,}\n" for name, count in ends.most_common())
    )
    return 0


def _megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
