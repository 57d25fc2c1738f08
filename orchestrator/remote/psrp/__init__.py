"""PowerShell remoting as messages: envelopes out, answers in, checked, bounded. No socket, no clock."""
