"""All targets at once, each its letters one after the other, within one deadline for all of them together."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, assert_never

from inventory.errors import SecretError
from inventory.model import SecretRef
from inventory.secrets.resolve import resolve
from orchestrator.domain.notices.targets import CommandTarget, MailTarget, Target, WebhookTarget
from orchestrator.notify.letter import SECONDS, Letter, NotSentError

TOGETHER = 30.0  # seconds that all targets get after a scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of a letter: `trouble` is None where the target has taken it, `remark` who has not
    got it all the same.
    """

    target: str
    letter: str  # its id
    trouble: str | None = None
    remark: str | None = None


Send = Callable[[Target, Letter, float], str | None]


def send(target: Target, letter: Letter, seconds: float = SECONDS) -> str | None:
    """Send one letter; return a remark where there is one. Raises NotSentError."""
    match target:
        case CommandTarget():
            from orchestrator.notify.program import run

            run(target, letter, seconds=seconds)
            return None
        case WebhookTarget():
            from orchestrator.notify.webhook import post

            url, token = _secret(target, target.url), _secret(target, target.token)
            post(letter, url=url or "", token=token, ca=target.ca, seconds=seconds)
            return None
        case MailTarget():
            from orchestrator.notify.mail import mail

            return mail(target, letter, password=_secret(target, target.password), seconds=seconds)
        case _:
            assert_never(target)


def send_all(
    letters: Sequence[tuple[Target, Sequence[Letter]]], *, seconds: float = TOGETHER, by: Send = send
) -> Iterator[Sent]:
    """Send every target its letters, in their order; yield what became of each as soon as that is known.

    A target that is away is not tried again with its other letters: these are not yielded, and wait. Nothing
    is begun after the deadline, and what has not ended by then is told as not sent.
    """
    end = time.monotonic() + seconds
    landed: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
    open_: dict[str, str] = {}  # the letter that each target is at
    for target, mine in letters:
        given = (target, mine, end, landed, open_, by)
        threading.Thread(target=_serve, args=given, daemon=True, name=f"notify {target.name}").start()
    left = len(letters)
    while left:
        try:
            found = landed.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            for name, letter in dict(open_).items():
                yield Sent(target=name, letter=letter, trouble=f"no end within {round(seconds, 1):g} s")
            return
        if found is None:
            left -= 1
        else:
            yield found


def _serve(
    target: Target,
    letters: Sequence[Letter],
    end: float,
    landed: queue.SimpleQueue[Sent | None],
    open_: dict[str, str],
    by: Send,
) -> None:
    """Send one target its letters, until it is away or the time is over."""
    try:
        for letter in letters:
            seconds = min(SECONDS, end - time.monotonic())
            if seconds <= 0:
                return
            open_[target.name] = letter.id
            found, away = _try(target, letter, seconds, by)
            open_.pop(target.name, None)
            landed.put(found)
            if away:
                return
    finally:
        landed.put(None)


def _try(target: Target, letter: Letter, seconds: float, by: Send) -> tuple[Sent, bool]:
    """Send one letter; the second part says whether the target is away."""
    sent = Sent(target=target.name, letter=letter.id)
    try:
        return replace(sent, remark=by(target, letter, seconds)), False
    except NotSentError as error:
        return replace(sent, trouble=str(error)), error.away
    except Exception as error:  # noqa: BLE001  # a fault in here is not the scan's: its result stands
        return replace(sent, trouble=f"a bug in fleetcheck: {type(error).__name__}"), True


def _secret(target: Target, ref: SecretRef | None) -> str | None:
    """Read a secret now. Raises NotSentError."""
    if ref is None:
        return None
    try:
        return resolve(ref, environ=os.environ, prompt=_nobody, base=Path(target.folder))
    except SecretError as error:
        raise NotSentError(str(error)) from None


def _nobody(question: str) -> NoReturn:
    del question
    raise SecretError("a secret of a notice is to be asked for, and nobody is there at night")
