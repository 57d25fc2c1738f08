"""What `doctor --account` found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.examination import AccountFacts
from orchestrator.domain.primitives.text import clean
from orchestrator.report.words import plural

_SHELLS = 5  # shells that are named
_LONGEST = 80  # characters of what a host says of one


def account_lines(account: AccountFacts | None) -> Iterator[str]:
    """Say which quotas hold and which shells stand open; nothing where nobody asked."""
    if account is None:
        return
    if account.quotas is not None:
        for name, value in account.quotas.items():
            yield f"{clean(name, limit=_LONGEST)}: {clean(value, limit=_LONGEST)}"
    if account.shells is not None:
        yield f"{plural(len(account.shells), 'shell')} of this account open on the host"
        for shell in account.shells[:_SHELLS]:
            said = (shell.id, f"from {shell.client}", f"idle {shell.idle}")
            yield ", ".join(clean(word, limit=_LONGEST) for word in said)
        if len(account.shells) > _SHELLS:
            yield f"and {len(account.shells) - _SHELLS:,} more"
    yield from account.remarks
