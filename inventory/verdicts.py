"""The verdicts, each with all that is fixed about it: one table. An inventory waives them, `orchestrator`
gives them.

A verdict is added here; what is total over the table (the rules, the advice, the pages) then asks for its
part.
"""

from __future__ import annotations

import enum
from typing import Literal, Self


class Verdict(enum.StrEnum):
    """What fleetcheck concludes about a host or a role, worst first: the order is the severity.

    Each: its word, what it means, its colour on a terminal (rich's words), and whether it is critical for who
    watches: there is no backup, or none after the next reconnect.
    """

    meaning: str
    style: str
    critical: bool

    CUT_OFF = "cut-off", "the pin is closed, every listed port was tried, none is open", "bold red", True
    BLOCKED = "blocked", "the pin is closed; another port is open, or not every port was tried", "red", True
    DISCONNECTED = (
        "disconnected",
        "the pin is open, the agent should be connected all the time, and no tunnel is up to any gateway",
        "red",
        True,
    )
    SUSPECT = (
        "suspect",
        "a canary says that something else than the gateway answers on the pin, or on the desired pin",
        "magenta",
        True,
    )
    SPLIT = "split", "both registry views hold the key and differ in a value that counts", "yellow"
    BAD_PIN = "bad-pin", "the registry value is missing, or is no port", "yellow"
    UNREADABLE = "unreadable", "the key could not be read, in any view", "yellow"
    UNTESTED = (
        "untested",
        "nothing is known of the pin, or of the desired pin: no gateway address, or the attempt told nothing",
        "yellow",
    )
    DRIFT_BLOCKED = "drift-blocked", "the pin is not the desired pin, and the desired pin is closed", "yellow"
    DRIFTED = "drifted", "the pin is not the desired pin, and the desired pin is open", "yellow"
    STALE = "stale", "a tunnel is up, but on another port than the pin", "cyan"
    NO_AGENT = "no-agent", "the key is in no view of the registry", "cyan"
    UNKNOWN = "unknown", "the host gave no reading", "blue"
    OK = "ok", "nothing of all that", "green"

    def __new__(cls, word: str, meaning: str = "", style: str = "", critical: bool = False) -> Self:
        """Make a verdict of its row in the table."""
        verdict = str.__new__(cls, word)
        verdict._value_ = word
        verdict.meaning = meaning
        verdict.style = style
        verdict.critical = critical
        return verdict

    @property
    def severity(self) -> int:
        """0 for the worst."""
        return _SEVERITY[self]

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to look at a host that was read; `unknown` was not. A waiver takes it back."""
        return self not in {Verdict.OK, Verdict.UNKNOWN}

    @property
    def can_be_waived(self) -> bool:
        """Whether an inventory may accept it: all is well without a waiver,
        and `unknown` is no finding to accept.
        """
        return self.needs_attention

    def counted_as(self, *, waived: bool) -> Literal["ok", "waived", "unknown", "attention"]:
        """Return where a host with this verdict counts: every host counts in exactly one place."""
        if self is Verdict.OK:
            return "ok"
        if waived:
            return "waived"
        return "attention" if self.needs_attention else "unknown"


_SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}
