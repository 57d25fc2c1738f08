"""What a run is steered and watched by: stop, clock, events, signals. Imports no other of fleet."""
