"""Send notices: to a program, a webhook, a mail server. The standard library's clients, and nothing of
fleetcheck's data.

A message comes in as text and JSON that are made already; what may go wrong comes out as NotSentError alone.
"""
