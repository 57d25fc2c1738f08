"""`fleetcheck config ...`, and the one place where a command takes what is configured."""
