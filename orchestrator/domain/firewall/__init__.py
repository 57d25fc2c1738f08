"""Firewall rows: what a host needs, whose address is whose, what may go, which rules help. Pure."""
