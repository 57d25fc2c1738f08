"""The accepting side of WinRM: HTTP, logons, WSMan, PowerShell remoting. Knows no registry."""
