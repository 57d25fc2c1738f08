"""`doctor` for hosts: every stage on the way to a host's answer, once.

Nothing is stored and nothing tried twice.
"""
