"""pypsrp, imported so that it stays silent: the only module of this room that imports it.

It logs scripts at INFO and whole bodies at DEBUG, and configures logging from a file that PYPSRP_LOG_CFG
names. Here the variable is ignored, and what its loggers would say of a host's words ends.
"""

from __future__ import annotations

import logging
import os

_VARIABLE = "PYPSRP_LOG_CFG"

_found = os.environ.pop(_VARIABLE, None)
try:
    from pypsrp.complex_objects import GenericComplexObject, PSInvocationState, RunspacePoolState
    from pypsrp.encryption import WinRMEncryption
    from pypsrp.exceptions import InvalidPSRPOperation
    from pypsrp.messages import Message, MessageType
    from pypsrp.powershell import Fragmenter, PowerShell, RunspacePool
    from pypsrp.serializer import Serializer
    from pypsrp.wsman import WSMan
finally:
    if _found is not None:
        os.environ[_VARIABLE] = _found

for _name in ("pypsrp", "spnego"):
    _logger = logging.getLogger(_name)
    _logger.setLevel(logging.WARNING)
    _logger.propagate = False
    if not _logger.handlers:
        _logger.addHandler(logging.NullHandler())

__all__ = [
    "Fragmenter",
    "GenericComplexObject",
    "InvalidPSRPOperation",
    "Message",
    "MessageType",
    "PSInvocationState",
    "PowerShell",
    "RunspacePool",
    "RunspacePoolState",
    "Serializer",
    "WSMan",
    "WinRMEncryption",
]
