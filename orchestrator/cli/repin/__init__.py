"""`fleetcheck repin ...`: one module a command, and what only they share."""
