"""`fleetcheck demo`: the simulated fleet, what to type next, and the menu that runs it."""
