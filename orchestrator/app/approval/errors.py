"""What keeps a plan from being used for want of an approval."""

from __future__ import annotations

from orchestrator.app.errors import CommandError
from orchestrator.domain.primitives.exit_codes import EXIT_GATE


class ApprovalError(CommandError):
    """An approval is missing, or nobody can say whether it is.

    The words say what is wrong; what came of it says who tells.
    """

    exit_code = EXIT_GATE


class NotSignedError(CommandError):
    """A plan was written, and is not signed."""

    exit_code = EXIT_GATE


class NoSshKeygenError(CommandError):
    """There is no ssh-keygen on this machine."""
