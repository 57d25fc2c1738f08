"""fleetcheck: what every backup agent of a fleet is pinned to, and what really connects."""
