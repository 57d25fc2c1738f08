"""Choose hosts with the grammar of Ansible's `--limit`.

    web1            a host or a group            web*  w?b[12]     a glob over host and group names
    all, *          every host                   ~^web[0-9]+       a regular expression, anchored at the start
    tag=prod        by tag (globs allowed)       site=par*         by site (globs allowed)
    a:b  a,b        union                        @file             expressions from a file, one a line, `#` comments
    a:&b            intersection                 -                 the same from standard input
    a:!b            difference

As in Ansible the order of the terms does not matter: first all unions, then the intersections, then the differences;
an expression of intersections and differences alone begins with every host. The lines of a file count as terms
beside the others. Where a comma stands, commas alone
separate, so that IPv6 addresses can be listed; an IPv6 address alone is one name. Inside brackets (and inside the
parentheses and braces of a `~regex`) nothing separates. Unlike Ansible's, `[0:2]` after a group is no index, and a plain name that
nothing has is an error instead of a warning. Names are compared with capitals and small letters apart.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from inventory.errors import InventoryError, SelectionError
from inventory.findings import SUGGESTIONS
from inventory.model import Fleet, Host
from inventory.terms import split
from inventory.textfile import decode, read_bytes
from inventory.words import did_you_mean, shown, visible

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Universe:
    """What a selection chooses from: hosts by name in the inventory's order, and the hosts' names of each group."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Sequence[str]]


def select(fleet: Fleet, expression: str | Sequence[str], *, stdin: TextIO | None) -> tuple[Host, ...]:
    """Return the chosen hosts in the inventory's order, at least one.

    A sequence joins its expressions, as repeated `--limit` options do; an empty sequence chooses every host, an empty
    text is refused. `@file` is relative to the working directory; `-` reads `stdin` (None: not to be had).
    Raises SelectionError with every unknown name, unusable term and unreadable file, or because nothing matched.
    """
    expressions = [expression] if isinstance(expression, str) else list(expression)
    if not expressions:
        return tuple(fleet.hosts.values())
    return chosen(Universe(fleet.hosts, fleet.groups), expressions, stdin=stdin)


def chosen(
    universe: Universe, expressions: Sequence[str], *, stdin: TextIO | None = None, files: bool = True
) -> tuple[Host, ...]:
    """Do the work of `select`; `files=False` refuses `@file` and `-`. Raises SelectionError."""
    chooser = _Chooser(universe, stdin, files=files)
    names = chooser.evaluate(chooser.terms(expressions))
    if chooser.problems:
        raise SelectionError(*dict.fromkeys(chooser.problems))
    if not names:
        raise SelectionError(f"no host matches {shown(','.join(expressions))}")
    return tuple(host for name, host in universe.hosts.items() if name in names)


class _Chooser:
    def __init__(self, universe: Universe, stdin: TextIO | None, *, files: bool) -> None:
        self.universe = universe
        self.stdin = stdin
        self.files = files
        self.problems: list[str] = []
        self._places: dict[str, str] = {}  # where a file's terms stand

    def terms(self, expressions: Iterable[str], *, files: bool = True) -> list[str]:
        """Cut expressions into terms, with the lines of files in the place of `@file` and `-`."""
        found = []
        for expression in expressions:
            terms = split(expression)
            if not terms:
                self.problems.append(
                    "an empty selection chooses nothing; leave the option out for every host"
                )
            for term in terms:
                if term == "-" or term.startswith("@"):
                    found += self.terms(self._lines(term), files=False) if files else self._nested(term)
                else:
                    found.append(term)
        return found

    def _nested(self, term: str) -> list[str]:
        self.problems.append(f"{shown(term)}: a file of a selection cannot name another file")
        return []

    def evaluate(self, terms: Sequence[str]) -> set[str]:
        """Return the names that the terms come to."""
        plain = [term for term in terms if term[0] not in "&!"]
        names = set(self.universe.hosts) if terms and not plain else set()
        for term in plain:
            names |= self._match(term)
        for term in terms:
            if term[0] == "&":
                names &= self._match(term[1:].strip())
        for term in terms:
            if term[0] == "!":
                names -= self._match(term[1:].strip())
        return names

    def _match(self, term: str) -> set[str]:
        """Return the names that one term without its sign stands for."""
        hosts, groups = self.universe.hosts, self.universe.groups
        key, equals, pattern = term.partition("=")
        if term in ("all", "*"):
            found = set(hosts)
        elif term in hosts or term in groups:
            found = ({term} if term in hosts else set()).union(groups.get(term, ()))
        elif term.startswith("@") or term == "-":
            found = self.evaluate(self.terms(self._lines(term), files=False))
        elif term.startswith("~"):
            found = self._names(self._regex(term[1:]))
        elif equals and key in ("tag", "site"):
            found = self._keyed(key, pattern)
        elif _GLOB.search(term):
            found = self._names(re.compile(fnmatch.translate(term)).match)
        else:
            found = self._unknown(term)
        return found

    def _unknown(self, term: str) -> set[str]:
        if not term:
            self.problems.append("a sign (`&` or `!`) with nothing after it")
            return set()
        known = [*self.universe.hosts, *self.universe.groups] if len(self.problems) < SUGGESTIONS else ()
        place = self._places.get(term, "")
        self.problems.append(f"{place}no host or group is called {shown(term)}{did_you_mean(term, known)}")
        return set()

    def _names(self, matches: Callable[[str], object]) -> set[str]:
        found = {name for name in self.universe.hosts if matches(name)}
        return found.union(*(names for group, names in self.universe.groups.items() if matches(group)))

    def _regex(self, pattern: str) -> Callable[[str], object]:
        try:
            return re.compile(pattern).match
        except (re.error, OverflowError, RecursionError) as exc:
            self.problems.append(f"{shown('~' + pattern)} is not a regular expression: {exc}")
            return lambda _name: False

    def _keyed(self, key: str, pattern: str) -> set[str]:
        """Return the hosts with a tag, or of a site."""
        values: dict[str, set[str]] = {}
        for host in self.universe.hosts.values():
            for value in host.tags if key == "tag" else [host.site] if host.site is not None else ():
                values.setdefault(value, set()).add(host.name)
        matches = re.compile(fnmatch.translate(pattern)).match
        found = [value for value in values if value == pattern or matches(value)]
        if not found and not _GLOB.search(pattern):
            self.problems.append(
                f"no host has the {key} {shown(pattern)}{did_you_mean(pattern, values)}"
                if pattern
                else f"a {key} with no name: `{key}=` needs one after it, or a glob"
            )
        return set().union(*(values[value] for value in found))

    def _lines(self, term: str) -> list[str]:
        """Read the expressions of `@file` or `-`."""
        if not self.files:
            self.problems.append(f"{shown(term)}: files cannot be named here")
            return []
        try:
            text = self._stdin() if term == "-" else self._file(term[1:])
        except InventoryError as exc:
            self.problems += map(str, exc.problems)
            return []
        except (OSError, ValueError) as exc:
            self.problems.append(f"standard input cannot be read: {exc}")
            return []
        lines = enumerate((line.strip() for line in text.splitlines()), 1)
        found = {number: line for number, line in lines if line and not line.startswith("#")}
        if not found:
            self.problems.append(f"{'standard input' if term == '-' else shown(term)} names no host")
        file = "standard input" if term == "-" else visible(term[1:])
        for number, line in found.items():
            for part in split(line):
                self._places.setdefault(part.lstrip("&!").strip(), f"{file}:{number}: ")
        return list(found.values())

    def _stdin(self) -> str:
        if self.stdin is None:
            raise ValueError("there is none")
        return self.stdin.read()

    def _file(self, name: str) -> str:
        path = Path(name).expanduser()
        return decode(read_bytes(path, what="file of hosts"), str(path))
