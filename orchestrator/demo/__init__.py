"""A simulated fleet on loopback that speaks real WinRM."""
