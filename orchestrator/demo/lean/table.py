"""The shells that a lean host has open, whatever is spoken in them: who may use one,
how many there may be.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.demo.counters import Counters
from orchestrator.demo.wire import soap
from orchestrator.demo.wire.soap import WsmanFault, WsmanRequest
from orchestrator.demo.wire.wsman import MAX_SHELLS


@dataclass(slots=True)
class OpenShell:
    """A shell; `used` is when its client last asked for it,
    `idle` after how many seconds of silence it is dropped.
    """

    id: str
    owner: str
    idle: float
    used: float


AnyShell = TypeVar("AnyShell", bound=OpenShell)


class ShellTable:
    """The shells of one host by id."""

    def __init__(self, counters: Counters) -> None:
        self._shells: dict[str, OpenShell] = {}
        self._counters = counters

    def __len__(self) -> int:
        """How many there are."""
        return len(self._shells)

    def add(self, shell: OpenShell) -> None:
        """Take in a new one; raises WsmanFault where there are too many."""
        for old in [one for one in self._shells.values() if shell.used - one.used > one.idle]:
            del self._shells[old.id]
            self._counters.shells_expired += 1
        if len(self._shells) >= MAX_SHELLS:
            raise WsmanFault(soap.TOO_MANY_SHELLS)
        self._shells[shell.id] = shell
        self._counters.shells_opened += 1

    def find(self, request: WsmanRequest, user: str, kind: type[AnyShell]) -> AnyShell:
        """Return the shell that a request is for; raises WsmanFault where it is none of this user and
        kind.
        """
        shell = self._shells.get(request.shell)
        if not isinstance(shell, kind) or shell.owner != user:
            raise WsmanFault(soap.UNKNOWN_SHELL, text="The shell was not found on the server.")
        shell.used = time.monotonic()
        return shell

    def close(self, shell: OpenShell) -> None:
        """Forget one, as its client wants."""
        del self._shells[shell.id]
        self._counters.shells_closed += 1
