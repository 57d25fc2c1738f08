"""What runs fleetcheck, shown: a database that was copied, and how the sites stand."""
