"""Logging on: Basic, NTLM and Kerberos, the tickets that Kerberos needs, and messages sealed by what was agreed."""
