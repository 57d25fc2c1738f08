"""What a host answers about its WinRM service and its shells (MS-WSMV 2.2.4.10, 2.2.4.37)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

CONFIG_URI = "http://schemas.microsoft.com/wbem/wsman/1/config"
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"


def config(shells: int) -> str:
    """Write the service's configuration, as Windows Server 2016 has it out of the box; `shells` a user."""
    return (
        f'<cfg:Config xmlns:cfg="{CONFIG_URI}"><cfg:MaxEnvelopeSizekb>500</cfg:MaxEnvelopeSizekb>'
        "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms><cfg:Service>"
        "<cfg:MaxConcurrentOperationsPerUser>1500</cfg:MaxConcurrentOperationsPerUser>"
        "<cfg:MaxConnections>300</cfg:MaxConnections></cfg:Service>"
        "<cfg:Winrs><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess>"
        "<cfg:IdleTimeout>7200000</cfg:IdleTimeout><cfg:MaxConcurrentUsers>2147483647</cfg:MaxConcurrentUsers>"
        "<cfg:MaxProcessesPerShell>2147483647</cfg:MaxProcessesPerShell>"
        "<cfg:MaxMemoryPerShellMB>2147483647</cfg:MaxMemoryPerShellMB>"
        f"<cfg:MaxShellsPerUser>{shells}</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>"
    )


def shells(found: Iterable[tuple[str, str, float]]) -> str:
    """Write the shells, each by its id, its owner and the seconds that nobody asked for it."""
    items = "".join(
        f"<rsp:Shell><rsp:ShellId>{escape(name)}</rsp:ShellId><rsp:Owner>{escape(owner)}</rsp:Owner>"
        f"<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:ShellInactivity>P0DT0H0M{idle:.0f}S</rsp:ShellInactivity></rsp:Shell>"
        for name, owner, idle in found
    )
    return (
        f'<n:EnumerateResponse xmlns:n="{_ENUMERATION}"><n:EnumerationContext/><w:Items>{items}</w:Items>'
        "<w:EndOfSequence/></n:EnumerateResponse>"
    )
