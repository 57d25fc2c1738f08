"""Windows' own codes that a WSMan fault can carry: system errors, NTSTATUS and SEC_E_*, by what they mean to
a run.

Sources: Microsoft's "System Error Codes" and [MS-ERREF]. What speaks of an account stands in `reasons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause

_LISTS: Mapping[Cause, tuple[int, ...]] = {
    Cause.ACCESS_DENIED: (
        5,  # ERROR_ACCESS_DENIED
        1314,  # PRIVILEGE_NOT_HELD
        1346,  # BAD_IMPERSONATION_LEVEL
        0xC0000022,  # STATUS_ACCESS_DENIED
        0x80041003,  # WBEM_E_ACCESS_DENIED
    ),
    Cause.SHELLS_FORBIDDEN: (1260,),  # ACCESS_DISABLED_BY_POLICY
    Cause.HOST_ILL: (
        2,  # FILE_NOT_FOUND: the plug-in or the host process
        3,  # PATH_NOT_FOUND
        4,  # TOO_MANY_OPEN_FILES
        8,  # NOT_ENOUGH_MEMORY
        14,  # OUTOFMEMORY
        39,  # HANDLE_DISK_FULL
        112,  # DISK_FULL
        126,  # MOD_NOT_FOUND
        127,  # PROC_NOT_FOUND
        164,  # MAX_THRDS_REACHED
        193,  # BAD_EXE_FORMAT
        1018,  # KEY_DELETED: the host process could not be started
        1058,  # SERVICE_DISABLED
        1114,  # DLL_INIT_FAILED
        1115,  # SHUTDOWN_IN_PROGRESS
        1392,  # FILE_CORRUPT
        1450,  # NO_SYSTEM_RESOURCES
        1451,  # NONPAGED_SYSTEM_RESOURCES
        1452,  # PAGED_SYSTEM_RESOURCES
        1453,  # WORKING_SET_QUOTA
        1454,  # PAGEFILE_QUOTA
        1455,  # COMMITMENT_LIMIT
        1816,  # NOT_ENOUGH_QUOTA
        0xC0000017,  # STATUS_NO_MEMORY
        0xC000009A,  # STATUS_INSUFFICIENT_RESOURCES
        0xC000012D,  # STATUS_COMMITMENT_LIMIT
        0x80090300,  # SEC_E_INSUFFICIENT_MEMORY
    ),
    Cause.SERVICE_UNAVAILABLE: (
        121,  # SEM_TIMEOUT
        170,  # BUSY
        258,  # WAIT_TIMEOUT
        1053,  # SERVICE_REQUEST_TIMEOUT
        1062,  # SERVICE_NOT_ACTIVE
        1068,  # SERVICE_DEPENDENCY_FAIL
        1460,  # TIMEOUT
        1722,  # RPC_S_SERVER_UNAVAILABLE
        1723,  # RPC_S_SERVER_TOO_BUSY
    ),
    Cause.ABORTED: (
        109,  # BROKEN_PIPE
        232,  # NO_DATA: the pipe is being closed
        233,  # PIPE_NOT_CONNECTED
        995,  # OPERATION_ABORTED
        1067,  # PROCESS_ABORTED
        1223,  # CANCELLED
        1726,  # RPC_S_CALL_FAILED
        0x80004004,  # E_ABORT
    ),
    Cause.LOGON_NOT_OFFERED: (0x80090302, 0x80090305),  # SEC_E_UNSUPPORTED_FUNCTION, SEC_E_SECPKG_NOT_FOUND
    Cause.NTLM_DISABLED: (0xC0000418,),  # STATUS_NTLM_BLOCKED
    Cause.KERBEROS_WRONG_KEY: (
        1396,  # WRONG_TARGET_NAME
        1397,  # MUTUAL_AUTH_FAILED
        0x80090322,  # SEC_E_WRONG_PRINCIPAL
    ),
    Cause.LOGON_LOOP: (0x80090308,),  # SEC_E_INVALID_TOKEN
    Cause.KERBEROS_NO_SPN: (0x80090303,),  # SEC_E_TARGET_UNKNOWN
    Cause.KERBEROS_CLOCK: (1398, 0xC0000133, 0x80090324),  # TIME_SKEW, TIME_DIFFERENCE_AT_DC, SEC_E_TIME_SKEW
}

WINDOWS: Mapping[int, Cause] = MappingProxyType(
    {code: cause for cause, codes in _LISTS.items() for code in codes}
)
