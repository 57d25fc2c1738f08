"""What keeps a plan from being used for want of an approval."""

from __future__ import annotations

from orchestrator.app.errors import CommandError
from orchestrator.domain.primitives.exit_codes import EXIT_GATE


class ApprovalError(CommandError):
    """An approval is missing, or nobody can say whether it is: nothing was written."""

    exit_code = EXIT_GATE


class NoSshKeygenError(CommandError):
    """There is no ssh-keygen on this machine."""
