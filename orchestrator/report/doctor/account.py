"""What `doctor --account` found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.primitives.text import clean

_NO_LIMIT = {"2147483647", "4294967295"}  # the largest int and uint, as Windows writes it
_UNITS = {"IdleTimeout": " ms"}
_SHELLS = 5  # shells that are named
_LONGEST = 80  # characters of what a host says of one


def account_lines(account: AccountFacts | None) -> Iterator[str]:
    """Say which quotas hold and which shells stand open; nothing where nobody asked."""
    if account is None:
        return
    if account.quotas is not None:
        for name, value in account.quotas.items():
            limit = "no limit" if value in _NO_LIMIT else clean(value, limit=_LONGEST)
            yield f"{clean(name, limit=_LONGEST)}: {limit}{_UNITS.get(name, '')}"
    if account.shells is not None:
        yield f"shells that this account has left open: {len(account.shells) or 'none'}"
        for shell in account.shells[:_SHELLS]:
            said = (shell.id, f"from {shell.client}", f"idle {shell.idle}")
            yield ", ".join(clean(word, limit=_LONGEST) for word in said)
        if len(account.shells) > _SHELLS:
            yield f"and {len(account.shells) - _SHELLS:,} more"
    yield from account.remarks
