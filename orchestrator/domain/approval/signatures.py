"""Signatures of a plan: whose they are, and how many different people have surely signed. Pure.

A person is told from another by name and key together: who has two keys, or two names for one key, is one
person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

NAMESPACE = "fleetcheck-plan"
"""What `ssh-keygen -Y sign -n` is given: a signature that was made for something else is none of a plan."""

MOST = 9
"""The highest number of signatures that can be demanded."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A signature that holds: `who` signed the plan's bytes with the key of this fingerprint.

    `kind` is the key's, such as `ED25519`; `text` is the signature as ssh-keygen wrote it. `also`: the names
    of other signers that this key may sign as.
    """

    who: str
    kind: str
    key: str
    text: str
    also: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """A signature that does not hold, and why: a clause."""

    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """How a plan stands: what is demanded, by whom (in words), and what there is.

    `trouble` says why nobody can tell, "" where it is known.
    """

    demanded: int = 0
    origin: str = ""
    trouble: str = ""
    counted: tuple[Approval, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()

    @property
    def people(self) -> int:
        """How many different people have signed."""
        return people(self.counted)

    @property
    def missing(self) -> int:
        """How many more people have to sign."""
        return max(0, self.demanded - self.people)


NONE = Approvals()
"""Nothing is demanded, and nobody has signed."""


def people(approvals: Iterable[Approval]) -> int:
    """Count the people who have surely signed: signatures that share a name or a key are one person's."""
    groups: list[frozenset[str]] = []
    for each in approvals:
        marks = frozenset({f"key {each.key}", *(f"name {name}" for name in (each.who, *each.also))})
        joined = marks.union(*(group for group in groups if group & marks))
        groups = [joined, *(group for group in groups if not group & marks)]
    return len(groups)


def is_name(text: str) -> bool:
    """Tell whether a signer can be called so: it becomes a part of a file's name, and is no pattern."""
    return _NAME.fullmatch(text) is not None
