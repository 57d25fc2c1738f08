"""The words of `--only`, taken apart and checked."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.cli.errors import UsageError


def only_words(words: Iterable[str] | None) -> frozenset[str]:
    """Give the words of every `--only`, commas taken apart. Raises UsageError for one that nobody knows."""
    if not words:
        return frozenset()
    from orchestrator.domain.execution.select_hosts import ChoiceError, parse_only

    try:
        return parse_only(words)
    except ChoiceError as error:
        raise UsageError(str(error)) from None
