"""Choose hosts with the grammar of Ansible's `--limit`.

    web1            a host or a group            web*  w[ab]?[!12] a glob over host and group names
    all, *          every host                   ~^web[0-9]+       a regular expression, anchored at the start
    ungrouped       hosts in no group            web[0]  web*[0:2] by position, as Ansible counts
    tag=prod        by tag (globs allowed)       site=par*         by site (globs allowed)
    a:b  a,b        union                        @file             terms from a file, one a line, `#` comments
    a:&b            intersection                 -                 the same from standard input
    a:!b            difference

As in Ansible the order of the terms does not matter: first all unions, then the intersections, then the
differences; an expression of intersections and differences alone begins with every host. The lines of a file
count as terms beside the others. Where a comma stands, commas alone separate; an IPv6 address is one name,
and so is a glob of such with a `::`, which no other term has.
Inside brackets (and inside the parentheses and braces of a `~regex`) nothing separates.

Subscripts (`inventory.selection.subscript`) count a group's hosts in the group's order: its own, then its
children's. The case of a host's name never counts. Unlike in Ansible, a name that nothing has is an error,
and a pattern that takes nothing is one too unless the caller takes it as a remark: no selection grows or
shrinks in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from inventory.errors import SelectionError
from inventory.model import Fleet, Host
from inventory.selection.evaluate import Chooser
from inventory.selection.patterns import SECONDS, Patterns
from inventory.selection.universe import Universe
from inventory.words import shown

__all__ = ["Universe", "chosen", "select"]

_MOST_TOLD = 20  # mistakes of one selection; the others are counted


def select(
    fleet: Fleet,
    expression: str | Sequence[str],
    *,
    stdin: TextIO | None,
    unmatched: Callable[[str], object] | None = None,
    seconds: float = SECONDS,
) -> tuple[Host, ...]:
    """Return the chosen hosts in the inventory's order, at least one.

    A sequence joins its expressions, as repeated `--limit` options do; an empty sequence chooses every host,
    an empty text is refused. `@file` is relative to the working directory; `-` reads `stdin` (None: not to be
    had). Each pattern that takes nothing is told to `unmatched` in a sentence; with None it is an error.
    `seconds`: for all regular expressions. Raises SelectionError with every unknown name, unusable term and
    unreadable file, or because nothing matched.
    """
    expressions = [expression] if isinstance(expression, str) else list(expression)
    if not expressions:
        return tuple(fleet.hosts.values())
    universe = Universe(fleet.hosts, fleet.groups, fleet.counted)
    hosts, nothing = chosen(universe, expressions, patterns=Patterns(seconds), stdin=stdin)
    if not hosts:
        raise SelectionError(*nothing, f"no host matches {shown(','.join(expressions))}")
    if nothing and unmatched is None:
        raise SelectionError(*nothing)
    if unmatched is not None:
        for sentence in nothing:
            unmatched(sentence)
    return hosts


def chosen(
    universe: Universe,
    expressions: Sequence[str],
    *,
    patterns: Patterns,
    stdin: TextIO | None = None,
    files: bool = True,
) -> tuple[tuple[Host, ...], tuple[str, ...]]:
    """Return the chosen hosts, which may be none, and a sentence for each pattern that takes nothing.

    `files=False` refuses `@file` and `-`. Raises SelectionError.
    """
    chooser = Chooser(universe, stdin, files=files, patterns=patterns)
    names = chooser.choose(expressions)
    nothing = _few(chooser.unmatched)
    if chooser.problems:
        raise SelectionError(*_few(chooser.problems), *nothing)
    return tuple(host for name, host in universe.hosts.items() if name in names), nothing


def _few(sentences: Sequence[str]) -> tuple[str, ...]:
    """Return each sentence once, and count those beyond the first."""
    told = tuple(dict.fromkeys(sentences))
    more = len(told) - _MOST_TOLD
    return told if more <= 1 else (*told[:_MOST_TOLD], f"and {more:,} more like these")
