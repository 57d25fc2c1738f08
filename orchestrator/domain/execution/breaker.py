"""The lock-out breaker: how many logons one account may have under way, so that a stale password locks nobody
out.

    FIRST ----accepted----> OPEN        one logon first; the gate opens at the first accepted one
    FIRST ----rejected----> DOUBTED     from then on one logon at a time
    OPEN -----rejected----> DOUBTED     those under way finish, new ones wait until none is
    DOUBTED --accepted----> OPEN        the count starts again
    any ------limit-------> TRIPPED     `limit` rejected in a row on different hosts: nothing more is tried
    any -----refused------> TRIPPED     a domain controller refused it: no host will take it

A dead host (it ended before its logon was answered, or before a proof of the password was sent to it) changes
no state: its turn passes on. Pure: no clock, no tasks; `orchestrator.fleet` does the waiting.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from types import MappingProxyType

from inventory.windows_names import is_local

DEFAULT_LIMIT = 2


class State(enum.Enum):
    """What is known of an account's password."""

    FIRST = "first"
    OPEN = "open"
    DOUBTED = "doubted"
    TRIPPED = "tripped"


class Event(enum.Enum):
    """What happens to a logon.

    LIMIT is the rejection that reaches the limit, REFUSED a domain controller's.
    """

    START = "start"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LIMIT = "limit"
    REFUSED = "refused"
    DEAD = "dead"


MOVES = MappingProxyType(
    {
        (State.FIRST, Event.START): State.FIRST,
        (State.FIRST, Event.ACCEPTED): State.OPEN,
        (State.FIRST, Event.REJECTED): State.DOUBTED,
        (State.FIRST, Event.LIMIT): State.TRIPPED,
        (State.FIRST, Event.REFUSED): State.TRIPPED,
        (State.FIRST, Event.DEAD): State.FIRST,
        (State.OPEN, Event.START): State.OPEN,
        (State.OPEN, Event.ACCEPTED): State.OPEN,
        (State.OPEN, Event.REJECTED): State.DOUBTED,
        (State.OPEN, Event.LIMIT): State.TRIPPED,
        (State.OPEN, Event.REFUSED): State.TRIPPED,
        (State.OPEN, Event.DEAD): State.OPEN,
        (State.DOUBTED, Event.START): State.DOUBTED,
        (State.DOUBTED, Event.ACCEPTED): State.OPEN,
        (State.DOUBTED, Event.REJECTED): State.DOUBTED,
        (State.DOUBTED, Event.LIMIT): State.TRIPPED,
        (State.DOUBTED, Event.REFUSED): State.TRIPPED,
        (State.DOUBTED, Event.DEAD): State.DOUBTED,
        # Logons that were under way when it tripped still end; what they bring no longer counts.
        (State.TRIPPED, Event.ACCEPTED): State.TRIPPED,
        (State.TRIPPED, Event.REJECTED): State.TRIPPED,
        (State.TRIPPED, Event.LIMIT): State.TRIPPED,
        (State.TRIPPED, Event.REFUSED): State.TRIPPED,
        (State.TRIPPED, Event.DEAD): State.TRIPPED,
    },
)
"""Every legal move. A pair that is not here is the caller's mistake: only (TRIPPED, START)."""


class IllegalBreakerMoveError(RuntimeError):
    """The caller broke the rules: a start that was not allowed,
    or the end of a logon that was not under way.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose password is at stake: one breaker each.

    `host` is None for an account that counts over the fleet.
    """

    credential: str
    name: str
    host: str | None


def account(
    credential: str, username: str, *, host: str, address: str = "", of_domain: bool = False
) -> Account:
    r"""Tell which account a logon on a host is for.

    Local, so one breaker a host: `.\name`, and `HOST\name` where HOST is this host's name or address (up to
    its first dot, case does not count). All others count over the fleet: `DOMAIN\name`, `name@domain`, and a
    bare `name` too, since a server that does not know it asks its domain, and the domain's account would be
    locked. `of_domain`: the logon asks a domain whatever the name looks like (Kerberos).
    """
    name = username.casefold()
    local = is_local(username, host, address) and not of_domain
    return Account(credential=credential, name=name, host=host if local else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One account's breaker, a value: each move gives the next one.

    `under_way` holds the hosts whose logon has no answer yet, `rejected` the different hosts that rejected in
    a row since the last accepted logon, oldest first. `worked`: an accepted logon has been seen. `refused`:
    the host for whose logon a domain controller was asked, and refused the account; None where none did.
    `unproved` is the limit while the account has worked nowhere. `serial`: one logon at a time, whatever is
    known of the password.
    """

    limit: int = DEFAULT_LIMIT
    unproved: int | None = None
    serial: bool = False
    state: State = State.FIRST
    under_way: frozenset[str] = frozenset()
    rejected: tuple[str, ...] = ()
    worked: bool = False
    refused: str | None = None

    @property
    def may_start(self) -> bool:
        """Whether one more logon may begin now. False for ever once it has tripped."""
        if self.state is State.TRIPPED:
            return False
        return (self.state is State.OPEN and not self.serial) or not self.under_way

    @property
    def tripped(self) -> bool:
        """Whether nothing more is to be tried with this account."""
        return self.state is State.TRIPPED

    def start(self, host: str) -> Breaker:
        """Begin a logon.

        Raise IllegalBreakerMoveError where `may_start` is False or the host has one under way.
        """
        if not self.may_start or host in self.under_way:
            raise IllegalBreakerMoveError(
                f"a logon on {host} may not start: {self.state.value}, {len(self.under_way)} under way"
            )
        return replace(self, state=MOVES[self.state, Event.START], under_way=self.under_way | {host})

    def accept(self, host: str) -> Breaker:
        """End a logon that was accepted. Raise IllegalBreakerMoveError where none was under way."""
        after = self._ended(host, Event.ACCEPTED)
        return after if after.tripped else replace(after, rejected=(), worked=True)

    def reject(self, host: str) -> Breaker:
        """End a logon that was rejected. Raise IllegalBreakerMoveError where none was under way."""
        rejected = self.rejected if host in self.rejected or self.tripped else (*self.rejected, host)
        limit = self.limit if self.worked or self.unproved is None else self.unproved
        event = Event.LIMIT if len(rejected) >= limit else Event.REJECTED
        return replace(self._ended(host, event), rejected=rejected)

    def refuse(self, host: str) -> Breaker:
        """End a logon that a domain controller refused.

        Raise IllegalBreakerMoveError where none was under way.
        """
        after = self._ended(host, Event.REFUSED)
        return after if self.tripped else replace(after, refused=host)

    def give_up(self, host: str) -> Breaker:
        """Try nothing more: a domain controller refused the account before a logon on `host` had begun."""
        return self if self.tripped else replace(self, state=State.TRIPPED, refused=host)

    def dead(self, host: str) -> Breaker:
        """End a logon that was never answered, or that no proof was sent for; its turn passes on.

        Raise IllegalBreakerMoveError where none was under way.
        """
        return self._ended(host, Event.DEAD)

    def _ended(self, host: str, event: Event) -> Breaker:
        if host not in self.under_way:
            raise IllegalBreakerMoveError(f"no logon is under way on {host}")
        return replace(self, state=MOVES[self.state, event], under_way=self.under_way - {host})
