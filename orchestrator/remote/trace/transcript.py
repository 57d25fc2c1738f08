"""The transcript of a try with a host, line by line as it happens: no secret, nothing that a screen obeys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.auth.sealing import SEALED
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Endpoint, TryFacts
from orchestrator.remote.trace import headers, powershell, soap
from orchestrator.remote.trace.withheld import Withheld

_IN = " " * 13  # where lines go on that have no time of their own
_LONGEST = 200  # characters of an action that are shown
_PROVED = "authorization"


class Transcript:
    """One try's; `write` takes its text piece by piece. A watcher, see `orchestrator.remote.watch`."""

    def __init__(
        self,
        endpoint: Endpoint,
        write: Callable[[str], None],
        *,
        withheld: Withheld,
        bodies: bool,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        """`withheld` is this host's, in other tries too. `clock` gives seconds."""
        self._endpoint = endpoint
        self._write = write
        self._withheld = withheld
        self._bodies = bodies
        self._clock = clock
        self._now = now
        self._began = self._asked = clock()
        self._spoke = False  # whether a request went out
        self._lock = threading.Lock()  # a thread whose time was up may still say its last word

    def begun(self, script: str) -> None:
        """Write the head of the try."""
        at, via = self._endpoint, f", via {self._endpoint.via}" if self._endpoint.via else ""
        self._began = self._clock()
        self._put(
            f"== {self._now().isoformat(timespec='milliseconds')} {script}: {at.host}, "
            f"{at.address} port {at.port} over {at.transport}, auth {at.auth}{via}\n" + self._timed("resolve")
        )

    def entered(self, facts: TryFacts) -> None:
        """Write the phase that begins, and how long the one before took."""
        before = [phase for phase in facts.timings if phase != facts.phase.value][-1]
        known = [f"{before} took {facts.timings[before]} ms"]
        known += [f"with {facts.dialled}"] if facts.dialled and before == Phase.CONNECT.value else []
        known += (
            [f"certificate {facts.certificate}"] if facts.certificate and before == Phase.TLS.value else []
        )
        self._put(self._timed(f"{facts.phase.value}; {', '.join(known)}"))

    def sent(self, head: str, size: int, message: bytes, *, fresh: bool) -> None:
        """Write what a request is about, and its headers."""
        for name, value in headers.pairs(head):
            if name.lower() == _PROVED:
                self._withheld.sent(value)
        first = head.partition("\r\n")[0]
        sealed = f" sealed, {len(message):,} opened" if message and size != len(message) else ""
        what = [f"> {first}", f"{size:,} bytes{sealed}", *self._action(message)]
        what += ["over a new connection"] if fresh else []
        self._asked, self._spoke = self._clock(), True
        self._put(self._timed(", ".join(what)) + self._more(">", self._shown(headers.pairs(head))))
        self._body(message)

    def heard(self, answer: Answer) -> None:
        """Write what an answer is, and its headers."""
        for challenge in answer.challenges:
            self._withheld.challenged(challenge)
        found = [(name, value) for name, value in answer.headers.items() if name != "www-authenticate"]
        found += [("www-authenticate", challenge) for challenge in answer.challenges]
        sealed = answer.headers.get("content-type", "").lower().startswith(SEALED)
        took = round((self._clock() - self._asked) * 1000)
        what = [
            f"< {answer.status} after {took} ms",
            f"{len(answer.body):,} bytes{' sealed' if sealed else ''}",
        ]
        what += [] if sealed else self._action(answer.body)
        what += ["the last over this connection"] if answer.last else []
        self._put(self._timed(", ".join(what)) + self._more("<", self._shown(found)))
        if not sealed:
            self._body(answer.body)

    def opened(self, message: bytes) -> None:
        """Write what was sealed in the last answer."""
        what = ", ".join([f"opened {len(message):,} bytes", *self._action(message)])
        self._put(self._more("<", [what]))
        self._body(message)

    def noted(self, words: str) -> None:
        """Write a remark."""
        self._put(self._timed(clean(self._withheld.out_of(words))))

    def ended(self, error: BaseException | None) -> None:
        """Write how the try ended."""
        self._put(self._timed(self._ending(error)))

    def _shown(self, found: Iterable[tuple[str, str]]) -> Iterator[str]:
        return headers.shown(found, self._withheld.out_of)

    def _action(self, message: bytes) -> list[str]:
        found = soap.action(message)
        return [] if found is None else [clean(self._withheld.out_of(found), limit=_LONGEST)]

    def _body(self, message: bytes) -> None:
        if self._bodies and message:
            lines = soap.lines(powershell.readable(message.decode("utf-8", "replace")))
            self._put(self._more("|", self._withheld.out_of("\n".join(lines)).split("\n")))

    def _timed(self, text: str) -> str:
        return f"{round((self._clock() - self._began) * 1000):>9} ms {text}\n"

    def _more(self, mark: str, lines: Iterable[str]) -> str:
        return "".join(f"{_IN}{mark}   {line}\n" for line in lines)

    def _ending(self, error: BaseException | None) -> str:
        match error:
            case None:
                return "ended: the script has answered"
            case Fault():
                said = f"{error.detail}. {error.advice}" if error.advice else error.detail
                return f"ended: failed at {error.phase}, {error.cause}: {clean(self._withheld.out_of(said))}"
        if isinstance(error, asyncio.CancelledError):
            return "ended: cut here, its time was up or the run was ended"
        if not self._spoke:
            return "ended: put aside before anything was asked; its turn comes again"
        return f"ended: broke off ({type(error).__name__})"

    def _put(self, text: str) -> None:
        with self._lock:
            self._write(text)
