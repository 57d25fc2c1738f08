"""Choose hosts by what became of them in an earlier scan: `scan --from ID --only WHAT`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import cache

from inventory.errors import EXIT_USAGE, FleetcheckError
from inventory.verdicts import Verdict

NOT_STARTED = "not-started"
FAILED = "failed"
ATTENTION = "attention"
CHOICES = (NOT_STARTED, FAILED, ATTENTION, *(str(verdict) for verdict in Verdict))


class ChoiceError(FleetcheckError, ValueError):
    """A word that `--only` does not know. `word` is it; the message says which ones there are."""

    exit_code = EXIT_USAGE

    def __init__(self, word: str) -> None:
        self.word = word
        near = difflib.get_close_matches(word, CHOICES, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        super().__init__(f"--only {word}: no such state{hint}; there are {', '.join(CHOICES)}")


def parse_only(words: Iterable[str]) -> frozenset[str]:
    """Return the words of one or more `--only`, commas taken apart.

    Raises ChoiceError for one that nobody knows.
    """
    found = {word.strip() for text in words for word in text.split(",") if word.strip()}
    for word in sorted(found):
        if word not in CHOICES:
            raise ChoiceError(word)
    return frozenset(found)


def chosen(
    only: frozenset[str], *, hosts: Sequence[str], results: Iterable[tuple[str, Verdict, bool]]
) -> tuple[str, ...]:
    """Return the scan's hosts, in its order, that one of the words fits; all of them where there is no word.

    `hosts` are the scan's selected names, `results` has host, verdict and whether it is waived. `failed` is
    every host without a reading, `attention` every verdict but `ok`, `unknown` and waived ones; a verdict's
    own word takes waived ones too.
    """
    if not only:
        return tuple(hosts)
    states = {host: states_of(verdict, waived=waived) for host, verdict, waived in results}
    missing = frozenset({NOT_STARTED})
    return tuple(host for host in hosts if only & states.get(host, missing))


@cache
def states_of(verdict: Verdict, *, waived: bool) -> frozenset[str]:
    """Return the words that fit a result."""
    words = {str(verdict)}
    if verdict is Verdict.UNKNOWN:
        words.add(FAILED)
    elif verdict.counted_as(waived=waived) == ATTENTION:
        words.add(ATTENTION)
    return frozenset(words)
