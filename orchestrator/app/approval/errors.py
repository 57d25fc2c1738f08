"""What keeps a plan from being used for want of an approval."""

from __future__ import annotations

from orchestrator.app.errors import CommandError
from orchestrator.domain.primitives.exit_codes import EXIT_GATE


class ApprovalError(CommandError):
    """An approval is missing, or nobody can say whether it is: nothing was written."""

    exit_code = EXIT_GATE

    @property
    def why(self) -> str:
        """What is wrong, for where it is not about a plan that was to be used."""
        return str(self).replace("; nothing was written", "")


class NoSshKeygenError(CommandError):
    """There is no ssh-keygen on this machine."""
