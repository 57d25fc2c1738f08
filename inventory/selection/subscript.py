"""Subscripts of a name or glob as Ansible 2.19 has them: `[N]`, `[-N]`, `[A:B]`, `[A:]`, `[A-B]`, `[A-]`.

Both ends are included. An end beyond the last host is cut to it, as in Ansible; a subscript that takes no
host is an error here. What Ansible would read as a class of characters though it looks like a slice (`[:B]`,
`[-N:]`) is refused, and so is a `:`, a `,` or a leading `-` in other brackets: no host's name has these signs
there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from inventory.schema.shapes import is_ip
from inventory.words import shown, visible

_FINAL = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]", re.DOTALL)
_SLICE = re.compile(r".+\[(-?[0-9]*):(-?[0-9]*)\]", re.DOTALL)
_BRACKETS = re.compile(r"\[(?P<sign>!?)(?P<inside>[^\]]+)\]")
_DIGITS = 18  # more of them is an index that no fleet has; Python refuses to read thousands of digits


@dataclass(frozen=True, slots=True)
class Subscript:
    """What stands in the brackets: one index (`last` is None), or a range whose `last` counts too."""

    text: str  # as written, without the brackets
    first: int
    last: int | None = None

    @property
    def words(self) -> str:
        """Say it in words: "index 12", "index 0 to 2"."""
        if self.last is None:
            return f"index {self.text[:_DIGITS]}"
        first, _, last = self.text.replace("-", ":").partition(":")
        return f"index {first[:_DIGITS]} to {last[:_DIGITS] or 'the last'}"

    def of(self, hosts: Sequence[str]) -> Sequence[str]:
        """Take these of the hosts; none where no host has such an index."""
        if self.last is not None:
            return hosts[self.first : min(self.last, len(hosts)) + 1]
        return hosts[self.first :][:1] if -len(hosts) <= self.first < len(hosts) else ()


def split_subscript(term: str) -> tuple[str, Subscript | None]:
    """Take the final subscript off a name or glob. Raises ValueError for brackets that say something else."""
    base, subscript = term, None
    if found := _FINAL.fullmatch(term):
        base = found[1]
        text = term[len(base) + 1 : -1]
        if found[2] is not None:
            subscript = Subscript(text, _number(found[2]))
        else:
            subscript = Subscript(text, _number(found[3]), _number(found[4]) if found[4] else sys.maxsize)
            if subscript.last is not None and subscript.last < subscript.first:
                raise ValueError(f"{shown(term)}: the range ends before it begins")
    _refuse_odd_brackets(term, base)
    return base, subscript


def explained(term: str, base: str, subscript: Subscript) -> str:
    """Say how a subscript that failed was read, and how a class is written where one may be meant."""
    class_ = "" if ":" in subscript.text or subscript.text.startswith("-") else _class(term)
    return f"{shown(term)} is {subscript.words} of {visible(base)}{class_}"


def _class(term: str) -> str:
    return f"; for a class write {shown('~' + as_regex(term) + '$')}"


def as_regex(glob: str) -> str:
    """Write a glob as the regular expression that a user would type for it, brackets kept."""
    signs = {"*": ".*", "?": "."}
    parts = re.split(r"(\[[^\]]+\])", glob)
    return "".join(
        part.replace("[!", "[^", 1)
        if number % 2
        else "".join(signs.get(char) or _literal(char) for char in part)
        for number, part in enumerate(parts)
    )


def _literal(char: str) -> str:
    return char if char == "-" else re.escape(char)


def _number(text: str) -> int:
    digits = text.lstrip("-").lstrip("0") or "0"
    number = int(digits) if len(digits) <= _DIGITS else sys.maxsize - 1
    return -number if text.startswith("-") else number


def _refuse_odd_brackets(term: str, base: str) -> None:
    """Raise ValueError for a slice that is none of ours, and for brackets that are no class of characters."""
    if base == term and (found := _SLICE.fullmatch(term)):
        name = visible(term[: term.rindex("[")])
        there = (
            f"; `{name}[0:{found[2]}]` takes index 0 to {found[2]}"
            if found[1] in ("", "0") and found[2].isdecimal()
            else ""
        )
        raise ValueError(
            f"{shown(term)} is no subscript: a range begins at an index and counts both ends, `[0:B]` or "
            f"`[A:]`; `[-N]` is one host, from the end{there}"
        )
    if base.startswith("[") and base.endswith("]") and is_ip(base[1:-1]):
        raise ValueError(f"{shown(term)}: write the IPv6 address without brackets, {shown(base[1:-1])}")
    bare = _BRACKETS.sub("", base)
    if "[" in bare:
        raise ValueError(f"{shown(term)}: a `[` with no `]` behind it, or nothing between them")
    for found in _BRACKETS.finditer(base):
        inside = found["inside"]
        sign = next((sign for sign in ":," if sign in inside), "-" if inside.startswith("-") else "")
        if sign:
            raise ValueError(
                f"{shown(term)}: a `{sign}` in `{visible(found[0])}` is in no host's name; a subscript "
                "such as `[0:2]` stands at the end, and a class is made of letters and digits"
            )
