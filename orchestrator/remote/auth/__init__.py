"""Logging on: Basic, NTLM and Kerberos, and messages sealed by what was agreed."""
