"""Why a host was logged on to by NTLM where Kerberos was tried first: the remark of the host,
and the cause in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.domain.cause import Cause

_REMARK = re.compile(r"NTLM, since Kerberos did not serve \(([a-z-]+): ")


def remark(cause: Cause, detail: str) -> str:
    """Return the remark that a host gets which went on to NTLM."""
    return f"NTLM, since Kerberos did not serve ({cause}: {detail})"


def cause_among(remarks: Iterable[str]) -> str | None:
    """Return the cause that such a remark names, None where there is none."""
    return next((found[1] for text in remarks if (found := _REMARK.match(text))), None)
