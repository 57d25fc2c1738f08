"""Evaluate the terms of a selection: first all unions, then the intersections, then the differences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from inventory.errors import SelectionError
from inventory.findings import SUGGESTIONS
from inventory.selection.lines import LARGEST, lines_of
from inventory.selection.patterns import GLOB, LONGEST, Patterns
from inventory.selection.subscript import Subscript, explained, split_subscript
from inventory.selection.terms import Term, split
from inventory.selection.universe import Universe
from inventory.words import did_you_mean, near_pattern, plural, shown, visible

MOST_TERMS = 100_000
_STRAY = re.compile(r"[^\w.\-:*?\[\]!,]")  # what stands in no name and in no glob
_STRAY_WORDS = {
    "=": "only `tag=` and `site=` choose by a value",
    "^": "all characters but some are `[!...]`, and a regular expression begins with `~`",
}


class Chooser:
    """One selection at work. `problems` are mistakes; `unmatched` says of each pattern that takes nothing."""

    def __init__(self, universe: Universe, stdin: TextIO | None, *, files: bool, patterns: Patterns) -> None:
        self.problems: list[str] = []
        self.unmatched: list[str] = []
        self._universe = universe
        self._stdin = stdin
        self._files = files
        self._patterns = patterns
        self._suggestions = SUGGESTIONS
        self._terms = 0

    def choose(self, expressions: Sequence[str]) -> set[str]:
        """Return the names that the expressions come to. Raises SelectionError where they are too long."""
        if sum(map(len, expressions)) > LARGEST:
            raise SelectionError(f"a selection of more than {LARGEST // 1024:,} kB; name groups instead")
        terms: list[Term] = []
        for expression in expressions:
            found = self._cut(expression, "")
            if not found and not expression.strip(" ,:\t\r\n"):
                self.problems.append(
                    "an empty selection chooses nothing; leave the option out for every host"
                )
            for term in found:
                terms += self._lines(term) if _is_file(term) and not term.sign else [term]
        return self._evaluate(terms)

    def _cut(self, expression: str, place: str) -> list[Term]:
        try:
            terms = [Term.read(text, place) for text in split(expression)]
        except ValueError as exc:
            self.problems.append(f"{place}{exc}")
            return []
        self._terms += len(terms)
        if self._terms > MOST_TERMS:
            raise SelectionError(f"a selection of more than {MOST_TERMS:,} terms; name groups instead")
        return terms

    def _lines(self, term: Term) -> list[Term]:
        """Return the terms of `@file` or `-`, which cannot name a file themselves."""
        if not self._files:
            self.problems.append(f"{shown(term.text)}: files cannot be named here")
            return []
        try:
            lines = lines_of(term.text, self._stdin)
        except SelectionError as exc:
            self.problems += exc.problems
            return []
        before = len(self.problems)
        terms = [found for line, place in lines for found in self._cut(line, place)]
        if term.text != "-" and not any(map(self._is_known, terms)):
            self.problems[before:] = [_unlike_hosts(term.text, len(lines))]
            return []
        for nested in filter(_is_file, terms):
            self.problems.append(f"{shown(nested.text)}: a file of a selection cannot name another file")
        return [found for found in terms if not _is_file(found)]

    def _is_known(self, term: Term) -> bool:
        """Whether a term is the name of a host or group or a host's address, or a pattern."""
        try:
            base, _ = split_subscript(term.text)
        except ValueError:
            return False
        key, equals, _ = term.text.partition("=")
        chosen_by = bool(equals) and key in ("tag", "site")
        if chosen_by or "*" in base or term.text.startswith("~"):
            return True
        return self._universe.named(base) is not None or self._universe.is_address(base)

    def _evaluate(self, terms: Sequence[Term]) -> set[str]:
        by_sign: dict[str, list[Term]] = {"": [], "&": [], "!": []}
        for term in terms:
            by_sign[term.sign].append(term)
        names = set(self._universe.hosts) if terms and not by_sign[""] else set()
        for term in by_sign[""]:
            names.update(self._hosts(term))
        for term in by_sign["&"]:
            names.intersection_update(self._hosts(term))
        for term in by_sign["!"]:
            names.difference_update(self._hosts(term))
        return names

    def _hosts(self, term: Term) -> Iterable[str]:
        """Return the hosts of one term without its sign; none, and a problem, where it cannot be used."""
        try:
            return self._match(term)
        except ValueError as exc:
            self.problems.append(f"{term.place}{exc}")
            return ()

    def _match(self, term: Term) -> Iterable[str]:
        text = term.text
        if not text:
            raise ValueError("a sign (`&` or `!`) with nothing after it")
        if len(text) > LONGEST:
            raise ValueError(
                f"{shown(text)} has {len(text):,} characters, and a term at most {LONGEST:,}: name hosts "
                "or groups instead, one a line in a file (`@hosts.txt`)"
            )
        if _is_file(term):
            return self._evaluate(self._lines(term))
        if text.startswith("~"):
            return self._fitting(text) or self._nothing(term, near_pattern(text, self._names()))
        key, equals, value = text.partition("=")
        if equals and key in ("tag", "site"):
            return self._valued(term, key, value)
        base, subscript = split_subscript(text)
        hosts = self._universe.named(base)
        if hosts is None:
            if stray := _STRAY.search(base):
                raise ValueError(f"{shown(text)}: {_stray_words(stray[0])}")
            if not GLOB.search(base):
                near = self._universe.near(base) if self._may_suggest() else ""
                raise ValueError(
                    _read_as(text, base, subscript, f"no host or group is called {shown(base)}{near}")
                )
            hosts = self._fitting(base)
            if not hosts:
                return self._nothing(term, near_pattern(base, self._names()), base, subscript)
        return _taken(text, base, hosts, subscript)

    def _names(self) -> list[str]:
        """Return the names to suggest one from; none where enough were suggested."""
        return [*self._universe.hosts, *self._universe.groups] if self._may_suggest() else []

    def _may_suggest(self) -> bool:
        self._suggestions -= 1
        return self._suggestions >= 0

    def _nothing(
        self, term: Term, near: str, base: str = "", subscript: Subscript | None = None
    ) -> tuple[str, ...]:
        """Note that a pattern takes nothing."""
        told = _read_as(term.text, base, subscript, f"{shown(base or term.text)} takes no host{near}")
        self.unmatched.append(f"{term.place}{told}")
        return ()

    def _fitting(self, pattern: str) -> Sequence[str]:
        """Return the hosts of the groups that a pattern fits, then those that it fits themselves,
        as Ansible.
        """
        hosts, groups = self._patterns.matching(pattern, self._universe.hosts, self._universe.groups)
        return tuple(dict.fromkeys([*self._universe.in_groups(groups), *hosts]))

    def _valued(self, term: Term, key: str, value: str) -> Iterable[str]:
        """Return the hosts with a tag, or of a site; its whole text comes before a subscript behind it."""
        values = self._universe.valued(key)
        if value in values:
            return values[value]
        if not value:
            raise ValueError(f"a {key} with no name: `{key}=` needs one after it, or a glob")
        whole, subscript = split_subscript(term.text)
        base = whole.partition("=")[2]
        if base in values:
            return _taken(term.text, whole, values[base], subscript)
        if not GLOB.search(base):
            near = did_you_mean(base, values) if self._may_suggest() else ""
            raise ValueError(
                _read_as(term.text, whole, subscript, f"no host has the {key} {shown(base)}{near}")
            )
        fitting = self._patterns.matching(base, (), values)[1]
        found = {host for fits in fitting for host in values[fits]}
        if not found:
            near = near_pattern(base, values if self._may_suggest() else ())
            return self._nothing(term, near, whole, subscript)
        return _taken(term.text, whole, [name for name in self._universe.hosts if name in found], subscript)


def _is_file(term: Term) -> bool:
    return term.text == "-" or term.text.startswith("@")


def _taken(text: str, base: str, hosts: Sequence[str], subscript: Subscript | None) -> Sequence[str]:
    """Apply a subscript. Raises ValueError where it takes nothing."""
    if subscript is None:
        return hosts
    if taken := subscript.of(hosts):
        return taken
    to = f" to {len(hosts) - 1:,}" if len(hosts) > 1 else ""
    has = f"{plural(len(hosts), 'host')}, index 0{to}" if hosts else "no hosts"
    raise ValueError(_read_as(text, base, subscript, f"{visible(base)} has {has}"))


def _read_as(text: str, base: str, subscript: Subscript | None, reason: str) -> str:
    """Say how a subscript was read before the reason why it takes nothing."""
    return f"{explained(text, base, subscript)}: {reason}" if subscript is not None else reason


def _stray_words(sign: str) -> str:
    if sign.isspace():
        return "names are separated by commas, not by blanks"
    return _STRAY_WORDS.get(sign) or f"no name has a `{visible(sign)}`; a regular expression begins with `~`"


def _unlike_hosts(file: str, count: int) -> str:
    """Refuse a file without quoting it: what stands in a wrong place may be a secret."""
    lines = "its line names" if count == 1 else f"none of its {count:,} lines names"
    negated = "no host or group" if count == 1 else "a host or group"
    where = f"{shown(file)}: {lines} {negated} of this inventory"
    return f"{where}; not shown here, since it may be a secret. `fleetcheck inventory list` has the names"
