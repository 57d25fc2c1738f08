"""The signatures beside a plan: `plan.json.WHO.sig`, as ssh-keygen writes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from inventory.files.regular import NotRegularError, open_regular
from orchestrator.app.approval.errors import ApprovalError
from orchestrator.domain.approval.signatures import is_name

SUFFIX = ".sig"
MOST = 32  # files beside one plan
_LONGEST = 64 * 1024  # bytes of one


def signature_file(plan: Path, who: str) -> Path:
    """Name the file of a signer's signature."""
    return plan.with_name(f"{plan.name}.{who}{SUFFIX}")


def signatures_beside(plan: Path) -> Iterator[tuple[str, str]]:
    """Yield each signer's name with the text of the file, by name; a file that cannot be read has an empty
    one.

    Raises ApprovalError where there are more than anybody would leave there.
    """
    found = sorted(_names(plan))
    if len(found) > MOST:
        raise ApprovalError(
            f"{plan.parent}: {len(found)} signatures beside {plan.name}, expected {MOST} at most"
        )
    for who in found:
        yield who, _text(signature_file(plan, who))


def _names(plan: Path) -> Iterator[str]:
    head = f"{plan.name}."
    try:
        names = [path.name for path in plan.parent.iterdir()]
    except OSError:
        return
    for name in names:
        who = name[len(head) : -len(SUFFIX)]
        if name.startswith(head) and name.endswith(SUFFIX) and is_name(who):
            yield who


def _text(path: Path) -> str:
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace")
    except (OSError, NotRegularError):
        return ""
